/** A hart over RAM alone, for tests: no devices, a clock that stands still unless told. */
import { createMemory, layOut, type MemoryMap } from '../../shared/memory-map.ts';
import { GuestRam } from '../../shared/guest-ram.ts';
import { generateHart } from '../generate.ts';
import { Hart, type HartEnvironment } from '../hart.ts';

export interface BareHart {
  readonly hart: Hart;
  readonly ram: GuestRam;
  readonly memory: WebAssembly.Memory;
  readonly map: MemoryMap;
  /** What the `time` CSR reads. */
  readonly clock: { now: bigint; ticks(): bigint };
}

const bare = layOut({ harts: 1, ramBytes: 4 << 20 });
const compiled = new WebAssembly.Module(generateHart(bare, 0));

/** A new hart with 4 MiB of RAM, reset to the beginning of RAM. */
export function bareHart(bus: Partial<HartEnvironment['bus']> = {}): BareHart {
  const memory = createMemory(bare);
  const clock = {
    now: 0n,
    ticks() {
      return this.now;
    },
  };
  const environment: HartEnvironment = {
    clock,
    bus: { read: () => undefined, write: () => false, ...bus },
    revokeOtherStores: () => undefined,
  };
  const hart = new Hart(memory, bare, 0, environment, compiled);
  hart.reset(0x8000_0000n);
  return { hart, memory, map: bare, clock, ram: new GuestRam(memory, bare) };
}
