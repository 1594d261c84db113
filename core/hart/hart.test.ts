import { describe, expect, test } from 'vitest';
import { assemble, program } from '../isa/assemble.ts';
import { assembleText } from '../isa/assemble-text.ts';
import { Exit } from '../shared/hart-state.ts';
import { bareHart } from './testing/bare-hart.ts';

const BASE = 0x8000_0000;

test('a loop adds the numbers from 1 to 100', () => {
  const { hart, ram } = bareHart();
  ram.write(
    BASE,
    program([
      assemble('addi', { rd: 5, imm: 100 }),
      assemble('add', { rd: 6, rs1: 6, rs2: 5 }),
      assemble('addi', { rd: 5, rs1: 5, imm: -1 }),
      assemble('bne', { rs1: 5, rs2: 0, imm: -8 }),
      assemble('wfi'),
    ]),
  );
  expect(hart.run(1000)).toBe(Exit.WFI);
  expect(hart.view.x[6]).toBe(5050n);
  expect(hart.view.pc).toBe(BigInt(BASE + 20));
  expect(hart.view.instret).toBe(302n);
});

test('stores are read back in every width, also across a page', () => {
  const { hart, ram } = bareHart();
  ram.write(
    BASE,
    program([
      assemble('lui', { rd: 5, imm: 0x1000 }),
      assemble('auipc', { rd: 6, imm: 0 }),
      assemble('add', { rd: 5, rs1: 5, rs2: 6 }),
      assemble('addi', { rd: 7, imm: -2 }),
      assemble('sd', { rs1: 5, rs2: 7, imm: -8 }),
      assemble('lw', { rs1: 5, rd: 8, imm: -8 }),
      assemble('lwu', { rs1: 5, rd: 9, imm: -8 }),
      assemble('lhu', { rs1: 5, rd: 10, imm: -5 }),
      assemble('lbu', { rs1: 5, rd: 11, imm: -8 }),
      assemble('sd', { rs1: 5, rs2: 7, imm: 0x7fb - 8 }),
      assemble('ld', { rs1: 5, rd: 12, imm: 0x7fb - 8 }),
      assemble('wfi'),
    ]),
  );
  expect(hart.run(1000)).toBe(Exit.WFI);
  const [s0, s1, a0, a1, a2] = [8, 9, 10, 11, 12].map((r) => BigInt.asIntN(64, hart.view.x[r]));
  expect([s0, s1, a0, a1, a2]).toEqual([-2n, 0xfffffffen, 0xffffn, 0xfen, -2n]);
});

test('a step executes one instruction, whatever follows, or enters one trap', () => {
  const { hart, ram } = bareHart();
  const words = [
    assemble('addi', { rd: 5, rs1: 5, imm: 1 }),
    assemble('jal', { rd: 0, imm: 8 }),
    assemble('wfi'),
    assemble('ld', { rd: 6, rs1: 0 }),
  ];
  ram.write(BASE, program(words));
  hart.view.mtvec = BigInt(BASE);
  const seen = Array.from({ length: 4 }, () => {
    expect(hart.step()).toBe(Exit.BUDGET);
    return [Number(hart.view.pc) - BASE, Number(hart.view.instret)];
  });
  expect(seen).toEqual([
    [4, 1],
    [12, 2],
    [0, 2],
    [4, 3],
  ]);
  expect(hart.view.mcause).toBe(5n);
});

describe('a trap handler that traps at once', () => {
  test.each([
    ['is not there', 'li t0, 0x10000000', 1n],
    ['is no code', 'la t0, garbage', 2n],
    ['makes a call', 'la t0, call', 11n],
  ])('ends the run when it %s', (_, address, cause) => {
    const { hart, ram } = bareHart();
    ram.write(BASE, assembleText(`${address}\ncsrw mtvec, t0\necall\ngarbage: .dword 0\ncall: ecall`).bytes);
    expect(hart.run(1_000_000)).toBe(Exit.WEDGED);
    expect(hart.view.mcause).toBe(cause);
    expect(hart.view.pc).toBe(hart.view.mtvec);
  });

  test('is not one that does a single instruction before', () => {
    const { hart, ram } = bareHart();
    ram.write(BASE, assembleText('la t0, handler\ncsrw mtvec, t0\n.align 4\nhandler: addi t1, t1, 1\necall').bytes);
    expect(hart.run(1000)).toBe(Exit.BUDGET);
    expect(hart.view.x[6]).toBeGreaterThan(900n);
  });
});
