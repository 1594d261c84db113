import { describe, expect, test } from 'vitest';
import { assemble, program } from '../isa/assemble.ts';
import { Ending, type Region } from './region.ts';
import { selectBranches } from './selects.ts';
import { Lockstep, RAM } from './testing/lockstep.ts';
import { regionOf } from './testing/region-text.ts';

const [T0, A0, A1, A2] = [5, 10, 11, 12];
const add = (rd: number, imm: number): number => assemble('addi', { rd, rs1: rd, imm });
const branch = (imm: number): number => assemble('beq', { rs1: A2, rs2: 0, imm });
const jump = (imm: number): number => assemble('jal', { rd: 0, imm });
const load = assemble('ld', { rd: A0, rs1: A1 });
const wfi = assemble('wfi');

const selected = (words: readonly number[]): Region => {
  const region = regionOf([...words, wfi]);
  if (!region) throw new Error('the region is empty');
  return selectBranches(region);
};
/** By block: its instructions, with `?` for those when a branch is taken, `!` when it is not; and where it goes on. */
const shape = (words: readonly number[]): string[] =>
  selected(words).blocks.map(({ instructions, ending, end }) => {
    const sign = (when: boolean | undefined): string => (when === undefined ? '' : when ? '?' : '!');
    const names = instructions.map(({ instruction, whenTaken }) => instruction.mnemonic + sign(whenTaken));
    return [...names, ending === Ending.NEXT ? `-> ${end}` : ''].join(' ').trim();
  });

describe('a branch becomes a selection', () => {
  test('that skips a calculation', () => {
    expect(shape([branch(8), add(A0, 1), load])).toEqual(['beq addi! -> 8', 'ld']);
  });

  test('whose sides meet again', () => {
    expect(shape([branch(12), add(A0, 1), jump(8), add(A0, 2), load])).toEqual(['beq addi? addi! jal! -> 16', 'ld']);
  });

  test('whose calculation stands elsewhere', () => {
    expect(shape([branch(12), load, wfi, add(A0, 1), jump(-12)])).toEqual(['beq addi? jal? -> 4', 'ld']);
  });
});

describe('a branch stays', () => {
  test.each<[string, number[]]>([
    ['that skips a load', [branch(8), load]],
    ['that skips a division', [branch(8), assemble('div', { rd: A0, rs1: A0, rs2: A1 })]],
    ['that skips a fence', [branch(8), assemble('fence')]],
    ['that skips much', [branch(20), add(A0, 1), add(A0, 1), add(A0, 1), add(A0, 1)]],
    ['that skips what others reach', [branch(8), add(A0, 1), branch(-4)]],
    ['over a call', [branch(8), assemble('jal', { rd: 1, imm: 0x100 })]],
    ['to what is behind it', [branch(4), add(A0, 1)]],
  ])('%s', (_, words) => {
    expect(selected(words)).toEqual(regionOf([...words, wfi]));
  });
});

test('a selection does what the branch did, and counts as many instructions', () => {
  // Sums differently for odd and even, and swaps two registers on one side alone.
  const words = [
    assemble('andi', { rd: A2, rs1: T0, imm: 1 }),
    branch(16),
    assemble('add', { rd: A0, rs1: A0, rs2: T0 }),
    assemble('addi', { rd: A1, rs1: A0 }),
    jump(12),
    assemble('xor', { rd: A0, rs1: A0, rs2: A1 }),
    add(A2, 5),
    assemble('slt', { rd: A2, rs1: A0, rs2: A1 }),
    branch(8),
    assemble('sub', { rd: A1, rs1: A1, rs2: A0 }),
    add(T0, -1),
    assemble('bne', { rs1: T0, rs2: 0, imm: -44 }),
    wfi,
  ];
  const pair = new Lockstep();
  pair.write(RAM, program(words));
  pair.change((view) => {
    view.pc = BigInt(RAM);
    view.x[T0] = 1000n;
  });
  pair.run();
  expect(pair.view.pc).toBe(BigInt(RAM + 4 * words.length));
});
