/**
 * Random straight programs: instructions of every extension with operands chosen so that they touch only their own data,
 * forward branches and short loops among them. The same words run in every engine and in QEMU's user mode.
 *
 *   x3          middle of the data: the boundary of its two pages        x2 x8 x9    pointers into it, set before each use
 *   x4          loop counter                                             x31         the sequence's block, see image.ts
 */
import { assemble } from '../../isa/assemble.ts';
import { extract, insert, type Field } from '../../isa/encoding.ts';
import { instructions, rows, type Row } from '../../isa/table.ts';
import { csrNumber } from './assembler.ts';
import type { Random } from '../../hart/float/testing/operands.ts';

const POINTERS = [2, 8, 9];
const RESERVED = [2, 3, 4, 8, 9, 31];
const WRITABLE = Array.from({ length: 32 }, (_, i) => i).filter((i) => !RESERVED.includes(i));
const REGISTERS = /^(rd|rs|fd|fs)/;

const baseOf = (row: Row): string => instructions[row.number].mnemonic;
const isMemory = (row: Row): boolean => /^(l[bhwd]u?|s[bhwd]|f[ls][wd])$/.test(baseOf(row));
const isJump = (row: Row): boolean => instructions[row.number].kind === 'jump';
const isOther = (row: Row): boolean =>
  instructions[row.number].kind === 'system' || /^(lr|sc|amo\w*|cbo)\.|^fence|^c\.addi16sp/.test(row.mnemonic);
const isAmo = (row: Row): boolean => row.mnemonic.startsWith('amo');

/** Which instructions a sequence may hold. */
export interface Repertoire {
  readonly computing: readonly Row[];
  readonly memory: readonly Row[];
  readonly amo: readonly Row[];
  readonly branches: readonly Row[];
  readonly zeroesBlocks: boolean;
  /** Whether an SC may be of another width than the LR before it, which leaves its success to the implementation. */
  readonly mixesWidths: boolean;
}

/** Everything, without the named mnemonics. */
export function repertoire(without: ReadonlySet<string> = new Set(), mixesWidths = true): Repertoire {
  const usable = rows.filter((row) => !without.has(row.mnemonic));
  return {
    computing: usable.filter((row) => !isMemory(row) && !isJump(row) && !isOther(row)),
    memory: usable.filter(isMemory),
    amo: usable.filter(isAmo),
    branches: usable.filter((row) => isJump(row) && /^(c\.)?b/.test(row.mnemonic)),
    zeroesBlocks: !without.has('cbo.zero'),
    mixesWidths,
  };
}

const pick = <T>(random: Random, from: readonly T[]): T => from[random() % from.length];
const between = (random: Random, low: number, high: number): number => low + (random() % (high - low + 1));

function lengthOf(words: readonly number[]): number {
  return words.reduce((sum, word) => sum + ((word & 3) === 3 ? 4 : 2), 0);
}

/** A row's word with its fields drawn at random; `given` fixes some, by name. */
export function randomWord(random: Random, row: Row, given: Readonly<Record<string, number>> = {}): number {
  return row.encoding.fields.reduce((word, field) => {
    const fixed = given[field.name];
    return fixed === undefined ? randomField(random, field, word) : insert(field, word, fixed);
  }, row.encoding.match);
}

function randomField(random: Random, field: Field, word: number): number {
  const isTarget = field.name.startsWith('rd');
  if (isTarget || REGISTERS.test(field.name)) {
    const all = isTarget ? WRITABLE : Array.from({ length: 32 }, (_, i) => i);
    const fitting = all.filter((i) => (field.bias ? i >= 8 && i < 16 : i > 0 || !field.nonZero));
    return insert(field, word, pick(random, fitting));
  }
  if (field.name === 'rm') return insert(field, word, pick(random, [0, 1, 2, 3, 4, 7, 7, 7]));
  for (;;) {
    const bits = pick(random, [random(), random(), 0, 0xffff_ffff, 1 << (random() % 32)]);
    let result = word;
    for (const { from, width } of field.pieces) {
      const mask = ((2 ** width - 1) << from) >>> 0;
      result = ((result & ~mask) | (bits & mask)) >>> 0;
    }
    if (!field.nonZero || extract(field, result) !== 0) return result;
  }
}

const addi = (rd: number, rs1: number, imm: number): number => assemble('addi', { rd, rs1, imm });

export class SequenceGenerator {
  readonly #random: Random;
  readonly #rows: Repertoire;

  constructor(random: Random, rows: Repertoire) {
    this.#random = random;
    this.#rows = rows;
  }

  /** About so many instructions. */
  sequence(length: number): number[] {
    const words: number[] = [];
    while (words.length < length) words.push(...this.#unit(true));
    return words;
  }

  #units(count: number, mayLoop: boolean): number[] {
    return Array.from({ length: count }, () => this.#unit(mayLoop)).flat();
  }

  #unit(mayLoop: boolean): number[] {
    const random = this.#random;
    const draw = random() % 100;
    if (draw < 50) return [randomWord(random, pick(random, this.#rows.computing))];
    if (draw < 72) return this.#memory();
    if (draw < 77) return this.#amo();
    if (draw < 80) return this.#reserved();
    if (draw < 88) return this.#branch(mayLoop);
    if (draw < 92) return this.#jump(mayLoop);
    if (draw < 96) return this.#floatCsr();
    if (draw < 97) return this.#stackPointer();
    if (draw < 98) return [pick(random, [assemble('fence') | (random() & 0x0ff0_0000), assemble('fence.i')]) >>> 0];
    if (draw < 99 && this.#rows.zeroesBlocks) return this.#zeroBlock();
    return mayLoop ? this.#loop() : [];
  }

  /** Near the boundary of the pages one time in four, else anywhere within 2 KiB of it. */
  #memory(): number[] {
    const random = this.#random;
    const row = pick(random, this.#rows.memory);
    const rs1 = row.encoding.fields.find((field) => field.name === 'rs1');
    const pointer = row.fixed.rs1 ?? pick(random, rs1?.bias ? [8, 9] : POINTERS);
    const offset = row.encoding.fields.find((field) => /imm$/.test(field.name)) as Field;
    let word: number;
    do word = randomWord(random, row, { rs1: pointer });
    while (Math.abs(extract(offset, word)) > 1024);
    const imm = extract(offset, word);
    const place = pick(random, [
      -between(random, 1, 7) - imm,
      between(random, -1000, 1000),
      between(random, -99, 99) * 8,
    ]);
    return [addi(pointer, 3, place), word];
  }

  /** A slot that the width divides; a few of them often, so that atomics meet each other. */
  #slot(width: number): number {
    const random = this.#random;
    return random() & 1 ? between(random, -2, 2) * width : between(random, -128, 127) * width;
  }

  #amo(): number[] {
    const random = this.#random;
    const row = pick(random, this.#rows.amo);
    const rs1 = pick(random, POINTERS);
    return [addi(rs1, 3, this.#slot(row.mnemonic.endsWith('.w') ? 4 : 8)), randomWord(random, row, { rs1 })];
  }

  /** LR, something in between, and an SC that mostly fits it. */
  #reserved(): number[] {
    const random = this.#random;
    const rs1 = pick(random, POINTERS);
    const [letter, width] = pick(random, [['w', 4] as const, ['d', 8] as const]);
    const slot = this.#slot(width);
    const between: number[][] = [
      [],
      [],
      this.#computing(2),
      [addi(rs1, 3, this.#slot(width))],
      this.#amo(),
      this.#memory(),
    ];
    const other = this.#rows.mixesWidths && slot % 8 === 0 && letter === 'w' ? 'd' : 'w';
    const end = pick(random, [letter, letter, letter, this.#rows.mixesWidths ? other : letter]);
    const middle = pick(random, between);
    const again = random() % 4 ? [addi(rs1, 3, slot)] : [addi(rs1, 3, slot & -8)];
    const rowOf = (name: string): Row => rows.find((row) => row.mnemonic === name) as Row;
    return [
      addi(rs1, 3, slot),
      randomWord(random, rowOf(`lr.${letter}`), { rs1 }),
      ...middle,
      ...again,
      randomWord(random, rowOf(`sc.${end}`), { rs1 }),
    ];
  }

  #computing(count: number): number[] {
    return Array.from({ length: count }, () => randomWord(this.#random, pick(this.#random, this.#rows.computing)));
  }

  #branch(mayLoop: boolean): number[] {
    const random = this.#random;
    const inner = this.#units(between(random, 0, 4), mayLoop);
    const row = pick(random, this.#rows.branches);
    const size = lengthOf(inner) + row.encoding.length;
    if (row.encoding.length === 2 && size > 250) return inner;
    return [randomWord(random, row, { imm: size }), ...inner];
  }

  #jump(mayLoop: boolean): number[] {
    const random = this.#random;
    const inner = this.#units(between(random, 0, 3), mayLoop);
    const size = lengthOf(inner);
    const rd = pick(random, WRITABLE);
    const t = pick(
      random,
      WRITABLE.filter((i) => i > 0),
    );
    switch (random() % 5) {
      case 0:
        return [assemble('jal', { rd, imm: size + 4 }), ...inner];
      case 1:
        return [assemble('c.j', { imm: size + 2 }), ...inner];
      case 2:
        // Bit 0 of the target is cleared.
        return [
          assemble('auipc', { rd: t }),
          assemble('jalr', { rd, rs1: t, imm: size + 8 + (random() & 1) }),
          ...inner,
        ];
      default: {
        const jump = assemble(pick(random, ['c.jr', 'c.jalr']), { rs1: t });
        return [assemble('auipc', { rd: t }), addi(t, t, size + 10), jump, ...inner];
      }
    }
  }

  #loop(): number[] {
    const inner = this.#units(between(this.#random, 1, 6), false);
    const size = lengthOf(inner);
    return [
      addi(4, 0, between(this.#random, 1, 4)),
      ...inner,
      addi(4, 4, -1),
      assemble('bne', { rs1: 4, rs2: 0, imm: -(size + 4) }),
    ];
  }

  /** Modes written are legal, so that no later instruction is an illegal one. */
  #floatCsr(): number[] {
    const random = this.#random;
    const rd = pick(random, WRITABLE);
    const rs1 = random() % 32;
    const csr = (name: string): { rd: number; csr: number } => ({ rd, csr: csrNumber(name) });
    return [
      pick(random, [
        assemble('csrrwi', { ...csr('frm'), zimm: random() % 5 }),
        assemble('csrrci', { ...csr('frm'), zimm: random() % 32 }),
        assemble(pick(random, ['csrrw', 'csrrs', 'csrrc']), { ...csr('fflags'), rs1 }),
        assemble(pick(random, ['csrrwi', 'csrrsi', 'csrrci']), { ...csr('fflags'), zimm: random() % 32 }),
        assemble(pick(random, ['csrrwi', 'csrrsi', 'csrrci']), { ...csr('fcsr'), zimm: random() % 32 }),
        assemble('csrrs', csr(pick(random, ['fcsr', 'frm', 'fflags']))),
      ]),
    ];
  }

  #stackPointer(): number[] {
    const row = rows.find(({ mnemonic }) => mnemonic === 'c.addi16sp') as Row;
    const rd = pick(this.#random, WRITABLE);
    return [addi(2, 3, 0), randomWord(this.#random, row), addi(rd, 2, 0)];
  }

  #zeroBlock(): number[] {
    const rs1 = pick(this.#random, POINTERS);
    return [addi(rs1, 3, between(this.#random, -1024, 1023)), assemble('cbo.zero', { rs1 })];
  }
}
