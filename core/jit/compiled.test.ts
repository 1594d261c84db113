/** What compiled code takes for granted, and that it notices when that changes. */
import { describe, expect, test } from 'vitest';
import { assemble, program } from '../isa/assemble.ts';
import { MSTATUS } from '../isa/mstatus.ts';
import { setInterrupt, Interrupt } from '../shared/interrupts.ts';
import type { CompilerOptions } from './testing/compiled-hart.ts';
import { DEVICE, Lockstep, RAM } from './testing/lockstep.ts';

const [T0, T1, A0, A1, A2, A3] = [5, 6, 10, 11, 12, 13];
const CODE = RAM + 0x1000;
const HANDLER = RAM + 0x3000;
const wfi = assemble('wfi');

function loaded(words: readonly number[], at = CODE, options: CompilerOptions = {}): Lockstep {
  const pair = new Lockstep(options);
  pair.write(at, program(words));
  pair.write(HANDLER, program([wfi]));
  pair.change((view) => {
    view.pc = BigInt(at);
    view.mtvec = BigInt(HANDLER);
    view.pmpcfg[0] = 0x1fn;
    view.pmpaddr[0] = (1n << 54n) - 1n;
  });
  return pair;
}

test('a fault in the middle of a region shows what was done before it, and nothing after', () => {
  const pair = loaded([
    assemble('addi', { rd: A0, imm: 1 }),
    assemble('addi', { rd: A1, rs1: A0, imm: 1 }),
    assemble('ld', { rd: A0, rs1: 0, imm: 16 }),
    assemble('addi', { rd: A1, rs1: A1, imm: 100 }),
    wfi,
  ]);
  pair.run();
  const { x, mepc, mtval, mcause, instret } = pair.view;
  expect([x[A0], x[A1], mepc, mtval, mcause]).toEqual([1n, 2n, BigInt(CODE + 8), 16n, 5n]);
  // The two before the fault, and the WFI.
  expect(instret).toBe(3n);
});

test('a device is read and written once', () => {
  const pair = loaded([
    assemble('lui', { rd: T0, imm: DEVICE }),
    assemble('addi', { rd: A0, imm: 7 }),
    assemble('sw', { rs1: T0, rs2: A0 }),
    assemble('lw', { rd: A1, rs1: T0 }),
    wfi,
  ]);
  pair.run();
  expect(pair.view.x[A1]).toBe(7n);
  // By the interpreter, like the WFI.
  expect(pair.runner.counts.stepped).toBe(3);
});

test('code that was written is compiled anew after FENCE.I', () => {
  const target = CODE + 0x100;
  const pair = loaded([
    assemble('auipc', { rd: T0 }),
    assemble('jalr', { rd: 1, rs1: T0, imm: target - CODE }),
    assemble('lw', { rd: T1, rs1: T0, imm: 0x200 }),
    assemble('sw', { rs1: T0, rs2: T1, imm: 0x100 }),
    assemble('fence.i'),
    assemble('jalr', { rd: 1, rs1: T0, imm: target - CODE }),
    wfi,
  ]);
  pair.write(target, program([assemble('addi', { rd: A0, rs1: A0, imm: 1 }), assemble('jalr', { rd: 0, rs1: 1 })]));
  pair.write(CODE + 0x200, program([assemble('addi', { rd: A0, rs1: A0, imm: 100 })]));
  pair.run();
  expect(pair.view.x[A0]).toBe(101n);
});

test('a page that is mapped twice is compiled once, and knows where it is', () => {
  const tables = RAM + 0x1_0000;
  const pair = loaded([
    assemble('auipc', { rd: A0, imm: 0x7000 }),
    assemble('jal', { rd: A1, imm: 8 }),
    wfi,
    assemble('addi', { rd: A0, rs1: A0, imm: 5 }),
    wfi,
  ]);
  const leaves = new BigUint64Array(1024);
  const leaf = (BigInt(CODE / 4096) << 10n) | 0xcfn;
  // Two gigabytes whose first pages are the code, and whose tables of 2 MiB and 4 KiB are the same.
  const root = new BigUint64Array(512);
  const [middle, last] = [tables + 4096, tables + 8192];
  root[1] = root[2] = (BigInt(middle / 4096) << 10n) | 1n;
  leaves[0] = (BigInt(last / 4096) << 10n) | 1n;
  leaves[512] = leaf;
  pair.write(tables, new Uint8Array(root.buffer));
  pair.write(middle, new Uint8Array(leaves.buffer));
  for (const base of [1n << 30n, 2n << 30n]) {
    pair.change((view) => {
      view.satp = (8n << 60n) | BigInt(tables / 4096);
      view.privilege = 1;
      view.pc = base;
    });
    pair.run();
    expect([pair.view.x[A0], pair.view.x[A1]]).toEqual([base + 0x7005n, base + 8n]);
  }
  // Nothing for the second mapping.
  expect(pair.runner.counts.compiled).toBe(1);
});

test('floating point traps where it is Off, and makes mstatus.FS Dirty where it is not', () => {
  const pair = loaded([assemble('addi', { rd: A2, imm: 3 }), assemble('fcvt.d.l', { fd: 1, rs1: A2 }), wfi]);
  for (const fs of [0n, 1n, 2n, 3n]) {
    pair.change((view) => {
      view.pc = BigInt(CODE);
      view.mstatus = (view.mstatus & ~MSTATUS.FS) | (fs << 13n);
    });
    pair.run();
    expect(pair.view.pc).toBe(BigInt(fs === 0n ? HANDLER + 4 : CODE + 12));
    expect((pair.view.mstatus & MSTATUS.FS) >> 13n).toBe(fs === 0n ? 0n : 3n);
  }
});

test('an instruction whose result goes to x0 has its other effects', () => {
  const pair = loaded([
    assemble('fmv.d.x', { fd: 0, rs1: A0 }),
    assemble('flt.d', { rd: 0, fs1: 0, fs2: 0 }),
    assemble('amoadd.d', { rd: 0, rs1: A1, rs2: A0 }),
    wfi,
  ]);
  pair.change((view) => {
    view.mstatus |= MSTATUS.FS;
    view.x[A0] = 0x7ff8_0000_0000_0000n;
    view.x[A1] = BigInt(RAM + 0x8000);
  });
  pair.run();
  expect(pair.view.fflags).toBe(0x10);
  expect(pair.compiled.ram.readU32(RAM + 0x8004)).toBe(0x7ff8_0000);
});

test('an interrupt ends a loop', () => {
  const pair = loaded([assemble('addi', { rd: A3, rs1: A3, imm: 1 }), assemble('jal', { rd: 0, imm: -4 })]);
  pair.change((view) => {
    view.mie = 0x8n;
    view.mstatus |= MSTATUS.MIE;
  });
  expect(pair.runner.run(1000)).toBe(0);
  setInterrupt(pair.view, Interrupt.MSI, true);
  expect(pair.runner.run(1000)).toBe(1);
  expect(pair.view.mcause).toBe((1n << 63n) | 3n);
  expect([CODE, CODE + 4]).toContain(Number(pair.view.mepc));
});

describe('a jump to a register in a loop', () => {
  // Begins at one of three places by the count in a0, which are 8 bytes apart; the last is in no table.
  const words = [
    assemble('auipc', { rd: T0 }),
    assemble('andi', { rd: T1, rs1: A0, imm: 3 }),
    assemble('slli', { rd: T1, rs1: T1, imm: 3 }),
    assemble('add', { rd: T1, rs1: T1, rs2: T0 }),
    assemble('jalr', { rd: 0, rs1: T1, imm: 20 }),
    assemble('addi', { rd: A1, rs1: A1, imm: 1 }),
    assemble('jal', { rd: 0, imm: 28 }),
    assemble('addi', { rd: A1, rs1: A1, imm: 10 }),
    assemble('jal', { rd: 0, imm: 20 }),
    assemble('addi', { rd: A1, rs1: A1, imm: 100 }),
    assemble('jal', { rd: 0, imm: 12 }),
    assemble('addi', { rd: A1, rs1: A1, imm: 1000 }),
    assemble('jal', { rd: 0, imm: 4 }),
    assemble('addi', { rd: A0, rs1: A0, imm: -1 }),
    assemble('bne', { rs1: A0, imm: -14 * 4 }),
    wfi,
  ];
  const OFFSETS = [20, 28, 36];

  test.each([{ seen: [] }, { seen: [20] }, { seen: OFFSETS }])(
    'goes where it leads, seen before or not: $seen',
    ({ seen }) => {
      const pair = loaded(words, CODE, { jumpTargets: () => seen });
      pair.change((view) => (view.x[A0] = 40n));
      pair.run();
      expect(pair.view.x[A1]).toBe(11110n);
    },
  );

  test('stays in the region for what was seen', () => {
    const entered = [[], OFFSETS].map((seen) => {
      const pair = loaded(words, CODE, { jumpTargets: () => seen });
      pair.change((view) => (view.x[A0] = 40n));
      pair.run();
      return pair.runner.counts.entered;
    });
    // Of 40 jumps 10 lead to the place that was not seen, and each of those comes back.
    expect(entered[0] - entered[1]).toBeGreaterThanOrEqual(30);
  });
});
