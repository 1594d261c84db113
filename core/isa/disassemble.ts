/** The text of an instruction, in the manual's operand order. */
import { decode, mnemonicOf, type Decoded, type RegisterFile } from './decode.ts';
import { csrName } from './csr.ts';
import { instructions } from './table.ts';

const X = 'zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6'.split(
  ' ',
);
const F =
  'ft0 ft1 ft2 ft3 ft4 ft5 ft6 ft7 fs0 fs1 fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 fs2 fs3 fs4 fs5 fs6 fs7 fs8 fs9 fs10 fs11 ft8 ft9 ft10 ft11'.split(
    ' ',
  );
const ROUNDING = ['rne', 'rtz', 'rdn', 'rup', 'rmm', '?', '?', 'dyn'];

const register = (file: RegisterFile, number: number): string => (file === 'x' ? X : F)[number];

/**
 * Disassembles one word. A compressed instruction shows its own mnemonic and the operands of what it expands to.
 * `address` makes branch targets absolute.
 */
export function disassemble(word: number, address?: bigint): string {
  const decoded = decode(word);
  const instruction = instructions[decoded.number];
  if (!instruction) return `.${decoded.length === 4 ? '4' : '2'}byte 0x${word.toString(16)}`;
  const isTarget = instruction.kind === 'jump' && instruction.mnemonic !== 'jalr';
  const operands = instruction.operands.replace(/[a-z]+\d?/g, (name) => {
    if (name === 'imm' && isTarget && address !== undefined) return `0x${(address + BigInt(decoded.imm)).toString(16)}`;
    return operandText(name, decoded, word);
  });
  return `${mnemonicOf(word)} ${operands}`.trim();
}

function operandText(name: string, decoded: Decoded, word: number): string {
  switch (name) {
    case 'rd':
    case 'fd':
      return register(decoded.rdFile, decoded.rd);
    case 'rs1':
    case 'fs1':
      return register(decoded.rs1File, decoded.rs1);
    case 'rs2':
    case 'fs2':
      return register(decoded.rs2File, decoded.rs2);
    case 'fs3':
      return register('f', decoded.rs3);
    case 'rm':
      return ROUNDING[decoded.rm];
    case 'zimm':
      return String(decoded.rs1);
    case 'csr':
      return csrName(decoded.imm);
    case 'pred':
      return fenceSet((word >>> 24) & 15);
    case 'succ':
      return fenceSet((word >>> 20) & 15);
    default:
      return String(decoded.imm);
  }
}

function fenceSet(bits: number): string {
  const letters = ['w', 'r', 'o', 'i'].filter((_, i) => (bits >> i) & 1);
  return letters.reverse().join('') || '0';
}
