import { expect, test } from 'vitest';
import { fits, readOptions } from './options.ts';

const known = ['tabhyve-node', 'qemu'];

test('options are read', () => {
  const given = ['integer', 'boot', '--backend', 'qemu', '--backend', 'tabhyve-node', '--rounds', '2', '--test', 'crc'];
  expect(readOptions(given, known)).toEqual({
    ...{ rounds: 2, quick: false, wanted: ['boot', 'integer'], backends: ['qemu', 'tabhyve-node'], test: 'crc' },
    ...{ json: undefined, baseline: undefined },
  });
  expect(readOptions(['--quick'], known)).toMatchObject({ rounds: 1, quick: true });
  expect(readOptions(['--help'], known)).toBe('help');
});

test('what makes no sense is refused', () => {
  for (const args of [['--rounds', '0'], ['--backend', 'bochs'], ['games'], ['--baseline', '../x'], ['--loud']]) {
    expect(() => readOptions(args, known)).toThrow();
  }
});

test('a pattern fits a part of a name, or all of it', () => {
  expect(fits('crc-table', 'crc')).toBe(true);
  expect(fits('crc-table', undefined)).toBe(true);
  expect(fits('crc-table', 'c*-t*')).toBe(true);
  expect(fits('crc-table', '*bitwise')).toBe(false);
  expect(fits('crc-table', 'c.c')).toBe(false);
});
