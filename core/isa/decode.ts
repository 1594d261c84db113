/** From an instruction word to its number and operands. Used once for each instruction that the interpreter meets. */
import { extract, type Field } from './encoding.ts';
import { fieldOf, fixedBits, instructionNumber, rows, type Row } from './table.ts';

/** Which register file an operand names. */
export type RegisterFile = 'x' | 'f';

/** A decoded instruction. Operands that it does not have are 0. */
export interface Decoded {
  /** Index into `instructions`, or -1 for a word that is none. */
  number: number;
  length: 2 | 4;
  rd: number;
  rs1: number;
  rs2: number;
  rs3: number;
  rm: number;
  /** Immediate, shift amount, or CSR number. */
  imm: number;
  /** Which files rd, rs1, rs2 are in. */
  rdFile: RegisterFile;
  rs1File: RegisterFile;
  rs2File: RegisterFile;
}

interface Operand {
  readonly field: Field | undefined;
  readonly fixed: number;
  readonly file: RegisterFile;
}
interface Candidate {
  readonly row: Row;
  readonly rd: Operand;
  readonly rs1: Operand;
  readonly rs2: Operand;
  readonly rs3: Operand;
  readonly rm: Operand;
  readonly imm: Operand;
  readonly nonZero: readonly Field[];
}

const operandOf = (row: Row, fixed: number | undefined, ...names: string[]): Operand => {
  const field = fieldOf(row, ...names);
  return { field, fixed: fixed ?? 0, file: field?.name.startsWith('f') ? 'f' : 'x' };
};

const candidates: readonly Candidate[] = rows
  .map((row) => ({
    row,
    rd: operandOf(row, row.fixed.rd, 'rd', 'fd', 'rd/rs1'),
    rs1: operandOf(row, row.fixed.rs1, 'rs1', 'fs1', 'rd/rs1', 'zimm'),
    rs2: operandOf(row, row.fixed.rs2, 'rs2', 'fs2'),
    rs3: operandOf(row, undefined, 'fs3'),
    rm: operandOf(row, undefined, 'rm'),
    imm: operandOf(row, row.fixed.imm, 'imm', 'uimm', 'nzimm', 'nzuimm', 'shamt', 'csr'),
    nonZero: row.encoding.fields.filter((field) => field.nonZero),
  }))
  .sort((a, b) => fixedBits(b.row) - fixedBits(a.row));

/** Candidates by the bits that tell most apart: opcode and funct3, or quadrant and the top three bits. */
const buckets: readonly (readonly Candidate[])[] = Array.from({ length: 256 + 32 }, (_, key) => {
  const word =
    key < 256 ? ((key & 0x1f) << 2) | 3 | ((key >> 5) << 12) : ((key - 256) & 3) | (((key - 256) >> 2) << 13);
  const known = key < 256 ? 0x707f : 0xe003;
  const length = key < 256 ? 4 : 2;
  return candidates.filter(({ row: { encoding } }) => {
    return encoding.length === length && ((word ^ encoding.match) & encoding.mask & known) === 0;
  });
});

const matches = ({ row: { encoding }, nonZero }: Candidate, word: number): boolean => {
  if (((word ^ encoding.match) & encoding.mask) !== 0) return false;
  for (const field of nonZero) if (extract(field, word) - field.bias === 0) return false;
  return true;
};

const value = (operand: Operand, word: number): number =>
  operand.field ? extract(operand.field, word) : operand.fixed;

/** True when the 16 bits begin a 32-bit instruction. */
export function isLong(parcel: number): boolean {
  return (parcel & 3) === 3;
}

/** A blank to decode into. */
export function blankDecoded(): Decoded {
  const none = { rd: 0, rs1: 0, rs2: 0, rs3: 0, rm: 0, imm: 0 };
  return { number: -1, length: 4, ...none, rdFile: 'x', rs1File: 'x', rs2File: 'x' };
}

/** Finds the table row of a word (16 bits for a compressed one). */
function find(word: number): Candidate | undefined {
  const key = isLong(word)
    ? ((word >>> 2) & 0x1f) | (((word >>> 12) & 7) << 5)
    : 256 + ((word & 3) | (((word >>> 13) & 7) << 2));
  for (const candidate of buckets[key]) if (matches(candidate, word)) return candidate;
  return undefined;
}

/** Decodes a word into `into` and returns it; for an unknown word its number is -1. */
export function decode(word: number, into: Decoded = blankDecoded()): Decoded {
  const found = find(word);
  into.length = isLong(word) ? 4 : 2;
  if (!found) {
    into.number = -1;
    return into;
  }
  into.number = found.row.number;
  into.rd = value(found.rd, word);
  into.rs1 = value(found.rs1, word);
  into.rs2 = value(found.rs2, word);
  into.rs3 = value(found.rs3, word);
  into.rm = value(found.rm, word);
  into.imm = value(found.imm, word);
  into.rdFile = found.rd.file;
  into.rs1File = found.rs1.file;
  into.rs2File = found.rs2.file;
  // The mode of a conversion to or from a static rounding must be valid or dynamic; 5 and 6 are reserved.
  if (found.rm.field && (into.rm === 5 || into.rm === 6)) into.number = -1;
  return into;
}

/** The mnemonic that a word was written with, compressed ones included. */
export function mnemonicOf(word: number): string | undefined {
  return find(word)?.row.mnemonic;
}

export { instructionNumber };
