import { expect, test } from 'vitest';
import { mediansOf, merged } from './baselines.ts';
import type { Result } from './sample.ts';

const result = (backend: string, name: string, median: number): Result => ({
  ...{ test: name, group: 'integer', unit: 'MiB/s', better: 'higher', backend },
  ...{ median, min: median, max: median, n: 1 },
});

test('a baseline holds what was measured of tabhyve, by processor time where it can', () => {
  const results = [
    result('tabhyve-node', 'vm', 1),
    result('tabhyve-node', 'vm, processor time', 1.23456),
    result('tabhyve-node', 'chase', 3),
    result('qemu', 'vm', 9),
  ];
  expect(mediansOf(results)).toEqual({ 'tabhyve-node': { 'vm, processor time': 1.235, chase: 3 } });
});

test('a baseline keeps what was not measured again', () => {
  expect(merged({ a: { x: 1, y: 2 } }, { a: { y: 3 }, b: { x: 4 } })).toEqual({ a: { x: 1, y: 3 }, b: { x: 4 } });
});
