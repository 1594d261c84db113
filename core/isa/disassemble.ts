/** The text of an instruction, in the manual's operand order. */
import { decode, mnemonicOf, type Decoded, type RegisterFile } from './decode.ts';
import { csrName } from './csr.ts';
import { F_NAMES, X_NAMES } from './register-names.ts';
import { instructions } from './table.ts';

const ROUNDING = ['rne', 'rtz', 'rdn', 'rup', 'rmm', '?', '?', 'dyn'];

const register = (file: RegisterFile, number: number): string => (file === 'x' ? X_NAMES : F_NAMES)[number];

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
