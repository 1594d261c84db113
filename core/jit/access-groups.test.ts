import { expect, test } from 'vitest';
import { assemble } from '../isa/assemble.ts';
import { csrs } from '../isa/csr.ts';
import { groupAccesses } from './access-groups.ts';
import { regionOf } from './testing/region-text.ts';

const [SP, A0, A1] = [2, 10, 11];
const sstatus = csrs.find(({ name }) => name === 'sstatus')?.number ?? 0;

/** Of each access: which group it is in, and its offset there; a star for who finds the place. */
function groups(words: readonly number[], shared = true): string {
  const block = regionOf(words)?.blocks[0].instructions ?? [];
  const numbers = new Map<unknown, number>();
  return [...groupAccesses(block, shared).values()]
    .map(({ group, isFirst, offset }) => {
      if (!numbers.has(group)) numbers.set(group, numbers.size);
      return `${numbers.get(group)}${isFirst ? '*' : ''}+${offset}`;
    })
    .join(' ');
}

const load = (rd: number, rs1: number, imm: number): number => assemble('ld', { rd, rs1, imm });
const store = (rs1: number, imm: number): number => assemble('sw', { rs1, rs2: A1, imm });
const end = assemble('wfi');

test('accesses by one register share a group that begins with the lowest byte', () => {
  expect(groups([load(A1, SP, 16), load(A0, SP, 0), load(A1, SP, 8), end])).toBe('0*+16 0+0 0+8');
});

test('loads and stores do not share, nor do two registers', () => {
  expect(groups([load(A1, SP, 0), store(SP, 0), load(A1, A0, 8), store(SP, 4), end])).toBe('0*+0 1*+0 2*+0 1+4');
});

test('a register that is written begins a group anew', () => {
  expect(groups([load(A0, A0, 0), load(A1, A0, 8), load(A1, A0, 16), end])).toBe('0*+0 1*+0 1+8');
});

test('a CSR that is accessed ends all groups', () => {
  const csr = assemble('csrrs', { rd: A1, rs1: 0, csr: sstatus });
  expect(groups([load(A1, SP, 0), csr, load(A1, SP, 8), end])).toBe('0*+0 1*+0');
});

test('a group spans only so much', () => {
  expect(groups([load(A1, SP, 0), load(A1, SP, 56), load(A1, SP, 112), load(A1, SP, 104), end])).toBe(
    '0*+0 0+56 1*+8 1+0',
  );
});

test('each is its own when none are shared', () => {
  expect(groups([load(A1, SP, 0), load(A1, SP, 8), end], false)).toBe('0*+0 1*+0');
});
