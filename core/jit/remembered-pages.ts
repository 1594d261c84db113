/**
 * Which accesses in loops remember the page that they found last: a slot of the hart's state has the page's virtual
 * address, how far into it a group of accesses may begin, and the way to its place. A group that begins there needs no look
 * into the TLB. Remembered are the pages of accesses whose address is calculated from what was loaded in the loop, as an
 * element of a table: what they load does not wait for the look then. Other looks are done while the host
 * waits for something else, and cost less than slots. An address that was itself loaded points anywhere.
 *
 * What is remembered stays true until the region is left or something is called: translations change by instructions of the
 * interpreter, or by other harts, which call for attention. A CSR that is written, which may change what may be
 * accessed, makes the region forget. A loop that forgets in each iteration remembers nothing.
 */
import { KNOWN_PAGES } from '../shared/hart-state.ts';
import { accessOf, type AccessGroup, type GroupedAccess } from './access-groups.ts';
import type { Flow } from './flow.ts';
import { isCall, type Region, type RegionBlock, type RegionInstruction } from './region.ts';
import { isOtherCsr, readsOf, registersOf, writtenBy } from './registers.ts';

/** A slot of `knownPage`, `knownRoom` and `knownAddend` (core/shared/hart-state.ts). */
export interface PageSlot {
  readonly index: number;
  /** Bytes that the longest of its groups spans. */
  length: number;
}

export type RememberedPages = ReadonlyMap<AccessGroup, PageSlot>;

/** `accesses`: of each block. */
export function rememberPages(
  region: Region,
  flow: Flow,
  accesses: readonly ReadonlyMap<number, GroupedAccess>[],
): RememberedPages {
  const slots = new Map<string, PageSlot>();
  const remembered = new Map<AccessGroup, PageSlot>();
  const forgetting = new Set(region.blocks.flatMap((block, i) => (forgets(block) ? flow.loops[i] : [])));
  const origins = new Map<number, Origins>();
  region.blocks.forEach(({ instructions }, block) => {
    const header = flow.loops[block][0];
    if (header === undefined || forgetting.has(header)) return;
    const { loaded, calculated } = origins.get(header) ?? originsIn(region, flow, header);
    origins.set(header, { loaded, calculated });
    for (const [index, { group, isFirst }] of accesses[block]) {
      if (!isFirst) continue;
      const { rs1 } = instructions[index].decoded;
      const writer = lastWriter(instructions, index, rs1);
      if (!calculated.has(rs1) || (writer ? accessOf(writer.decoded) : loaded.has(rs1))) continue;
      // A register that is calculated anew for each access has a slot for each of its calculations.
      const key = `${group.tlb} ${rs1} ${writer?.offset ?? ''}`;
      let slot = slots.get(key);
      if (!slot) {
        if (slots.size === KNOWN_PAGES) continue;
        slot = { index: slots.size, length: 0 };
        slots.set(key, slot);
      }
      slot.length = Math.max(slot.length, group.to - group.from);
      remembered.set(group, slot);
    }
  });
  return remembered;
}

/** Whether nothing is known any more behind a block. */
function forgets(block: RegionBlock): boolean {
  return isCall(block) || block.instructions.some(({ decoded }) => isOtherCsr(decoded));
}

/** The last instruction before `index` that writes a register. */
function lastWriter(
  instructions: readonly RegionInstruction[],
  index: number,
  register: number,
): RegionInstruction | undefined {
  return instructions.slice(0, index).findLast(({ decoded }) => writtenBy(decoded) === register);
}

/** Of a loop's registers, wherever in it they are written. */
interface Origins {
  readonly loaded: ReadonlySet<number>;
  /** From what was loaded. */
  readonly calculated: ReadonlySet<number>;
}

function originsIn({ blocks }: Region, flow: Flow, header: number): Origins {
  const inside = blocks.flatMap(({ instructions }, i) => (flow.loops[i].includes(header) ? instructions : []));
  const loaded = new Set(inside.filter(({ decoded }) => accessOf(decoded)).map(({ decoded }) => writtenBy(decoded)));
  const calculated = new Set<number>();
  const dependsOnLoaded = ({ decoded }: RegionInstruction): boolean =>
    registersOf(readsOf(decoded)).some((register) => loaded.has(register) || calculated.has(register));
  for (let size = -1; size < calculated.size;) {
    size = calculated.size;
    for (const each of inside) {
      if (!accessOf(each.decoded) && dependsOnLoaded(each)) calculated.add(writtenBy(each.decoded));
    }
  }
  return { loaded, calculated };
}
