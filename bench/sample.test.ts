import { expect, test } from 'vitest';
import { summarize, type Sample } from './sample.ts';
import { table } from './table.ts';

const boot = (backend: string, value: number): Sample & { backend: string } => ({
  ...{ test: 'boot', group: 'boot', unit: 's', better: 'lower', backend, value },
});

test('a result is the median of its samples', () => {
  const results = summarize([boot('a', 3), boot('b', 1), boot('a', 1), boot('a', 2), boot('b', 4)]);
  expect(results).toMatchObject([
    { backend: 'a', median: 2, min: 1, max: 3, n: 3 },
    { backend: 'b', median: 2.5, min: 1, max: 4, n: 2 },
  ]);
});

test('a table has the ratio to the peer', () => {
  const text = table(summarize([boot('tabhyve-node', 3), boot('qemu', 1.5)]), []);
  expect(text.split('\n')).toHaveLength(4);
  expect(text).toContain('2.00 × qemu');
  expect(table([], [])).toContain('median');
});

test('a table has the ratio to a baseline', () => {
  const baseline = { name: 'before', medians: { 'tabhyve-node': { boot: 6 } } };
  const lines = table(summarize([boot('tabhyve-node', 3), boot('qemu', 1.5)]), [baseline]).split('\n');
  expect(lines[0]).toMatch(/× before \|$/);
  expect(lines[2]).toMatch(/ 2\.00 +\|$/);
});
