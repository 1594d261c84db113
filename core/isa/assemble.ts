/** A test assembler: one instruction at a time, operands by name. */
import { insert } from './encoding.ts';
import { fieldOf, rows, type Row } from './table.ts';

/** Operands by field name; registers by number. Missing ones are 0. */
export type Operands = Readonly<
  Partial<Record<'rd' | 'rs1' | 'rs2' | 'fd' | 'fs1' | 'fs2' | 'fs3' | 'rm' | 'imm' | 'csr' | 'zimm', number>>
>;

const ALIASES: Readonly<Record<string, readonly string[]>> = {
  imm: ['imm', 'uimm', 'nzimm', 'nzuimm', 'shamt'],
  rd: ['rd', 'rd/rs1'],
};
const byMnemonic = new Map<string, Row>(rows.map((row) => [row.mnemonic, row]));

/**
 * The word of an instruction. Throws for an unknown mnemonic, an operand that it does not have, or a value that does
 * not fit.
 */
export function assemble(mnemonic: string, operands: Operands = {}): number {
  const row = byMnemonic.get(mnemonic);
  if (!row) throw new Error(`no instruction is called ${mnemonic}`);
  let word = row.encoding.match;
  for (const [name, value] of Object.entries(operands)) {
    const field = fieldOf(row, ...(ALIASES[name] ?? [name]));
    if (!field) throw new Error(`${mnemonic} has no operand ${name}`);
    word = insert(field, word, value);
  }
  return word >>> 0;
}

/** Bytes of a program: words by their own length, little-endian. */
export function program(words: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  for (const word of words) {
    bytes.push(word & 0xff, (word >>> 8) & 0xff);
    if ((word & 3) === 3) bytes.push((word >>> 16) & 0xff, word >>> 24);
  }
  return Uint8Array.from(bytes);
}
