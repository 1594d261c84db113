/** RV64I, the base integer instruction set (RISC-V unprivileged ISA, chapters "RV32I" and "RV64I"). */
import type { Bits, Emitter, Width } from '../emitter.ts';
import { jump, plain, system, type Extension, type Instruction } from '../instruction.ts';

const immediate = (name: string, funct3: string, result: (h: Emitter) => Bits): Instruction =>
  plain(`${name} rd, rs1, imm`, `imm[11:0] rs1 ${funct3} rd 0010011`, (h) => (h.rd = result(h)));
const shift = (name: string, funct6: string, funct3: string, result: (h: Emitter) => Bits): Instruction =>
  plain(`${name} rd, rs1, shamt`, `${funct6} shamt[5:0] rs1 ${funct3} rd 0010011`, (h) => (h.rd = result(h)));
const shiftWord = (name: string, funct7: string, funct3: string, result: (h: Emitter) => Bits): Instruction =>
  plain(
    `${name} rd, rs1, shamt`,
    `${funct7} shamt[4:0] rs1 ${funct3} rd 0011011`,
    (h) => (h.rd = result(h).extend32()),
  );
const register = (name: string, funct7: string, funct3: string, result: (h: Emitter) => Bits): Instruction =>
  plain(`${name} rd, rs1, rs2`, `${funct7} rs2 rs1 ${funct3} rd 0110011`, (h) => (h.rd = result(h)));
const word = (name: string, funct7: string, funct3: string, result: (h: Emitter) => Bits): Instruction =>
  plain(`${name} rd, rs1, rs2`, `${funct7} rs2 rs1 ${funct3} rd 0111011`, (h) => (h.rd = result(h).extend32()));
const load = (name: string, funct3: string, width: Width, signed: boolean): Instruction =>
  plain(`${name} rd, imm(rs1)`, `imm[11:0] rs1 ${funct3} rd 0000011`, (h) => {
    const address = h.rs1.add(h.imm);
    h.rd = signed ? h.loadS(width, address) : h.loadU(width, address);
  });
const store = (name: string, funct3: string, width: Width): Instruction =>
  plain(`${name} rs2, imm(rs1)`, `imm[11:5] rs2 rs1 ${funct3} imm[4:0] 0100011`, (h) =>
    h.store(width, h.rs1.add(h.imm), h.rs2),
  );
const branch = (name: string, funct3: string, condition: (h: Emitter) => ReturnType<Bits['eq']>): Instruction =>
  jump(`${name} rs1, rs2, imm`, `imm[12|10:5] rs2 rs1 ${funct3} imm[4:1|11] 1100011`, (h) => h.branch(condition(h)));

/** The low 32 bits, zero-extended. */
export const low32 = (value: Bits): Bits => value.and(0xffff_ffffn);

export const I: Extension = {
  name: 'i',
  instructions: [
    plain('lui rd, imm', 'imm[31:12] rd 0110111', (h) => (h.rd = h.imm)),
    plain('auipc rd, imm', 'imm[31:12] rd 0010111', (h) => (h.rd = h.pc.add(h.imm))),
    jump('jal rd, imm', 'imm[20|10:1|11|19:12] rd 1101111', (h) => {
      h.rd = h.nextPc;
      h.jumpRelative();
    }),
    jump('jalr rd, imm(rs1)', 'imm[11:0] rs1 000 rd 1100111', (h) => {
      const target = h.let(h.rs1.add(h.imm).and(-2n));
      h.rd = h.nextPc;
      h.jump(target);
    }),

    branch('beq', '000', (h) => h.rs1.eq(h.rs2)),
    branch('bne', '001', (h) => h.rs1.ne(h.rs2)),
    branch('blt', '100', (h) => h.rs1.ltS(h.rs2)),
    branch('bge', '101', (h) => h.rs1.geS(h.rs2)),
    branch('bltu', '110', (h) => h.rs1.ltU(h.rs2)),
    branch('bgeu', '111', (h) => h.rs1.geU(h.rs2)),

    load('lb', '000', 1, true),
    load('lh', '001', 2, true),
    load('lw', '010', 4, true),
    load('ld', '011', 8, true),
    load('lbu', '100', 1, false),
    load('lhu', '101', 2, false),
    load('lwu', '110', 4, false),
    store('sb', '000', 1),
    store('sh', '001', 2),
    store('sw', '010', 4),
    store('sd', '011', 8),

    immediate('addi', '000', (h) => h.rs1.add(h.imm)),
    immediate('slti', '010', (h) => h.rs1.ltS(h.imm).zext()),
    immediate('sltiu', '011', (h) => h.rs1.ltU(h.imm).zext()),
    immediate('xori', '100', (h) => h.rs1.xor(h.imm)),
    immediate('ori', '110', (h) => h.rs1.or(h.imm)),
    immediate('andi', '111', (h) => h.rs1.and(h.imm)),
    shift('slli', '000000', '001', (h) => h.rs1.shl(h.imm)),
    shift('srli', '000000', '101', (h) => h.rs1.shrU(h.imm)),
    shift('srai', '010000', '101', (h) => h.rs1.shrS(h.imm)),

    register('add', '0000000', '000', (h) => h.rs1.add(h.rs2)),
    register('sub', '0100000', '000', (h) => h.rs1.sub(h.rs2)),
    register('sll', '0000000', '001', (h) => h.rs1.shl(h.rs2)),
    register('slt', '0000000', '010', (h) => h.rs1.ltS(h.rs2).zext()),
    register('sltu', '0000000', '011', (h) => h.rs1.ltU(h.rs2).zext()),
    register('xor', '0000000', '100', (h) => h.rs1.xor(h.rs2)),
    register('srl', '0000000', '101', (h) => h.rs1.shrU(h.rs2)),
    register('sra', '0100000', '101', (h) => h.rs1.shrS(h.rs2)),
    register('or', '0000000', '110', (h) => h.rs1.or(h.rs2)),
    register('and', '0000000', '111', (h) => h.rs1.and(h.rs2)),

    plain('addiw rd, rs1, imm', 'imm[11:0] rs1 000 rd 0011011', (h) => (h.rd = h.rs1.add(h.imm).extend32())),
    shiftWord('slliw', '0000000', '001', (h) => h.rs1.shl(h.imm)),
    shiftWord('srliw', '0000000', '101', (h) => low32(h.rs1).shrU(h.imm)),
    shiftWord('sraiw', '0100000', '101', (h) => h.rs1.extend32().shrS(h.imm)),
    word('addw', '0000000', '000', (h) => h.rs1.add(h.rs2)),
    word('subw', '0100000', '000', (h) => h.rs1.sub(h.rs2)),
    word('sllw', '0000000', '001', (h) => h.rs1.shl(h.rs2.and(31))),
    word('srlw', '0000000', '101', (h) => low32(h.rs1).shrU(h.rs2.and(31))),
    word('sraw', '0100000', '101', (h) => h.rs1.extend32().shrS(h.rs2.and(31))),

    // FENCE and its hints: whatever pred, succ, fm, rs1 and rd say, ordering everything is allowed.
    plain('fence pred, succ', 'fm pred succ rs1 000 rd 0001111', (h) => h.fence()),
    system('ecall', '000000000000 00000 000 00000 1110011', (h) => h.ecall()),
    system('ebreak', '000000000001 00000 000 00000 1110011', (h) => h.ebreak()),
  ],
};

/** Zifencei, instruction-fetch fence. */
export const Zifencei: Extension = {
  name: 'zifencei',
  instructions: [system('fence.i', 'imm[11:0] rs1 001 rd 0001111', (h) => h.fenceI())],
};
