import { describe, expect, it } from 'vitest';
import { readAr } from './ar.ts';
import { makeAr } from './testing/archives.ts';

describe('readAr', () => {
  it('gives back names and contents, also after one of odd length', () => {
    const archive = makeAr({
      'debian-binary': Buffer.from('2.0\n'),
      odd: Buffer.from('abc'),
      'data.tar.xz': Buffer.from('xyz!'),
    });
    const members = readAr(archive).map(({ name, data }) => [name, Buffer.from(data).toString()]);
    expect(members).toEqual([
      ['debian-binary', '2.0\n'],
      ['odd', 'abc'],
      ['data.tar.xz', 'xyz!'],
    ]);
  });

  it('takes the trailing slash of GNU names away', () => {
    expect(readAr(makeAr({ 'data.tar.xz/': new Uint8Array(2) }))[0]?.name).toBe('data.tar.xz');
  });

  it.each([
    ['no archive', Buffer.from('hello'), /no ar archive/],
    ['one cut short', makeAr({ a: Buffer.alloc(100) }).subarray(0, 120), /damaged/],
    [
      'a size that is no number',
      Buffer.from(
        makeAr({ a: Buffer.alloc(2) })
          .toString('latin1')
          .replace('2         ', 'x         '),
        'latin1',
      ),
      /damaged/,
    ],
  ])('refuses %s', (_what, bytes, message) => {
    expect(() => readAr(bytes)).toThrow(message);
  });
});
