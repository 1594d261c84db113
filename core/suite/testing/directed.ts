/**
 * Directed cases: every row of the table over edges of its operands. A case applies one row to many combinations, and
 * stores each result (and for floating point `fflags`) in its window.
 */
import { assemble } from '../../isa/assemble.ts';
import { insert } from '../../isa/encoding.ts';
import { instructions, rows, type Row } from '../../isa/table.ts';
import { specialOperands, type Random } from '../../hart/float/testing/operands.ts';
import { csrNumber } from './assembler.ts';
import type { TestCase } from './image.ts';
import { randomFloat, randomInteger } from './inputs.ts';
import { randomWord } from './sequence.ts';

/** Registers that hold edges, and the ones that operands are moved to, which compressed instructions reach too. */
const SOURCES = [1, 6, 7, ...Array.from({ length: 15 }, (_, i) => 16 + i)];
const FLOAT_SOURCES = [...Array.from({ length: 10 }, (_, i) => i), ...Array.from({ length: 18 }, (_, i) => 14 + i)];
const OPERANDS: Readonly<Record<string, number>> = { rs1: 10, rs2: 11, fs1: 10, fs2: 11, fs3: 13, rd: 12, fd: 12 };
const POINTER = 9;
const BASE = 3;
const SCRATCH = 5;
/** Results go from here to the end of what a store reaches. */
const FIRST_RESULT = 256;
const LAST_RESULT = 2040;
/** Results of one combination, at most. */
const RESULTS = 4;

const INTEGERS = [
  ...[0n, 1n, 2n, -1n, -2n, 31n, 32n, 63n, 64n, 1n << 63n, (1n << 63n) - 1n, 1n << 31n, (1n << 31n) - 1n],
  ...[-(1n << 31n), 0xffff_ffffn, 0x1_0000_0000n, 0x8080_8080_8080_8080n, 0x0123_4567_89ab_cdefn],
].map((value) => BigInt.asUintN(64, value));
const BOX = 0xffff_ffff_0000_0000n;
const FLOATS = [...specialOperands('f64', true), ...specialOperands('f32', true).map((bits) => BOX | bits)];

const move = (rd: number, rs1: number): number => assemble('addi', { rd, rs1 });
const moveFloat = (fd: number, fs: number): number => assemble('fsgnj.d', { fd, fs1: fs, fs2: fs });

class CaseWriter {
  readonly words: number[] = [];
  #next = FIRST_RESULT;
  get isFull(): boolean {
    return this.#next > LAST_RESULT - 8 * (RESULTS - 1);
  }
  put(...words: number[]): void {
    this.words.push(...words);
  }
  store(register: number, file: 'x' | 'f' = 'x'): void {
    const [name, field] = file === 'x' ? ['sd', 'rs2'] : ['fsd', 'fs2'];
    this.put(assemble(name, { rs1: BASE, [field]: register, imm: this.#next }));
    this.#next += 8;
  }
}

type Write = (w: CaseWriter, random: Random, row: Row) => void;

/** What writes combinations of a row; none for jumps, fences, CSRs and what traps or changes modes. */
function writerOf(row: Row): Write | undefined {
  const { kind, mnemonic } = instructions[row.number];
  if (/^(l[bhwd]u?|s[bhwd]|f[ls][wd])$/.test(mnemonic)) return memory;
  if (mnemonic.startsWith('amo')) return atomic;
  if (/^(lr|sc)\./.test(mnemonic)) return reservation;
  if (/^b/.test(mnemonic) && kind === 'jump') return branch;
  if (mnemonic === 'cbo.zero') return zeroBlock;
  return kind !== 'plain' || /^(cbo|fence)/.test(mnemonic) ? undefined : computing;
}

/** All rows that {@link directedCases} has cases for. */
export const directedRows: readonly Row[] = rows.filter((row) => writerOf(row) !== undefined);

/** So many cases for one row, of some hundred combinations each. */
export function directedCases(random: Random, row: Row, count: number): TestCase[] {
  const write = writerOf(row);
  if (!write) return [];
  return Array.from({ length: count }, () => {
    const w = new CaseWriter();
    while (!w.isFull) write(w, random, row);
    return { words: w.words, input: edgeInput(random) };
  });
}

function edgeInput(random: Random): TestCase['input'] {
  const x = Array.from({ length: 31 }, () => randomInteger(random));
  SOURCES.forEach((register, i) => (x[register] = INTEGERS[i]));
  const f = Array.from({ length: 32 }, () => FLOATS[random() % FLOATS.length]);
  for (let i = 0; i < 6; i++) f[FLOAT_SOURCES[random() % FLOAT_SOURCES.length]] = randomFloat(random);
  const window = Array.from({ length: 61 }, () => randomInteger(random));
  return { x, f, fcsr: (random() % 5) << 5, window };
}

function source(random: Random): number {
  return SOURCES[random() % SOURCES.length];
}
function floatSource(random: Random): number {
  return FLOAT_SOURCES[random() % FLOAT_SOURCES.length];
}

/** The row's word with operands in their places, immediates and modes at random. */
function wordOf(random: Random, row: Row, given: Readonly<Record<string, number>> = {}): number {
  const places: Record<string, number> = {};
  for (const { name } of row.encoding.fields) {
    if (name === 'rd/rs1') places[name] = OPERANDS['rs1'];
    else if (name in OPERANDS) places[name] = OPERANDS[name];
  }
  return randomWord(random, row, { ...places, ...given });
}

function computing(w: CaseWriter, random: Random, row: Row): void {
  const names = row.encoding.fields.map(({ name }) => name);
  const isFloat = names.some((name) => name.startsWith('f')) || /^f/.test(row.mnemonic);
  for (const name of ['rs1', 'rs2']) if (names.includes(name)) w.put(move(OPERANDS[name], source(random)));
  if (names.includes('rd/rs1')) w.put(move(OPERANDS['rs1'], source(random)));
  for (const name of ['fs1', 'fs2', 'fs3']) {
    if (names.includes(name)) w.put(moveFloat(OPERANDS[name], floatSource(random)));
  }
  if (row.fixed.rs1 === 2) w.put(move(2, source(random)));
  w.put(wordOf(random, row));
  if (names.includes('fd')) w.store(OPERANDS['fd'], 'f');
  else w.store(row.fixed.rd ?? (names.includes('rd/rs1') ? OPERANDS['rs1'] : OPERANDS['rd']));
  if (isFloat) {
    w.put(assemble('csrrw', { rd: SCRATCH, csr: csrNumber('fflags') }));
    w.store(SCRATCH);
  }
}

/** All alignments, on both sides of the page's end and over it. */
function memory(w: CaseWriter, random: Random, row: Row): void {
  const pointer = row.fixed.rs1 ?? POINTER;
  const names = row.encoding.fields.map(({ name }) => name);
  const place = (random() % 33) - 16;
  const word = wordOf(random, row, { ...(names.includes('rs1') ? { rs1: pointer } : {}) });
  const immediate = row.encoding.fields.find(({ name }) => /imm$/.test(name));
  // The immediate is one of few, so that the pointer can make up for it with one instruction.
  const imm = immediate ? [0, 8, 16, 64, 120][random() % 5] : 0;
  const placed = immediate ? insert(immediate, word, imm) : word;
  w.put(assemble('addi', { rd: pointer, rs1: BASE, imm: place - imm }));
  if (names.includes('rs2')) w.put(move(OPERANDS['rs2'], source(random)));
  if (names.includes('fs2')) w.put(moveFloat(OPERANDS['fs2'], floatSource(random)));
  w.put(placed);
  if (names.includes('rd')) w.store(OPERANDS['rd']);
  if (names.includes('fd')) w.store(OPERANDS['fd'], 'f');
  if (!names.includes('rd') && !names.includes('fd')) {
    w.put(assemble('ld', { rd: SCRATCH, rs1: BASE, imm: place & -8 }));
    w.store(SCRATCH);
  }
}

/** An edge in memory, an edge as operand: the old value and the new. */
function atomic(w: CaseWriter, random: Random, row: Row): void {
  const imm = row.mnemonic.endsWith('.w') && random() & 1 ? 4 : 0;
  w.put(assemble('sd', { rs1: BASE, rs2: source(random), imm: -8 }));
  w.put(assemble('addi', { rd: POINTER, rs1: BASE, imm: imm - 8 }), move(OPERANDS['rs2'], source(random)));
  w.put(wordOf(random, row, { rs1: POINTER }));
  w.store(OPERANDS['rd']);
  w.put(assemble('ld', { rd: SCRATCH, rs1: BASE, imm: -8 }));
  w.store(SCRATCH);
}

/** LR, then SC: to the same place, to another, twice, or after the value was changed. */
function reservation(w: CaseWriter, random: Random, row: Row): void {
  const letter = row.mnemonic.slice(-1);
  const rowOf = (name: string): Row => rows.find(({ mnemonic }) => mnemonic === `${name}.${letter}`) as Row;
  const at = (imm: number): number => assemble('addi', { rd: POINTER, rs1: BASE, imm });
  w.put(assemble('sd', { rs1: BASE, rs2: source(random), imm: -16 }), at(-16));
  w.put(wordOf(random, rowOf('lr'), { rs1: POINTER }));
  w.store(OPERANDS['rd']);
  const between = random() % 4;
  if (between === 1) w.put(at(-24));
  if (between === 2) w.put(assemble('xori', { rd: SCRATCH, rs1: OPERANDS['rd'], imm: 1 }));
  if (between === 2) w.put(assemble('sd', { rs1: BASE, rs2: SCRATCH, imm: -16 }));
  for (let i = between === 3 ? 2 : 1; i > 0; i--) {
    w.put(move(OPERANDS['rs2'], source(random)), wordOf(random, rowOf('sc'), { rs1: POINTER }));
    w.store(OPERANDS['rd']);
  }
  w.put(assemble('ld', { rd: SCRATCH, rs1: BASE, imm: -16 }));
  w.store(SCRATCH);
}

function branch(w: CaseWriter, random: Random, row: Row): void {
  const names = row.encoding.fields.map(({ name }) => name);
  w.put(move(OPERANDS['rs1'], source(random)));
  if (names.includes('rs2')) w.put(move(OPERANDS['rs2'], source(random)));
  w.put(assemble('addi', { rd: OPERANDS['rd'] }));
  w.put(wordOf(random, row, { imm: row.encoding.length + 4 }), assemble('addi', { rd: OPERANDS['rd'], imm: 1 }));
  w.store(OPERANDS['rd']);
}

function zeroBlock(w: CaseWriter, random: Random, row: Row): void {
  w.put(assemble('addi', { rd: POINTER, rs1: BASE, imm: -((random() % 1024) + 1) }));
  w.put(wordOf(random, row, { rs1: POINTER }));
  w.put(assemble('ld', { rd: SCRATCH, rs1: POINTER }));
  w.store(SCRATCH);
}
