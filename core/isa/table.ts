/**
 * The instruction table: every extension's instructions in one list, checked, with the indexes that the decoder,
 * the interpreter, the disassembler and the assembler use. What the device tree advertises comes from here too.
 */
import type { Field } from './encoding.ts';
import type { Compressed, Extension, Instruction } from './instruction.ts';
import { A } from './extensions/a.ts';
import { C } from './extensions/c.ts';
import { DExtension, F } from './extensions/fd.ts';
import { I, Zifencei } from './extensions/i.ts';
import { M } from './extensions/m.ts';
import { Privileged, Svinval, Zicbom, Zicboz, Zicsr } from './extensions/system.ts';
import { Zba, Zbb, Zbs, Zicond } from './extensions/zb.ts';

const extensions: readonly Extension[] = [
  ...[I, M, A, F, DExtension, C, Zicsr, Zifencei, Zicond, Zba, Zbb, Zbs, Zicbom, Zicboz],
  ...[Svinval, Privileged],
];

/** Every instruction; its place is its number. */
export const instructions: readonly Instruction[] = extensions.flatMap((extension) => extension.instructions);
/** Every compressed encoding. */
export const compressedInstructions: readonly Compressed[] = extensions.flatMap(
  (extension) => extension.compressed ?? [],
);

/** Extensions without instructions of their own: registers, page-table bits, or hints in other encodings. */
const WITHOUT_INSTRUCTIONS = ['zicbop', 'zicntr', 'zihpm', 'sstc', 'svadu', 'svpbmt'];

/** Names for `riscv,isa-extensions`, as implemented. */
export const isaExtensions: readonly string[] = [
  ...extensions.map((extension) => extension.name).filter((name) => name !== 'privileged'),
  ...WITHOUT_INSTRUCTIONS,
];

/** The number of an instruction. Throws for an unknown mnemonic. */
export function instructionNumber(mnemonic: string): number {
  const number = numbers.get(mnemonic);
  if (number === undefined) throw new Error(`no instruction is called ${mnemonic}`);
  return number;
}

/** An encoding, and the instruction that it executes as. */
export interface Row {
  readonly mnemonic: string;
  readonly encoding: Instruction['encoding'];
  /** Number of the base instruction. */
  readonly number: number;
  readonly fixed: Compressed['fixed'];
}

const numbers = new Map(instructions.map((instruction, number) => [instruction.mnemonic, number]));

/** All encodings, base and compressed. */
export const rows: readonly Row[] = [
  ...instructions.map(({ mnemonic, encoding }, number) => ({ mnemonic, encoding, number, fixed: {} })),
  ...compressedInstructions.map(({ mnemonic, encoding, expandsTo, fixed }) => ({
    mnemonic,
    encoding,
    number: instructionNumber(expandsTo),
    fixed,
  })),
];

/** Bits that a row fixes: the more, the more special. */
export function fixedBits(row: Row): number {
  let bits = 0;
  for (let mask = row.encoding.mask; mask !== 0; mask &= mask - 1) bits++;
  return bits;
}

/**
 * Throws when two encodings overlap and neither is a special case of the other, when two instructions share a
 * mnemonic, or when a 32-bit encoding does not end in 11 or a 16-bit one does.
 */
export function checkTable(all: readonly Row[]): void {
  if (new Set(all.map((row) => row.mnemonic)).size !== all.length) throw new Error('a mnemonic is declared twice');
  for (const row of all) {
    const { mask, match, length } = row.encoding;
    const isLong = (mask & 3) === 3 && (match & 3) === 3;
    if (isLong !== (length === 4)) throw new Error(`${row.mnemonic} has the wrong length for its low bits`);
  }
  all.forEach((a, i) => {
    for (const b of all.slice(i + 1)) {
      if (a.encoding.length !== b.encoding.length) continue;
      const common = (a.encoding.mask & b.encoding.mask) >>> 0;
      const apart = ((a.encoding.match ^ b.encoding.match) & common) !== 0;
      if (!apart && common !== a.encoding.mask && common !== b.encoding.mask) {
        throw new Error(`${a.mnemonic} and ${b.mnemonic} overlap`);
      }
    }
  });
}

checkTable(rows);

/** The field of a row that holds an operand, if it has one. */
export function fieldOf(row: Row, ...names: readonly string[]): Field | undefined {
  return row.encoding.fields.find((field) => names.includes(field.name));
}
