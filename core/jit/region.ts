/** What a region is: blocks of guest instructions that become one function. Offsets are from the beginning of its page. */
import type { Decoded } from '../isa/decode.ts';
import type { Instruction } from '../isa/instruction.ts';

export interface RegionInstruction {
  readonly decoded: Decoded;
  readonly instruction: Instruction;
  readonly offset: number;
  /** Executed only if the branch before it in its block is taken, or only if it is not. See selects.ts. */
  readonly whenTaken?: boolean;
}

/** How a block ends. */
export const Ending = {
  /** It goes on at `end`. */
  NEXT: 0,
  /** A conditional branch to `target`, else to `end`. */
  BRANCH: 1,
  /** A jump to `target`. */
  JUMP: 2,
  /** A call of `target` that returns to `end`. */
  CALL: 3,
  /** The same of an address in a register. */
  CALL_REGISTER: 4,
  /** A jump to an address in a register: a return, a switch, a call in tail position. */
  JUMP_REGISTER: 5,
  /** The instruction at `end` is the interpreter's. */
  INTERPRET: 6,
  /** A call of `target` within the region: it goes on there, and comes back by a jump to a register that leads to `end`. */
  ENTER: 7,
} as const;
export type Ending = (typeof Ending)[keyof typeof Ending];

export interface RegionBlock {
  readonly offset: number;
  readonly instructions: readonly RegionInstruction[];
  /** Behind the last instruction. */
  readonly end: number;
  readonly ending: Ending;
  /** Of a branch, a jump or a call. */
  readonly target: number;
  /** Where a jump to a register is known to have led; it may lead elsewhere. */
  readonly targets: readonly number[];
}

export interface Region {
  /** By offset. */
  readonly blocks: readonly RegionBlock[];
  /** Where it may be entered, first of all where it was asked for. */
  readonly entries: readonly number[];
}

/** Offsets that a block may go on at within the region, if there are blocks there. */
export function goesTo({ ending, end, target, targets }: Omit<RegionBlock, 'instructions'>): readonly number[] {
  switch (ending) {
    case Ending.BRANCH:
      return [target, end];
    case Ending.JUMP:
    case Ending.ENTER:
      return [target];
    case Ending.NEXT:
    case Ending.CALL:
    case Ending.CALL_REGISTER:
      return [end];
    case Ending.JUMP_REGISTER:
      return targets;
    default:
      return [];
  }
}

/** The numbers of a region's blocks, by their offsets. */
export function blockNumbers({ blocks }: Region): Map<number, number> {
  return new Map(blocks.map(({ offset }, i) => [offset, i]));
}

/** Registers that calls leave their return address in, by convention (RISC-V unprivileged, "JALR", return-address stack). */
export const isLink = (register: number): boolean => register === 1 || register === 5;

export const isCall = ({ ending }: RegionBlock): boolean => ending === Ending.CALL || ending === Ending.CALL_REGISTER;

/** How many instructions of a block are executed in any case, if its selection's branch is taken, and if it is not. */
export function countRetired(instructions: readonly RegionInstruction[]): readonly number[] {
  return [undefined, true, false].map((when) => instructions.filter(({ whenTaken }) => whenTaken === when).length);
}
