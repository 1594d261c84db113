import { expect, test } from 'vitest';
import { distance, nearest } from './suggest.ts';

test.each([
  ['', '', 0],
  ['abc', 'abc', 0],
  ['abc', '', 3],
  ['kernel', 'kernal', 1],
  ['kernel', 'kenrel', 1],
  ['kernel', 'kerne', 1],
  ['run', 'runs', 1],
  ['disk', 'exec', 4],
])('from %s to %s it takes %i changes', (from, to, changes) => {
  expect(distance(from, to)).toBe(changes);
});

test('what is near is suggested, and what is begun', () => {
  const options = ['--kernel', '--initrd', '--timeout', '--stats', '--slot'];
  expect(nearest('--kernal', options)).toBe('--kernel');
  expect(nearest('--time', options)).toBe('--timeout');
  expect(nearest('--s', options)).toBeUndefined();
  expect(nearest('--network', options)).toBeUndefined();
  expect(nearest('', [])).toBeUndefined();
});
