/**
 * Physical memory protection, as "Physical Memory Protection" of the privileged architecture describes it, entry by
 * entry as ranges of bytes. The grain is 4 KiB (G = 10).
 */
import type { Access } from './trap.ts';

const GRAIN_BITS = 12n;
const LOCKED = 0x80;
const PERMISSION: Readonly<Record<Access, number>> = { load: 1, store: 2, fetch: 4 };

/** Bytes `[from, to)` that an entry covers, or nothing when it is off. */
function rangeOf(config: number, address: bigint, previous: bigint): { from: bigint; to: bigint } | undefined {
  const grain = (a: bigint): bigint => ((a << 2n) >> GRAIN_BITS) << GRAIN_BITS;
  switch ((config >> 3) & 3) {
    case 1:
      return { from: grain(previous), to: grain(address) };
    case 3: {
      // The run of ones at the bottom says the size: none is 8 bytes, each doubles it. Below the grain bits count as ones.
      let ones = GRAIN_BITS - 3n;
      while ((address >> ones) & 1n) ones++;
      const size = 8n << ones;
      const from = ((address << 2n) / size) * size;
      return { from, to: from + size };
    }
    // 2 is NA4, which is not selectable with this grain.
    default:
      return undefined;
  }
}

/** Whether an access within one page is forbidden: the first entry that holds it decides. */
export function isForbidden(
  config: readonly number[],
  addresses: readonly bigint[],
  address: bigint,
  kind: Access,
  privilege: number,
): boolean {
  for (let i = 0; i < config.length; i++) {
    const range = rangeOf(config[i], addresses[i], i === 0 ? 0n : addresses[i - 1]);
    if (!range || address < range.from || address >= range.to) continue;
    if (privilege === 3 && !(config[i] & LOCKED)) return false;
    return !(config[i] & PERMISSION[kind]);
  }
  return privilege !== 3;
}
