/** Zba, Zbb and Zbs, bit manipulation, and Zicond (RISC-V unprivileged ISA, chapters "B" and "Zicond"). */
import type { Bits, Emitter } from '../emitter.ts';
import { plain, type Extension, type Instruction } from '../instruction.ts';
import { low32 } from './i.ts';

const register = (name: string, funct7: string, funct3: string, result: (h: Emitter) => Bits): Instruction =>
  plain(`${name} rd, rs1, rs2`, `${funct7} rs2 rs1 ${funct3} rd 0110011`, (h) => (h.rd = result(h)));
const word = (name: string, funct7: string, funct3: string, result: (h: Emitter) => Bits): Instruction =>
  plain(`${name} rd, rs1, rs2`, `${funct7} rs2 rs1 ${funct3} rd 0111011`, (h) => (h.rd = result(h)));
const unary = (name: string, diagram: string, result: (h: Emitter) => Bits): Instruction =>
  plain(`${name} rd, rs1`, diagram, (h) => (h.rd = result(h)));
const immediate = (name: string, funct6: string, funct3: string, result: (h: Emitter) => Bits): Instruction =>
  plain(`${name} rd, rs1, shamt`, `${funct6} shamt[5:0] rs1 ${funct3} rd 0010011`, (h) => (h.rd = result(h)));

export const Zba: Extension = {
  name: 'zba',
  instructions: [
    register('sh1add', '0010000', '010', (h) => h.rs1.shl(1).add(h.rs2)),
    register('sh2add', '0010000', '100', (h) => h.rs1.shl(2).add(h.rs2)),
    register('sh3add', '0010000', '110', (h) => h.rs1.shl(3).add(h.rs2)),
    word('add.uw', '0000100', '000', (h) => low32(h.rs1).add(h.rs2)),
    word('sh1add.uw', '0010000', '010', (h) => low32(h.rs1).shl(1).add(h.rs2)),
    word('sh2add.uw', '0010000', '100', (h) => low32(h.rs1).shl(2).add(h.rs2)),
    word('sh3add.uw', '0010000', '110', (h) => low32(h.rs1).shl(3).add(h.rs2)),
    plain('slli.uw rd, rs1, shamt', '000010 shamt[5:0] rs1 001 rd 0011011', (h) => (h.rd = low32(h.rs1).shl(h.imm))),
  ],
};

/** Rotates the low 32 bits right by `count`, and sign-extends. */
function rotateWordRight(h: Emitter, value: Bits, count: Bits): Bits {
  const low = h.let(low32(value));
  return low.or(low.shl(32)).shrU(count.and(31)).extend32();
}

/** Each byte 0xff where `value` has any bit set, by spreading bits within bytes. */
function orCombine(h: Emitter, value: Bits): Bits {
  const ones = 0x0101_0101_0101_0101n;
  const low7 = 0x7f7f_7f7f_7f7f_7f7fn;
  const x = h.let(value);
  // Adding 0x7f to the low seven bits carries into bit 7 when any of them is set.
  return x.and(low7).add(low7).or(x).shrU(7).and(ones).mul(0xff);
}

/** Bytes in the opposite order. */
function reverseBytes(h: Emitter, value: Bits): Bits {
  const swap = (x: Bits, mask: bigint, shift: number): Bits =>
    h.let(x.shrU(shift).and(mask).or(x.and(mask).shl(shift)));
  const bytes = swap(h.let(value), 0x00ff_00ff_00ff_00ffn, 8);
  return swap(bytes, 0x0000_ffff_0000_ffffn, 16).rotl(32);
}

export const Zbb: Extension = {
  name: 'zbb',
  instructions: [
    register('andn', '0100000', '111', (h) => h.rs1.and(h.rs2.xor(-1))),
    register('orn', '0100000', '110', (h) => h.rs1.or(h.rs2.xor(-1))),
    register('xnor', '0100000', '100', (h) => h.rs1.xor(h.rs2).xor(-1)),
    unary('clz', '0110000 00000 rs1 001 rd 0010011', (h) => h.rs1.clz()),
    unary('ctz', '0110000 00001 rs1 001 rd 0010011', (h) => h.rs1.ctz()),
    unary('cpop', '0110000 00010 rs1 001 rd 0010011', (h) => h.rs1.popcnt()),
    unary('clzw', '0110000 00000 rs1 001 rd 0011011', (h) => low32(h.rs1).clz().sub(32)),
    unary('ctzw', '0110000 00001 rs1 001 rd 0011011', (h) => h.rs1.or(1n << 32n).ctz()),
    unary('cpopw', '0110000 00010 rs1 001 rd 0011011', (h) => low32(h.rs1).popcnt()),
    register('max', '0000101', '110', (h) => h.select(h.rs1.ltS(h.rs2), h.rs2, h.rs1)),
    register('maxu', '0000101', '111', (h) => h.select(h.rs1.ltU(h.rs2), h.rs2, h.rs1)),
    register('min', '0000101', '100', (h) => h.select(h.rs1.ltS(h.rs2), h.rs1, h.rs2)),
    register('minu', '0000101', '101', (h) => h.select(h.rs1.ltU(h.rs2), h.rs1, h.rs2)),
    unary('sext.b', '0110000 00100 rs1 001 rd 0010011', (h) => h.rs1.extend8()),
    unary('sext.h', '0110000 00101 rs1 001 rd 0010011', (h) => h.rs1.extend16()),
    unary('zext.h', '0000100 00000 rs1 100 rd 0111011', (h) => h.rs1.and(0xffff)),
    register('rol', '0110000', '001', (h) => h.rs1.rotl(h.rs2)),
    register('ror', '0110000', '101', (h) => h.rs1.rotr(h.rs2)),
    immediate('rori', '011000', '101', (h) => h.rs1.rotr(h.imm)),
    word('rolw', '0110000', '001', (h) => rotateWordRight(h, h.rs1, h.constant(0).sub(h.rs2))),
    word('rorw', '0110000', '101', (h) => rotateWordRight(h, h.rs1, h.rs2)),
    plain('roriw rd, rs1, shamt', '0110000 shamt[4:0] rs1 101 rd 0011011', (h) => {
      h.rd = rotateWordRight(h, h.rs1, h.imm);
    }),
    unary('orc.b', '001010000111 rs1 101 rd 0010011', (h) => orCombine(h, h.rs1)),
    unary('rev8', '011010111000 rs1 101 rd 0010011', (h) => reverseBytes(h, h.rs1)),
  ],
};

const bit = (h: Emitter, index: Bits): Bits => h.constant(1).shl(index);

export const Zbs: Extension = {
  name: 'zbs',
  instructions: [
    register('bclr', '0100100', '001', (h) => h.rs1.and(bit(h, h.rs2).xor(-1))),
    immediate('bclri', '010010', '001', (h) => h.rs1.and(bit(h, h.imm).xor(-1))),
    register('bext', '0100100', '101', (h) => h.rs1.shrU(h.rs2).and(1)),
    immediate('bexti', '010010', '101', (h) => h.rs1.shrU(h.imm).and(1)),
    register('binv', '0110100', '001', (h) => h.rs1.xor(bit(h, h.rs2))),
    immediate('binvi', '011010', '001', (h) => h.rs1.xor(bit(h, h.imm))),
    register('bset', '0010100', '001', (h) => h.rs1.or(bit(h, h.rs2))),
    immediate('bseti', '001010', '001', (h) => h.rs1.or(bit(h, h.imm))),
  ],
};

export const Zicond: Extension = {
  name: 'zicond',
  instructions: [
    register('czero.eqz', '0000111', '101', (h) => h.select(h.rs2.eq(0), 0, h.rs1)),
    register('czero.nez', '0000111', '111', (h) => h.select(h.rs2.ne(0), 0, h.rs1)),
  ],
};
