/**
 * Pairs of instructions that often follow each other, and that the interpreter executes as one: to find the next
 * instruction's code costs it more than most instructions do. They are the most frequent ones of Debian's kernel, gcc and
 * Python, counted in what was decoded of them (docs/performance.md).
 */
import { instructionNumber, instructions } from '../isa/table.ts';

/** The op of the table's first instruction; below are the marks of decoded.ts. */
export const FIRST_INSTRUCTION = 5;
const FIRST_PAIR = FIRST_INSTRUCTION + instructions.length;

/** First instructions, and what follows them. The first goes on to the next, whatever it does. */
const FOLLOWERS: Readonly<Record<string, string>> = {
  ld: 'ld addi beq add sd bne jal',
  sd: 'sd addi add ld jal',
  addi: 'addi sd add jalr auipc beq bne ld jal',
  auipc: 'jalr addi ld',
  add: 'add ld addi auipc jal beq sd',
  lui: 'addi',
  slli: 'add srli',
  lw: 'addi',
  sb: 'sb',
  andi: 'beq bne',
};

/** By their op, less the first pair's: the numbers of the two instructions. */
export const pairs: readonly (readonly [first: number, second: number])[] = Object.entries(FOLLOWERS).flatMap(
  ([first, followers]) =>
    followers.split(' ').map((second): [number, number] => [instructionNumber(first), instructionNumber(second)]),
);
if (FIRST_PAIR + pairs.length > 256) throw new RangeError('an op has 8 bits');

const ops = new Uint8Array(1 << 16);
pairs.forEach(([first, second], i) => {
  ops[((first + FIRST_INSTRUCTION) << 8) | (second + FIRST_INSTRUCTION)] = FIRST_PAIR + i;
});

/** The op of two ops as a pair; 0 when they are none. */
export const pairOf = (first: number, second: number): number => ops[(first << 8) | second];
export const isPair = (op: number): boolean => op >= FIRST_PAIR;
