import { expect, test } from 'vitest';
import { parseSeconds, parseSize, parseWhole } from './size.ts';

test.each([
  ['512M', 512 * 2 ** 20],
  ['2G', 2 * 2 ** 30],
  ['64MiB', 64 * 2 ** 20],
  ['64mb', 64 * 2 ** 20],
  ['1.5g', 1.5 * 2 ** 30],
  ['512', 512 * 2 ** 20],
  ['2048k', 2 ** 21],
  ['4096B', 4096],
  [' 1T ', 2 ** 40],
])('the size %s is %i bytes', (text, bytes) => {
  expect(parseSize(text, '-m')).toBe(bytes);
});

test.each(['', 'M', '0', '-1M', '1e9', '512X', '1MM', '0x10M', 'NaN', '1 2M', '99999999T', '0.0000001k'])(
  'the size "%s" is none, and the message says what one is',
  (text) => {
    expect(() => parseSize(text, '-m')).toThrow(`-m takes a size such as 512M, 2G or 64MiB, not "${text}"`);
  },
);

test('whole numbers have a range', () => {
  expect(parseWhole('8', '-c', 1, 8)).toBe(8);
  for (const text of ['0', '9', '-1', '1.5', '', 'two', ' 1']) {
    expect(() => parseWhole(text, '-c', 1, 8)).toThrow(`-c takes a whole number from 1 to 8, not "${text}"`);
  }
});

test('seconds may have fractions, and are more than none', () => {
  expect([parseSeconds('60', ''), parseSeconds('2.5', ''), parseSeconds('.5', '')]).toEqual([60, 2.5, 0.5]);
  for (const text of ['0', '-1', '', '1s', '1e3', '9999999999']) {
    expect(() => parseSeconds(text, '--timeout')).toThrow('--timeout takes a number of seconds');
  }
});
