import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { extract, insert, parseEncoding, type Field } from './encoding.ts';

const field = (diagram: string, name: string): Field =>
  parseEncoding(diagram).fields.find((candidate) => candidate.name === name) as Field;

describe('a diagram', () => {
  test('gives mask and match of its fixed bits, and the length', () => {
    expect(parseEncoding('imm[11:0] rs1 000 rd 0010011')).toMatchObject({ length: 4, mask: 0x707f, match: 0x13 });
    expect(parseEncoding('100 1 00000 00000 10')).toMatchObject({ length: 2, mask: 0xffff, match: 0x9002 });
    expect(parseEncoding('1111111 rs2 rs1 111 rd 1111111').match).toBe(0xfe00_707f);
  });

  test('says where the pieces of an immediate stand', () => {
    const branch = field('imm[12|10:5] rs2 rs1 000 imm[4:1|11] 1100011', 'imm');
    expect(branch).toMatchObject({ signed: true, width: 13 });
    // The manual's example of a branch: bit 11 of the offset is bit 7 of the word.
    expect(extract(branch, 0x80)).toBe(0x800);
    expect(extract(branch, 0x8000_0000)).toBe(-4096);
    expect(extract(branch, 0xf00)).toBe(0x1e);
    expect(extract(branch, 0x7e00_0000)).toBe(0x7e0);
  });

  test('tells registers of the compressed formats, and what must not be zero', () => {
    const short = field("010 uimm[5:3] rs1' uimm[2|6] rd' 00", 'rd');
    expect([extract(short, 0), extract(short, 0x1c)]).toEqual([8, 15]);
    expect(() => insert(short, 0, 7)).toThrow(RangeError);
    const target = field('010 uimm[5] rd!=0 uimm[4:2|7:6] 10', 'rd');
    expect(() => insert(target, 0, 0)).toThrow('rd cannot be 0');
  });

  test('is refused when it has the wrong width or an unknown field', () => {
    expect(() => parseEncoding('imm[11:0] rs1 000 rd 001001')).toThrow();
    expect(() => parseEncoding('imm[11:0] rs1 000 target 0010011')).toThrow('no field is called target');
  });
});

test('a value that a field cannot hold is refused, and the rest of the word is kept', () => {
  const imm = field('imm[12|10:5] rs2 rs1 000 imm[4:1|11] 1100011', 'imm');
  for (const value of [4096, -4098, 1, 3]) expect(() => insert(imm, 0, value)).toThrow(RangeError);
  fc.assert(
    fc.property(fc.integer({ min: -2048, max: 2047 }), fc.integer({ min: 0, max: 0xffff_ffff }), (half, word) => {
      const changed = insert(imm, word, half * 2);
      expect(extract(imm, changed)).toBe(half * 2);
      expect((changed ^ word) & 0x01ff_f07f).toBe(0);
    }),
  );
});
