import { expect, it } from 'vitest';
import { compareVersions } from './version.ts';

it.each([
  ['1.0', '1.0', 0],
  ['1.0-1', '1.0-2', -1],
  ['1.10', '1.9', 1],
  ['1:0.1', '2.0', 1],
  ['1.0~rc1-1', '1.0-1', -1],
  ['1.0~~', '1.0~', -1],
  ['1.0', '1.0a', -1],
  ['1.0a', '1.0+b1', -1],
  ['2.41-12+deb13u4', '2.41-12', 1],
  ['6.12.107-1', '6.12.94-1', 1],
  ['1.0-0', '1.0', 0],
  ['007', '7', 0],
  ['1.2-3-4', '1.2-3-5', -1],
])('compares %s and %s', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign);
  expect(Math.sign(compareVersions(b, a)) + sign).toBe(0);
});
