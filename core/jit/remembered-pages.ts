/**
 * Which accesses in loops remember the page that they found last: a slot of the hart's state has the page's virtual
 * address, how far into it a group of accesses may begin, and the way to its place. A group that begins there needs no look
 * into the TLB, and what it loads does not wait for one: that is worth most where an address is calculated from
 * what was just loaded, as for a table. What is remembered stays true until the region is left or something is called:
 * translations change by instructions of the interpreter, or by other harts, which call for attention. A CSR that is
 * written, which may change what may be accessed, makes the region forget.
 *
 * Remembered are pages of accesses by a register that is calculated in their block, that stays the same in the loop, or
 * that goes on by little. What was loaded from memory points anywhere, and long steps soon leave the page. A loop that
 * forgets in each iteration remembers nothing.
 */
import { instructionNumber } from '../isa/table.ts';
import { KNOWN_PAGES } from '../shared/hart-state.ts';
import { accessOf, type AccessGroup, type GroupedAccess } from './access-groups.ts';
import type { Flow } from './flow.ts';
import { isCall, type Region, type RegionBlock, type RegionInstruction } from './region.ts';
import { isCsr, writtenBy } from './registers.ts';

/** A slot of `knownPage`, `knownRoom` and `knownAddend` (core/shared/hart-state.ts). */
export interface PageSlot {
  readonly index: number;
  /** Bytes that the longest of its groups spans. */
  length: number;
}

export type RememberedPages = ReadonlyMap<AccessGroup, PageSlot>;

/** How far a register may go on in an iteration. */
const SHORT_STEP = 64;

const ADDI = instructionNumber('addi');

/** `accesses`: of each block. */
export function rememberPages(
  region: Region,
  flow: Flow,
  accesses: readonly ReadonlyMap<number, GroupedAccess>[],
): RememberedPages {
  const slots = new Map<string, PageSlot>();
  const remembered = new Map<AccessGroup, PageSlot>();
  const wandering = wanderingRegisters(region, flow);
  const forgetting = new Set(region.blocks.flatMap((block, i) => (forgets(block) ? flow.loops[i] : [])));
  region.blocks.forEach(({ instructions }, block) => {
    const header = flow.loops[block][0];
    if (header === undefined || forgetting.has(header)) return;
    for (const [index, { group, isFirst }] of accesses[block]) {
      if (!isFirst) continue;
      const { rs1 } = instructions[index].decoded;
      const writer = lastWriter(instructions, index, rs1);
      if (writer ? accessOf(writer.decoded) : wandering.get(header)?.has(rs1)) continue;
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
  return isCall(block) || block.instructions.some(({ decoded }) => isCsr(decoded));
}

/** The last instruction before `index` that writes a register. */
function lastWriter(
  instructions: readonly RegionInstruction[],
  index: number,
  register: number,
): RegionInstruction | undefined {
  return instructions.slice(0, index).findLast(({ decoded }) => writtenBy(decoded) === register);
}

/** By header, the registers that are written in the loop, other than by short steps. */
function wanderingRegisters({ blocks }: Region, flow: Flow): ReadonlyMap<number, ReadonlySet<number>> {
  const wandering = new Map<number, Set<number>>();
  blocks.forEach(({ instructions }, block) => {
    const registers = instructions.filter((each) => !isShortStep(each)).map(({ decoded }) => writtenBy(decoded));
    for (const header of flow.loops[block]) {
      const known = wandering.get(header) ?? new Set();
      wandering.set(header, known);
      for (const register of registers) known.add(register);
    }
  });
  return wandering;
}

function isShortStep({ decoded: { number, rd, rs1, imm } }: RegionInstruction): boolean {
  return number === ADDI && rd === rs1 && Math.abs(imm) <= SHORT_STEP;
}
