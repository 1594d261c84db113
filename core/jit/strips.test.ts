import { describe, expect, test } from 'vitest';
import { assembleText } from '../isa/assemble-text.ts';
import { Cause, MSTATUS } from '../isa/mstatus.ts';
import { copyLoops, flowOf } from './flow.ts';
import { readRegion } from './read-region.ts';
import type { Region } from './region.ts';
import { selectBranches } from './selects.ts';
import { findStrips, type Strip, type StripLook } from './strips.ts';
import { Lockstep, RAM } from './testing/lockstep.ts';

const [A0, A1, A2, A3, A4] = [10, 11, 12, 13, 14];
const NAMES = ['a0', 'a1', 'a2', 'a3', 'a4', 'a5'];

/** Instructions stand on lines, or between semicolons. */
const assemble = (source: string): Uint8Array => assembleText(source.replaceAll(';', '\n'), 0).bytes;

function regionOf(source: string): Region {
  const page = new Uint8Array(4096);
  page.set(assemble(`${source}; wfi`));
  const region = readRegion(new DataView(page.buffer), 0, 0);
  if (!region) throw new Error('the region is empty');
  return selectBranches(region);
}

const strips = (source: string): Strip[] => {
  const region = regionOf(source);
  return findStrips(region, flowOf(region));
};

/** As `load a0+8..16 by 8`. */
function tell({ tlb, register, from, to, step }: StripLook): string {
  const by = typeof step === 'number' ? step : NAMES[step.register - A0];
  return `${tlb.slice(0, -3)} ${NAMES[register - A0]}+${from}..${to} by ${by}`;
}
const looks = (source: string): string[][] => strips(source).map((strip) => strip.looks.map(tell));

describe('a strip looks for', () => {
  test('what a pointer steps through, wherever in the iteration it steps', () => {
    expect(looks('loop: ld a1, 8(a0); ld a2, -8(a0); addi a0, a0, 16; bnez a1, loop')).toEqual([
      ['load a0+-8..16 by 16'],
    ]);
    expect(looks('loop: addi a0, a0, -4; lw a1, 0(a0); bnez a1, loop')).toEqual([['load a0+-4..0 by -4']]);
    expect(looks('loop: lw a1, 0(a0); addi a0, a0, 4; lw a2, 0(a0); bnez a1, loop')).toEqual([['load a0+0..8 by 4']]);
  });

  test('what stays, and what a register says', () => {
    expect(looks('loop: lw a1, 0(a0); sw a1, 4(a0); bnez a1, loop')).toEqual([
      ['load a0+0..4 by 0', 'store a0+4..8 by 0'],
    ]);
    expect(looks('loop: sb zero, 0(a0); add a0, a0, a1; bltu a0, a2, loop')).toEqual([['store a0+0..1 by a1']]);
    // Where it points after the step is not known.
    expect(looks('loop: add a0, a0, a1; sb zero, 0(a0); bltu a0, a2, loop')).toEqual([]);
    expect(looks('loop: sb zero, 0(a0); add a0, a0, a1; addi a1, a1, 1; bltu a0, a2, loop')).toEqual([]);
  });

  test('no more than what is accessed in any case, in the order of the program', () => {
    // What the second load finds may fault before the store.
    expect(looks('loop: ld a1, 0(a0); ld a2, 0(a1); sd a2, 0(a3); addi a3, a3, 8; bnez a2, loop')).toEqual([
      ['load a0+0..8 by 0'],
    ]);
    expect(looks('loop: amoadd.d a1, a1, (a2); ld a1, 0(a0); addi a0, a0, 8; bnez a1, loop')).toEqual([]);
  });

  test('what other blocks of the loop access by the same register, which may have stepped', () => {
    const source = `loop: lbu a1, 0(a0)
                          beqz a1, next
                          div a2, a1, a1
                          lbu a2, 5(a0)
                    next: addi a0, a0, 1
                          bne a0, a3, loop`;
    const [strip] = strips(source);
    expect(strip.looks.map(tell)).toEqual(['load a0+0..7 by 1']);
    expect(strip).toMatchObject({ length: 4, blocks: [0, 1, 2] });
  });

  test('nothing in loops that call, access CSRs, or have a loop inside', () => {
    const call = 'loop: ld a1, 0(a0); callr a2; bnez a1, loop';
    const csr = 'loop: ld a1, 0(a0); csrr a2, sstatus; bnez a1, loop';
    const inner = 'addi a3, a3, -1; bnez a3, inner';
    const nest = `loop: ld a1, 0(a0)\n inner: ld a2, 0(a1); ${inner}; addi a0, a0, 8; bnez a2, loop`;
    for (const source of [call, csr]) expect(looks(source)).toEqual([]);
    expect(looks(nest)).toEqual([['load a1+0..8 by 0']]);
  });

  test('nothing in short loops without accesses, which look at attention less often', () => {
    expect(looks('loop: addi a0, a0, -1; bnez a0, loop')).toEqual([[]]);
    expect(looks('loop: amoadd.d a1, a1, (a2); bnez a1, loop')).toEqual([[]]);
  });
});

test('a loop of one block that steps to where a register points is counted, others are not', () => {
  const counts = (source: string): unknown => strips(source)[0]?.count;
  expect(counts('loop: ld a1, 0(a0); addi a0, a0, 8; bne a0, a3, loop')).toEqual({ register: A0, step: 8, end: A3 });
  expect(counts('loop: ld a1, 0(a0); addi a0, a0, -8; bltu a3, a0, loop')).toEqual({ register: A0, step: -8, end: A3 });
  expect(counts('loop: ld a1, 0(a0); addi a2, a2, -1; bnez a2, loop')).toEqual({ register: A2, step: -1, end: 0 });
  expect(counts('loop: ld a1, 0(a0); addi a0, a0, 8; bnez a1, loop')).toBe(undefined);
  expect(counts('loop: ld a1, 0(a0); addi a0, a0, 8; add a3, a3, a1; bne a0, a3, loop')).toBe(undefined);
  expect(counts('loop: ld a1, 0(a0); addi a0, a0, 8; beqz a1, out; bne a0, a3, loop; out: nop')).toBe(undefined);
});

test('a region that is asked for in its innermost loop has each loop in the one around it', () => {
  const page = new Uint8Array(4096);
  page.set(
    assemble(`outer: mv a1, a2
              inner: ld a3, 0(a1); addi a1, a1, 8; bne a1, a4, inner
                     addi a2, a2, 8; bne a2, a5, outer; wfi`),
  );
  const region = readRegion(new DataView(page.buffer), 0, 4);
  const flow = flowOf(region as Region);
  expect(flow.loops).toEqual([[0], [1, 0], [0]]);
});

test('the copy of a loop is entered from its header, and goes on at either', () => {
  const region = regionOf('loop: ld a1, 0(a0); addi a0, a0, 8; beqz a1, out; addi a2, a2, 1; bnez a2, loop; out: nop');
  const flow = copyLoops(region, flowOf(region), [{ header: 0, blocks: [0, 1] }]);
  const [first, second] = [0, 1].map((block) => flow.copies.get(block) as number);
  expect(flow.successors[0]).toEqual([2, 1, first]);
  expect(flow.successors[first]).toEqual([2, second]);
  expect(flow.successors[second]).toEqual([first, 0, 2]);
  expect(flow.tree.isHeader[first]).toBe(true);
  expect(flow.tree.isHeader[second]).toBe(false);
});

describe('a loop in strips', () => {
  const DATA = RAM + 0x1_0000;
  const TRAP = RAM + 0x4000;
  const TABLES = RAM + 0x2_0000;
  const VIRTUAL = 1 << 30;

  interface Machine {
    readonly x?: Readonly<Record<number, number>>;
    /** Flags of the pages from {@link VIRTUAL} + 4 KiB on, which lie in reverse order from DATA on. */
    readonly pages?: readonly number[];
    readonly fs?: bigint;
  }

  function run(source: string, { x = {}, pages = [], fs = MSTATUS.FS }: Machine): Lockstep {
    const pair = new Lockstep();
    pair.write(RAM, assemble(`${source}; wfi`));
    pair.write(TRAP, assemble('wfi'));
    pair.write(
      DATA,
      Uint8Array.from({ length: 0x4000 }, (_, i) => i * 7 + (i >> 8)),
    );
    const [root, middle, last] = [0, 1, 2].map(() => new BigUint64Array(512));
    const entry = (address: number, flags: number): bigint => (BigInt(address / 4096) << 10n) | BigInt(flags);
    root[1] = entry(TABLES + 4096, 1);
    middle[0] = entry(TABLES + 8192, 1);
    last[0] = entry(RAM, 0xcf);
    pages.forEach((flags, i) => (last[i + 1] = entry(DATA + (pages.length - 1 - i) * 4096, flags)));
    [root, middle, last].forEach((table, i) => pair.write(TABLES + i * 4096, new Uint8Array(table.buffer)));
    const translated = pages.length > 0;
    pair.change((view) => {
      view.satp = translated ? (8n << 60n) | BigInt(TABLES / 4096) : 0n;
      view.privilege = translated ? 1 : 3;
      view.mstatus = (view.mstatus & ~MSTATUS.FS) | fs;
      view.fflags = 0;
      view.pmpcfg[0] = 0x1fn;
      view.pmpaddr[0] = (1n << 54n) - 1n;
      view.mtvec = BigInt(TRAP);
      view.pc = BigInt(translated ? VIRTUAL : RAM);
      for (const [register, value] of Object.entries(x)) view.x[Number(register)] = BigInt(value);
    });
    pair.run();
    pair.compareMemory(DATA, 0x4000);
    pair.compareMemory(TABLES, 3 * 4096);
    return pair;
  }
  const [ALL, READ, UNUSED, CLEAN] = [0xcf, 0xc3, 0x0f, 0x4f];
  const sum = 'loop: ld a1, 0(a0); add a2, a2, a1; addi a0, a0, 8; bne a0, a3, loop';
  const copy = 'loop: lbu a1, 0(a0); sb a1, 0(a2); addi a0, a0, 1; addi a2, a2, 1; bne a0, a3, loop';

  test('looks anew at the end of each page', () => {
    const [from, to] = [VIRTUAL + 4096, VIRTUAL + 4 * 4096];
    const { runner } = run(sum, { x: { [A0]: from, [A3]: to }, pages: [ALL, ALL, ALL] });
    expect(runner.counts.stepped).toBeLessThan(5);
    run(sum, { x: { [A0]: from + 4, [A3]: to - 4 }, pages: [ALL, ALL, ALL] });
    run(sum.replace('a0, 8', 'a0, -8'), { x: { [A0]: to - 8, [A3]: from - 8 }, pages: [ALL, ALL, ALL] });
  });

  test('stops where a page may not be read or written, with all before it done', () => {
    const x = { [A0]: VIRTUAL + 4096, [A2]: VIRTUAL + 3 * 4096 + 100, [A3]: VIRTUAL + 3 * 4096 };
    expect(run(copy, { x, pages: [ALL, 0, ALL, ALL] }).view.mcause).toBe(BigInt(Cause.LOAD_PAGE));
    const { view } = run(copy, { x, pages: [ALL, ALL, ALL, READ] });
    expect([view.mcause, view.mtval]).toEqual([BigInt(Cause.STORE_PAGE), BigInt(VIRTUAL + 4 * 4096)]);
  });

  test('marks as accessed and dirty what it accesses, and no more', () => {
    const x = { [A0]: VIRTUAL + 4096, [A2]: VIRTUAL + 3 * 4096, [A3]: VIRTUAL + 4096 + 4096 };
    for (const first of [ALL, UNUSED]) run(copy, { x, pages: [first, UNUSED, CLEAN, CLEAN] });
  });

  test('steps by what a register says, also when that is nothing, much, or backwards', () => {
    const sieve = 'loop: sb a3, 0(a0); add a0, a0, a1; addi a2, a2, -1; bnez a2, loop';
    for (const by of [0, 1, 3, 40, 511, 512, 513, 4096, -1]) {
      run(sieve, { x: { [A0]: DATA + 0x3000, [A1]: by, [A2]: 40, [A3]: 255 } });
    }
  });

  test('copies onto itself as it would without', () => {
    run(copy, { x: { [A0]: DATA + 100, [A2]: DATA + 101, [A3]: DATA + 5000 } });
  });

  test('leaves to the interpreter what crosses pages or is a device', () => {
    const read = 'loop: lw a1, 0(a0); addi a4, a4, 1; bne a4, a3, loop';
    run(read, { x: { [A0]: DATA + 4094, [A3]: 300, [A4]: 0 } });
    run(read, { x: { [A0]: 0x1000_0000, [A3]: 300, [A4]: 0 } });
  });

  test('has an illegal instruction where floating point is off, and makes it dirty where it is on', () => {
    const scale = 'loop: fld fa0, 0(a0); fadd.d fa1, fa1, fa0; fsd fa1, 0(a0); addi a0, a0, 8; bne a0, a3, loop';
    const x = { [A0]: DATA, [A3]: DATA + 4096 };
    expect(run(scale, { x, fs: 0n }).view.mcause).toBe(BigInt(Cause.ILLEGAL));
    for (const fs of [1n, 2n, 3n]) run(scale, { x, fs: fs << 13n });
  });
});
