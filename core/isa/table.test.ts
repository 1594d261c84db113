/** What the table promises, and that the decoder keeps it. */
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../hart/float/testing/operands.ts';
import { csrs } from './csr.ts';
import { blankDecoded, decode, mnemonicOf } from './decode.ts';
import { extract, insert, parseEncoding } from './encoding.ts';
import { checkTable, fixedBits, instructionNumber, instructions, isaExtensions, rows, type Row } from './table.ts';

const row = (mnemonic: string, diagram: string): Row => ({
  mnemonic,
  encoding: parseEncoding(diagram),
  number: 0,
  fixed: {},
});

describe('the table is refused', () => {
  test('when two encodings overlap and neither is a special case of the other', () => {
    const a = row('a', '0000000 rs2 rs1 000 rd 0110011');
    const b = row('b', 'imm[11:0] 00000 000 rd 0110011');
    expect(() => checkTable([a, b])).toThrow('a and b overlap');
    expect(() => checkTable([a, row('special', '0000000 00001 rs1 000 rd 0110011')])).not.toThrow();
  });

  test('when a mnemonic is declared twice', () => {
    const twice = [row('a', '0000000 rs2 rs1 000 rd 0110011'), row('a', '0000001 rs2 rs1 000 rd 0110011')];
    expect(() => checkTable(twice)).toThrow('declared twice');
  });

  test('when the low bits of an encoding say another length', () => {
    expect(() => checkTable([row('a', '0000000 rs2 rs1 000 rd 0110010')])).toThrow('a has the wrong length');
    expect(() => checkTable([row('a', "000 nzuimm[5:4|9:6|2|3] rd' 11")])).toThrow('a has the wrong length');
  });
});

/** The decoder without its index: the matching row that fixes most bits. */
function slowly(word: number): Row | undefined {
  const length = (word & 3) === 3 ? 4 : 2;
  return rows
    .filter(({ encoding }) => {
      if (encoding.length !== length || ((word ^ encoding.match) & encoding.mask) !== 0) return false;
      return encoding.fields.every((field) => !field.nonZero || extract(field, word) !== field.bias);
    })
    .sort((a, b) => fixedBits(b) - fixedBits(a))[0];
}

describe('the decoder', () => {
  test('finds what a search of the whole table finds: all words of 16 bits', () => {
    for (let word = 0; word < 0x1_0000; word++) {
      if ((word & 3) === 3) continue;
      if (mnemonicOf(word) !== slowly(word)?.mnemonic) throw new Error(`0x${word.toString(16)}`);
    }
  });

  test('finds what a search of the whole table finds: words of 32 bits at random and near the encodings', () => {
    const random = seededRandom(1);
    for (let i = 0; i < 20_000; i++) {
      const { encoding } = rows[random() % rows.length];
      const near = ((random() & ~encoding.mask) | encoding.match) ^ (random() & 1 ? 1 << (random() % 32) : 0);
      const word = ((random() & 1 ? random() : near) | 3) >>> 0;
      if (mnemonicOf(word) !== slowly(word)?.mnemonic) throw new Error(`0x${word.toString(16)}`);
    }
  });

  test('refuses words of zeros, of ones, reserved modes of rounding and reserved compressed encodings', () => {
    const reserved = {
      zeros: 0,
      ones: 0xffff_ffff,
      'fadd.s with mode 5': 0x0000_5053,
      'fadd.s with mode 6': 0x0000_6053,
      'c.addi4spn 0': 0x0008,
      'c.addiw x0': 0x2005,
      'c.addi16sp 0': 0x6101,
      'c.lui 0': 0x6281,
      'c.lwsp x0': 0x4012,
      'c.ldsp x0': 0x6012,
      'c.jr x0': 0x8002,
      'c.subw and reserved neighbours': 0x9c41,
      'slliw with shamt[5]': 0x0200_101b,
    };
    for (const [name, word] of Object.entries(reserved)) expect([name, decode(word).number]).toEqual([name, -1]);
  });

  test('takes hints for what they encode', () => {
    const hints = {
      'c.addi': 0x0281,
      'c.li': 0x4005,
      'c.lui': 0x6005,
      'c.mv': 0x800a,
      'c.add': 0x900a,
      'c.slli': 0x0006,
    };
    for (const [mnemonic, word] of Object.entries(hints)) expect(mnemonicOf(word)).toBe(mnemonic);
    // Zicbop's prefetches are ORI, and a pause is a FENCE.
    expect([mnemonicOf(0x0005_6013), mnemonicOf(0x0100_000f)]).toEqual(['ori', 'fence']);
  });

  test.each(rows)('reads the operands of $mnemonic as they were put there', (each) => {
    const random = seededRandom(3);
    for (let i = 0; i < 50; i++) {
      let word = each.encoding.match;
      const values = new Map<string, number>();
      for (const field of each.encoding.fields) {
        const drawn = draw(random, field);
        word = insert(field, word, drawn);
        values.set(field.name.replace(/^.*imm$|^shamt$|^csr$/, 'imm'), drawn);
      }
      if (values.get('rm') === 5 || values.get('rm') === 6 || mnemonicOf(word) !== each.mnemonic) continue;
      const decoded = decode(word, blankDecoded());
      const expected = {
        rd: values.get('rd') ?? values.get('fd') ?? values.get('rd/rs1') ?? each.fixed.rd ?? 0,
        rs1: values.get('rs1') ?? values.get('fs1') ?? values.get('rd/rs1') ?? each.fixed.rs1 ?? 0,
        rs2: values.get('rs2') ?? values.get('fs2') ?? each.fixed.rs2 ?? 0,
        rs3: values.get('fs3') ?? 0,
        rm: values.get('rm') ?? 0,
      };
      if (each.mnemonic.startsWith('csrr') && each.mnemonic.endsWith('i')) expected.rs1 = decoded.rs1;
      expect(decoded).toMatchObject({ number: each.number, length: each.encoding.length, ...expected });
      const isZimm = each.encoding.fields.some(({ name }) => name === 'zimm');
      if (!isZimm) expect(decoded.imm).toBe(values.get('imm') ?? each.fixed.imm ?? 0);
    }
  });
});

function draw(random: () => number, field: Row['encoding']['fields'][number]): number {
  for (;;) {
    let word = 0;
    const bits = random();
    for (const { from, width } of field.pieces) word |= bits & (((2 ** width - 1) << from) >>> 0);
    const value = extract(field, word >>> 0);
    if (!field.nonZero || value !== field.bias) return value;
  }
}

test('instructions are numbered by their place, and named once', () => {
  expect(instructions.map(({ mnemonic }) => instructionNumber(mnemonic))).toEqual([...instructions.keys()]);
  expect(() => instructionNumber('addq')).toThrow('no instruction is called addq');
});

test('CSRs have each number and name once', () => {
  expect(new Set(csrs.map(({ number }) => number)).size).toBe(csrs.length);
  expect(new Set(csrs.map(({ name }) => name)).size).toBe(csrs.length);
});

test('what the device tree advertises is every extension, base first', () => {
  expect(isaExtensions.slice(0, 6)).toEqual(['i', 'm', 'a', 'f', 'd', 'c']);
  expect(isaExtensions).toContain('svadu');
  expect(isaExtensions).not.toContain('privileged');
});
