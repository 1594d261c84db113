/**
 * Random programs of everything that can be compiled, many of whose accesses fault: addresses come from a few pointers
 * with any offset. Control only goes forward, but for loops that are counted, so every program ends.
 *
 *   x2 x8 x9 x10 x11   pointers, never written          x4        loop counter
 *   x28 x29            pointers that loops step         x30       how far, or anything
 */
import { assemble } from '../../isa/assemble.ts';
import { FLOAT_CSRS } from '../../isa/csr.ts';
import { insert, type Field } from '../../isa/encoding.ts';
import { instructions, rows, type Row } from '../../isa/table.ts';
import type { Random } from '../../hart/float/testing/operands.ts';

export const POINTERS = [2, 8, 9, 10, 11];
const STEPPED = [28, 29];
const KEPT = [4, ...POINTERS, ...STEPPED, 30];

const kindOf = (row: Row): string => instructions[row.number].kind;
const plainRows = rows.filter((row) => kindOf(row) === 'plain');
const branchRows = rows.filter((row) => kindOf(row) === 'jump' && /^(c\.)?b/.test(row.mnemonic));
const loadRows = plainRows.filter((row) => /^f?l[bhwd]u?$/.test(row.mnemonic));
const storeRows = plainRows.filter((row) => /^f?s[bhwd]$/.test(row.mnemonic));
const csrRows = rows.filter((row) => row.mnemonic.startsWith('csrr'));
const isAccess = (row: Row): boolean => /\(rs1\)/.test(instructions[row.number].operands);

const pick = <T>(random: Random, from: readonly T[]): T => from[random() % from.length];
const sizeOf = (words: readonly number[]): number => words.reduce((sum, word) => sum + ((word & 3) === 3 ? 4 : 2), 0);

function field(random: Random, row: Row, { name, ...rest }: Field): number {
  const bounded = (candidates: readonly number[]): number =>
    pick(
      random,
      candidates.filter((n) => (rest.bias ? n >= 8 && n < 16 : true) && (n !== 0 || !rest.nonZero)),
    );
  const all = Array.from({ length: 32 }, (_, n) => n);
  if (name.startsWith('rd')) return bounded(all.filter((n) => !KEPT.includes(n)));
  if (name === 'rs1' && isAccess(row) && random() % 8 !== 0) return bounded(POINTERS);
  if (/^(rs|fd|fs)/.test(name)) return bounded(all);
  if (name === 'rm') return pick(random, [0, 1, 2, 3, 4, 7, 7]);
  const low = Math.min(...rest.pieces.map((piece) => piece.to));
  const bits = rest.width - low;
  for (;;) {
    const raw = pick(random, [random(), random() % 16, 0]) % 2 ** bits;
    const signed = rest.signed && raw >= 2 ** (bits - 1) ? raw - 2 ** bits : raw;
    if (signed !== 0 || !rest.nonZero) return signed * 2 ** low;
  }
}

/** A row's word with its fields drawn at random; `given` fixes some, by name. */
function word(random: Random, row: Row, given: Readonly<Record<string, number>> = {}): number {
  return row.encoding.fields.reduce(
    (bits, part) => insert(part, bits, given[part.name] ?? field(random, row, part)),
    row.encoding.match,
  );
}

/** About so many instructions. */
export function randomProgram(random: Random, length: number, mayLoop = true): number[] {
  const words: number[] = [];
  while (words.length < length) words.push(...unit(random, mayLoop));
  return words;
}

function unit(random: Random, mayLoop: boolean): number[] {
  const inner = (most: number): number[] => randomProgram(random, random() % (most + 1), false);
  switch (random() % 16) {
    case 0: {
      const row = pick(random, branchRows);
      const skipped = inner(4);
      return [word(random, row, { imm: row.encoding.length + sizeOf(skipped) }), ...skipped];
    }
    case 1: {
      const skipped = inner(3);
      return [assemble('jal', { rd: pick(random, [0, 1, 5]), imm: 4 + sizeOf(skipped) }), ...skipped];
    }
    case 2: {
      const skipped = inner(3);
      const imm = 8 + sizeOf(skipped) + (random() & 1);
      return [assemble('auipc', { rd: 6 }), assemble('jalr', { rd: pick(random, [0, 1, 6]), rs1: 6, imm }), ...skipped];
    }
    case 3: {
      if (!mayLoop) return [];
      const body = inner(6);
      const back = assemble('bne', { rs1: 4, rs2: 0, imm: -(sizeOf(body) + 4) });
      return [
        assemble('addi', { rd: 4, imm: 1 + (random() % 3) }),
        ...body,
        assemble('addi', { rd: 4, rs1: 4, imm: -1 }),
        back,
      ];
    }
    case 4: {
      const low = ((random() % 4096) - 2048) | 0;
      return [
        assemble(pick(random, ['lui', 'auipc']), { rd: 7, imm: (random() & 0xfff) * 4096 }),
        assemble('addi', { rd: 7, rs1: 7, imm: low }),
      ];
    }
    case 5:
      return [word(random, pick(random, csrRows), { csr: pick(random, [...FLOAT_CSRS]) })];
    case 6:
      return mayLoop ? steppingLoop(random) : [];
    default:
      return [word(random, pick(random, plainRows))];
  }
}

/** A loop that steps through memory, up or down, over the ends of pages. */
function steppingLoop(random: Random): number[] {
  const registers = STEPPED.slice(random() & 1);
  const step = (): number => pick(random, [1, 2, 4, 8, 8, 24, 104, 256, 520, 2000]) * pick(random, [1, 1, 1, -1]);
  const access = (): number =>
    word(random, pick(random, random() & 1 ? loadRows : storeRows), {
      rs1: pick(random, registers),
      imm: pick(random, [0, 0, 8, -8, -3, 16, 100]),
    });
  const by = random() % 4;
  const steps = registers.map((register, i) =>
    i === 0 && by === 0
      ? assemble('add', { rd: register, rs1: register, rs2: 30 })
      : assemble('addi', { rd: register, rs1: register, imm: step() }),
  );
  const parts = [
    ...Array.from({ length: 1 + (random() % 4) }, () => [access()]),
    ...(random() % 3 === 0 ? [randomProgram(random, random() % 4, false)] : []),
    ...steps.map((word) => [word]),
  ];
  const body = shuffled(random, parts).flat();
  return [
    ...registers.map((register) => assemble('addi', { rd: register, rs1: pick(random, POINTERS) })),
    assemble('addi', { rd: 30, imm: pick(random, [0, 1, 4, 8, 40, 300, 1000, -8]) }),
    assemble('addi', { rd: 4, imm: 3 + (random() % 60) }),
    ...body,
    assemble('addi', { rd: 4, rs1: 4, imm: -1 }),
    assemble('bne', { rs1: 4, rs2: 0, imm: -(sizeOf(body) + 4) }),
  ];
}

function shuffled<T>(random: Random, from: readonly T[]): T[] {
  const left = [...from];
  return from.map(() => left.splice(random() % left.length, 1)[0]);
}
