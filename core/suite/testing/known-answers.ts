/**
 * Answers worked out by hand from the manual, for instructions that an oracle may lack or get wrong: the operands rs1 and
 * rs2, and what rd is to be. Shift amounts stand in the place of rs2.
 */
import { assemble } from '../../isa/assemble.ts';
import { rows } from '../../isa/table.ts';
import type { TestCase } from './image.ts';

type Answer = readonly [rs1: bigint, rs2: bigint, rd: bigint];

const ONES = 0xffff_ffff_ffff_ffffn;

export const knownAnswers: Readonly<Record<string, readonly Answer[]>> = {
  'czero.eqz': [
    [5n, 0n, 0n],
    [5n, 1n, 5n],
    [ONES, 1n << 63n, ONES],
    [ONES, 1n << 32n, ONES],
  ],
  'czero.nez': [
    [5n, 0n, 5n],
    [5n, 1n, 0n],
    [ONES, 1n << 63n, 0n],
    [ONES, 1n << 32n, 0n],
  ],
  clz: [
    [0n, 0n, 64n],
    [1n, 0n, 63n],
    [1n << 63n, 0n, 0n],
  ],
  ctz: [
    [0n, 0n, 64n],
    [1n << 63n, 0n, 63n],
    [0x18n, 0n, 3n],
  ],
  clzw: [
    [0n, 0n, 32n],
    [0xffff_ffff_0000_0000n, 0n, 32n],
    [0xffff_ffff_0000_0001n, 0n, 31n],
    [1n << 31n, 0n, 0n],
  ],
  ctzw: [
    [0n, 0n, 32n],
    [1n << 53n, 0n, 32n],
    [0xffff_ffff_8000_0000n, 0n, 31n],
    [6n, 0n, 1n],
  ],
  cpopw: [
    [ONES, 0n, 32n],
    [0xf0f0_0000_0000_0001n, 0n, 1n],
  ],
  'orc.b': [[0x0100_8000_0000_0010n, 0n, 0xff00_ff00_0000_00ffn]],
  rev8: [[0x0102_0304_0506_0708n, 0n, 0x0807_0605_0403_0201n]],
  rolw: [
    [0x8000_0001n, 1n, 3n],
    [0x4000_0000n, 33n, 0xffff_ffff_8000_0000n],
  ],
  rorw: [[1n, 1n, 0xffff_ffff_8000_0000n]],
  roriw: [[0x1234_5678_0000_0001n, 1n, 0xffff_ffff_8000_0000n]],
  'slli.uw': [[0xffff_ffff_8000_0000n, 4n, 0x8_0000_0000n]],
  'sh3add.uw': [[0xffff_ffff_ffff_ffffn, 7n, 0x7_ffff_ffffn]],
  'zext.h': [[0xffff_ffff_ffff_fffen, 0n, 0xfffen]],
  bext: [[1n << 40n, 104n, 1n]],
  mulhsu: [
    [ONES, ONES, ONES],
    [1n << 63n, 2n, ONES],
    [2n, ONES, 1n],
  ],
  mulh: [
    [ONES, ONES, 0n],
    [1n << 63n, 1n << 63n, 1n << 62n],
  ],
  mulhu: [[ONES, ONES, 0xffff_ffff_ffff_fffen]],
  div: [
    [1n << 63n, ONES, 1n << 63n],
    [7n, 0n, ONES],
    [0xffff_ffff_ffff_fff9n, 2n, 0xffff_ffff_ffff_fffdn],
  ],
  rem: [
    [1n << 63n, ONES, 0n],
    [7n, 0n, 7n],
    [0xffff_ffff_ffff_fff9n, 2n, ONES],
  ],
  divw: [[0x8000_0000n, ONES, 0xffff_ffff_8000_0000n]],
  divuw: [[0xffff_ffff_8000_0000n, 0n, ONES]],
  remuw: [[0x8000_0000n, 0n, 0xffff_ffff_8000_0000n]],
};

const RESULT = 256;

/** A case that leaves the instruction's result where {@link resultOf} finds it. */
export function answerCase(mnemonic: string, [rs1, rs2]: Answer): TestCase {
  const names = (rows.find((row) => row.mnemonic === mnemonic)?.encoding.fields ?? []).map(({ name }) => name);
  const operands = {
    ...{ rd: 12, rs1: 10 },
    ...(names.includes('rs2') ? { rs2: 11 } : {}),
    ...(names.includes('shamt') ? { imm: Number(rs2) } : {}),
  };
  const x = new Array<bigint>(31).fill(0n);
  x[10] = rs1;
  x[11] = rs2;
  const words = [assemble(mnemonic, operands), assemble('sd', { rs1: 3, rs2: 12, imm: RESULT })];
  return { words, input: { x, f: new Array<bigint>(32).fill(0n), fcsr: 0, window: [0n] } };
}

/** The result of case number `index` of an image. */
export function resultOf(data: Uint8Array, index: number): bigint {
  return Buffer.from(data.slice().buffer).readBigUInt64LE((index * 3 + 2) * 4096 + RESULT);
}
