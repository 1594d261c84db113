/**
 * Finds the instructions of a block: from where it starts to the first jump, or to the first instruction that is left
 * to the interpreter, or to the page's end.
 */
import { decode, isLong, type Decoded } from '../isa/decode.ts';
import type { Instruction } from '../isa/instruction.ts';
import { instructions } from '../isa/table.ts';
import { PAGE_SIZE } from '../shared/memory-map.ts';

/** What compiled code takes for granted of the hart, besides the bytes of the page: `mstatus.FS`. */
export const FloatMode = {
  /** Off: floating-point instructions are illegal, and left to the interpreter. */
  OFF: 0,
  /** Initial or Clean: to be made Dirty. */
  CLEAN: 1,
  DIRTY: 2,
} as const;
export type FloatMode = (typeof FloatMode)[keyof typeof FloatMode];

export interface BlockInstruction {
  readonly decoded: Decoded;
  readonly instruction: Instruction;
  /** Bytes from the beginning of the page. */
  readonly offset: number;
}

export interface Block {
  readonly instructions: readonly BlockInstruction[];
  /** Bytes from the beginning of the page to what follows the block. */
  readonly end: number;
  readonly mode: FloatMode;
  /** False when the block is the same in all modes. */
  readonly dependsOnMode: boolean;
}

/** Instructions in one block, at most. */
const BLOCK_LIMIT = 64;

// Every floating-point instruction names a floating-point register.
const isFloat = instructions.map(({ operands }) => /\bf[ds]\d?\b/.test(operands));

/**
 * Reads the block that starts `start` bytes into the page at `page` of `memory`. `undefined` when it begins with an
 * instruction that is left to the interpreter.
 */
export function readBlock(
  memory: DataView,
  page: number,
  start: number,
  mode: FloatMode,
  limit = BLOCK_LIMIT,
): Block | undefined {
  const found: BlockInstruction[] = [];
  let offset = start;
  let dependsOnMode = false;
  while (found.length < limit && offset < PAGE_SIZE) {
    const low = memory.getUint16(page + offset, true);
    if (isLong(low) && offset === PAGE_SIZE - 2) break;
    const decoded = decode(isLong(low) ? memory.getUint32(page + offset, true) : low);
    const instruction = instructions[decoded.number];
    if (!instruction || instruction.kind === 'system') break;
    dependsOnMode ||= isFloat[decoded.number];
    if (isFloat[decoded.number] && mode === FloatMode.OFF) break;
    found.push({ decoded, instruction, offset });
    offset += decoded.length;
    if (instruction.kind === 'jump') break;
  }
  return found.length === 0 ? undefined : { instructions: found, end: offset, mode, dependsOnMode };
}
