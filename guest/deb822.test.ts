import { describe, expect, it } from 'vitest';
import { parseParagraphs, words } from './deb822.ts';

const parse = (text: string) => [...parseParagraphs(text)].map((paragraph) => Object.fromEntries(paragraph));

describe('parseParagraphs', () => {
  it('separates paragraphs by empty lines, and joins continued ones', () => {
    expect(parse('A: 1\nB: x\n y\n  z\n\n\nA: 2\n')).toEqual([{ a: '1', b: 'x\ny\nz' }, { a: '2' }]);
  });

  it('leaves comments out, also amid a continued field', () => {
    expect(parse('# top\nURIs: a\n# between\n b\n')).toEqual([{ uris: 'a\nb' }]);
  });

  it('takes a value with colons, no final newline, and carriage returns', () => {
    expect(parse('Version: 1:2.3-4\r\nSize: 5')).toEqual([{ version: '1:2.3-4', size: '5' }]);
  });

  it('keeps the wanted fields alone', () => {
    const [paragraph] = parseParagraphs('A: 1\n more\nB: 2\n more\n', new Set(['b']));
    expect(Object.fromEntries(paragraph ?? [])).toEqual({ b: '2\nmore' });
  });

  it('gives the words of a list', () => {
    const [paragraph] = parseParagraphs('Suites: one\n two  three\n');
    expect(words(paragraph ?? new Map(), 'suites')).toEqual(['one', 'two', 'three']);
    expect(words(new Map(), 'suites')).toEqual([]);
  });
});
