import { expect, test } from 'vitest';
import type { Result } from './sample.ts';
import { comparison, geometricMean, speedRatio, tables } from './table.ts';

const result = (test: string, backend: string, median: number, n = 1): Result => ({
  ...{ test, group: 'integer', unit: 'MiB/s', better: 'higher', backend, median },
  ...{ min: median / 2, max: median * 2, n },
});

const results = [
  result('crc-table', 'tabhyve-node', 10),
  result('crc-table', 'tabhyve-chromium', 20, 3),
  result('crc-table', 'qemu', 10),
  result('vm', 'tabhyve-chromium', 80),
  result('vm', 'qemu', 10),
];

test('a ratio above one is faster, whichever way is better', () => {
  expect(speedRatio(6, 3, 'higher')).toBe(2);
  expect(speedRatio(6, 3, 'lower')).toBe(0.5);
  expect(geometricMean([2, 8])).toBeCloseTo(4);
});

test('backends stand beside each other, with ratios and their mean', () => {
  const lines = comparison(results, [])
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));
  expect(lines[0]).toEqual(
    ['', 'integer', 'unit', 'tabhyve-node', 'tabhyve-chromium', 'qemu'].concat(['× tabhyve-node', '× qemu', '']),
  );
  expect(lines[2]).toEqual(['', 'crc-table', 'MiB/s', '10.0', '20.0 (10.0 – 40.0)', '10.0', '2.00', '2.00', '']);
  expect(lines[3]).toEqual(['', 'vm', 'MiB/s', '', '80.0', '10.0', '', '8.00', '']);
  expect(lines[4].slice(-3)).toEqual(['2.00', '4.00', '']);
});

test('a baseline gets a column for each backend that it has', () => {
  const baseline = { name: 'before', medians: { 'tabhyve-chromium': { vm: 40, gone: 1 } } };
  const text = comparison(results, [baseline]);
  expect(text).toContain('tabhyve-chromium × before');
  expect(text).not.toContain('tabhyve-node × before');
  expect(text).toMatch(/\| vm .* 2\.00 +\|\n/);
});

test('rates by processor time have a table of their own', () => {
  const more = results.map((each) => ({ ...each, test: `${each.test}, processor time` }));
  expect(tables([...results, ...more], []).split('\n\n')).toHaveLength(3);
});
