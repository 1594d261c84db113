import { expect, test } from 'vitest';
import { formatBytes, formatMany, formatShare } from './units.ts';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [32 * 1024, '32 KiB'],
  [1.25 * 2 ** 30, '1.25 GiB'],
  [10 * 2 ** 20, '10 MiB'],
  [100 * 2 ** 20, '100 MiB'],
  [3 * 2 ** 50, '3072 TiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('one thing is not plural, and thousands stand apart', () => {
  expect([0, 1, 2048].map((count) => formatMany(count, 'chunk'))).toEqual(['0 chunks', '1 chunk', '2,048 chunks']);
});

test('a share never leaves 0 to 100 %', () => {
  expect([-1, 0.004, 0.5, 7].map(formatShare)).toEqual(['0 %', '0 %', '50 %', '100 %']);
});
