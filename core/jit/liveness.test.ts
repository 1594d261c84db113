import { describe, expect, test } from 'vitest';
import { assembleText } from '../isa/assemble-text.ts';
import { F_NAMES, X_NAMES } from '../isa/register-names.ts';
import { blockSuccessors, flowOf } from './flow.ts';
import { FloatState, livenessOf } from './liveness.ts';
import { Ending } from './region.ts';
import { FIRST_FLOAT, registersOf, type RegisterSet } from './registers.ts';
import { nodeOf } from './testing/graph.ts';
import { regionOf } from './testing/region-text.ts';

/** What {@link livenessOf} says of a block, with registers by name, in order. */
interface Shown {
  readonly live: string;
  readonly dirty: string;
  readonly leaving: string;
  readonly ending: string;
  readonly float: FloatState;
  readonly dirties: boolean;
}

const names = (set: RegisterSet): string =>
  registersOf(set)
    .map((register) => X_NAMES[register] ?? F_NAMES[register - FIRST_FLOAT])
    .join(' ');

/** By the offset of each block. */
function liveness(source: string): Record<number, Shown> {
  const region = regionOf([...new Uint32Array(assembleText(source, 0).bytes.buffer)]);
  if (!region) throw new Error('the region is empty');
  const flow = flowOf(region);
  const leavesAtEnd = blockSuccessors(region).map((to, block) => {
    const { ending } = region.blocks[block];
    const isWithin = (next: number): boolean => next >= 0 && flow.successors[block].includes(nodeOf(flow, next));
    return ending === Ending.JUMP_REGISTER || ending === Ending.INTERPRET || !to.every(isWithin);
  });
  const found = livenessOf(region, flow, leavesAtEnd).map(({ float, dirties, live, dirty, leaving, ending }) => ({
    ...{ live: names(live), dirty: names(dirty), leaving: names(leaving), ending: names(ending), float, dirties },
  }));
  return Object.fromEntries(region.blocks.map(({ offset }, i) => [offset, found[i]]));
}

describe('a block alone', () => {
  test('needs what it reads before it writes it, and stores at its end what it has written', () => {
    const { 0: block } = liveness('addi a0, a0, 1\n addi a1, a0, 1\n ret');
    expect(block).toMatchObject({ live: 'ra a0', dirty: '', leaving: '', ending: 'a0 a1' });
  });

  test('stores where an access leaves it what was written before, and not what comes behind', () => {
    const { 0: block } = liveness('addi a0, a0, 1\n ld a1, 0(a2)\n addi a3, a0, 1\n ret');
    expect(block).toMatchObject({ live: 'ra a0 a2', leaving: 'a0', ending: 'a0 a1 a3' });
  });

  test('needs what the first access would store for the sake of the last', () => {
    const { 0: block } = liveness('ld a0, 0(a2)\n ld a1, 0(a2)\n ret');
    expect(block).toMatchObject({ live: 'ra a0 a2', leaving: 'a0', ending: 'a0 a1' });
  });

  test('has x0 in no set', () => {
    const { 0: block } = liveness('add zero, zero, zero\n ld zero, 0(zero)\n ret');
    expect(block).toMatchObject({ live: 'ra', dirty: '', leaving: '', ending: '' });
  });

  test('has floating-point registers as it has others', () => {
    const { 0: block } = liveness('fadd.d fa0, fa1, fa2\n fsd fa0, 0(a0)\n fcvt.l.d a1, fa3\n ret');
    expect(block).toMatchObject({ live: 'ra a0 fa0 fa1 fa2 fa3', ending: 'a1 fa0' });
  });
});

describe('a branch', () => {
  const source = `
        addi  a0, zero, 1
        beqz  a1, to
        addi  a2, a0, 1
        ret
to:     addi  a3, zero, 2
        ret`;

  test('makes dirty on both of its ways what was written before it', () => {
    const { 8: next, 16: to } = liveness(source);
    expect(next).toMatchObject({ dirty: 'a0', ending: 'a0 a2' });
    expect(to).toMatchObject({ dirty: 'a0', ending: 'a0 a3' });
  });

  test('needs what is needed on either of its ways', () => {
    const { 0: block, 8: next, 16: to } = liveness(source);
    expect(block.live).toBe('ra a1');
    expect(next.live).toBe('ra a0');
    // It is stored where this block ends.
    expect(to.live).toBe('ra a0');
  });

  test('that meets another way has dirty what either has', () => {
    const { 16: meeting } = liveness(`
        beqz  a1, other
        addi  a2, zero, 1
        beqz  zero, meeting
other:  addi  a3, zero, 1
meeting: ret`);
    expect(meeting).toMatchObject({ dirty: 'a2 a3', live: 'ra a2 a3' });
  });
});

describe('a loop', () => {
  test('has dirty at its beginning what it writes itself, and needs that for who leaves there', () => {
    const { 0: before, 4: loop } = liveness(`
        addi  a0, zero, 5
loop:   addi  a1, zero, 1
        addi  a0, a0, -1
        bnez  a0, loop
        ret`);
    expect(before).toMatchObject({ dirty: '', live: 'ra a1' });
    expect(loop).toMatchObject({ dirty: 'a0 a1', live: 'ra a0 a1' });
  });

  test('within a loop has dirty what the outer one writes', () => {
    const { 4: inner } = liveness(`
outer:  addi  a0, a0, 1
inner:  addi  a1, a1, 1
        bnez  a1, inner
        addi  a2, a2, 1
        bnez  a2, outer
        ret`);
    expect(inner).toMatchObject({ dirty: 'a0 a1 a2', live: 'ra a0 a1 a2' });
  });
});

describe('a call', () => {
  const source = `
        addi  a0, a0, 1
        call  64
        addi  a2, a1, 1
        ret`;

  test('stores all that is dirty, its return address too', () => {
    expect(liveness(source)[0].ending).toBe('ra a0');
  });

  test('leaves nothing dirty, and what is needed behind it is not needed before', () => {
    const { 0: before, 8: behind } = liveness(source);
    expect(behind).toMatchObject({ dirty: '', live: 'ra a1', ending: 'a2' });
    expect(before.live).toBe('a0');
  });

  test('needs what is dirty where it is reached, to store it', () => {
    const { 8: block } = liveness('addi a0, zero, 1\n beqz a1, 8\n jalr ra, 0(a2)\n ret');
    expect(block).toMatchObject({ dirty: 'a0', ending: 'ra a0', live: 'a0 a2' });
  });
});

test('a CSR may be left for the interpreter before it, and behind it with its result stored', () => {
  const { 0: block } = liveness('addi a0, a0, 1\n csrrw a1, sscratch, a2\n addi a3, a1, 1\n ret');
  expect(block).toMatchObject({ live: 'ra a0 a1 a2', leaving: 'a0 a1', ending: 'a0 a1 a3' });
});

test('what the interpreter must do is left for with all that was written', () => {
  const { 0: block } = liveness('addi a0, a0, 1\n addi a1, zero, 1\n wfi');
  expect(block).toMatchObject({ dirty: '', ending: 'a0 a1' });
});

describe('mstatus.FS', () => {
  const { UNKNOWN, NOT_OFF, DIRTY } = FloatState;
  const known = (source: string): Record<number, FloatState> =>
    Object.fromEntries(Object.entries(liveness(source)).map(([offset, { float }]) => [offset, float]));

  test('is known to be Dirty behind floating point, on all ways', () => {
    const source = 'beqz a1, to\n fadd.d fa0, fa0, fa0\n beqz a0, to\n nop\n to: ret';
    expect(known(source)).toEqual({ 0: UNKNOWN, 4: UNKNOWN, 12: DIRTY, 16: UNKNOWN });
    expect(known('beqz a0, to\n fadd.d fa0, fa0, fa0\n to: ret')).toEqual({ 0: UNKNOWN, 4: UNKNOWN, 8: UNKNOWN });
  });

  test('is known not to be Off behind what only reads a register', () => {
    expect(known('fsd fa0, 0(a0)\n beqz a0, to\n fmv.d.x fa0, a0\n to: ret')).toEqual({
      ...{ 0: UNKNOWN, 8: NOT_OFF, 12: NOT_OFF },
    });
  });

  test('is not known at entries', () => {
    expect(known('fadd.d fa0, fa0, fa0\n loop: addi a0, a0, -1\n bnez a0, loop\n ret')).toMatchObject({ 4: UNKNOWN });
  });

  test('must be Dirty where all ways make it so, before anything else may change it', () => {
    const dirtying = (source: string): string[] =>
      Object.entries(liveness(source)).flatMap(([offset, { dirties }]) => (dirties ? [offset] : []));
    expect(dirtying('addi a0, a0, 1\n fld fa0, 0(a0)\n ret')).toEqual(['0']);
    expect(dirtying('fsd fa0, 0(a0)\n ret')).toEqual([]);
    const sides = 'beqz a0, one\n fmv.d.x fa0, a0\n beqz zero, both\n one: fmv.d.x fa0, a1\n both: ret';
    expect(dirtying(sides)).toEqual(['0', '4', '12']);
    expect(dirtying('beqz a0, one\n fmv.d.x fa0, a0\n one: ret')).toEqual(['4']);
    expect(dirtying('csrw sstatus, a0\n fmv.d.x fa0, a0\n ret')).toEqual([]);
    expect(dirtying('csrw fflags, a0\n ret')).toEqual(['0']);
    expect(dirtying('call 64\n fmv.d.x fa0, a0\n ret')).toEqual(['4']);
    // A loop may stay in itself for long.
    expect(dirtying('loop: addi a0, a0, -1\n bnez a0, loop\n fmv.d.x fa0, a0\n ret')).toEqual(['8']);
  });

  test('is not known behind a call or a CSR', () => {
    expect(known('fadd.d fa0, fa0, fa0\n call 64\n ret')).toEqual({ 0: DIRTY, 8: UNKNOWN });
    const csr = 'fadd.d fa0, fa0, fa0\n csrw sstatus, a0\n beqz a0, to\n nop\n to: ret';
    expect(known(csr)).toEqual({ 0: DIRTY, 12: UNKNOWN, 16: UNKNOWN });
  });
});
