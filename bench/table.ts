/** Results as a table, in Markdown, which reads well in a terminal too. */
import type { Result } from './sample.ts';

/** Backends that others are compared with: the first of these that has measured the same. */
const REFERENCES = ['raw store', 'raw file', 'qemu'];

/** Which raw medium lies under a backend's disk. */
const MEDIUM: Readonly<Record<string, string>> = {
  'tabhyve-chromium': 'raw store',
  'tabhyve-node': 'raw file',
  qemu: 'raw file',
};

/** What a result is divided by, if there is something to compare it with. */
function referenceOf(result: Result, results: readonly Result[]): Result | undefined {
  const { test, group, backend } = result;
  const names = group === 'disk' ? [MEDIUM[backend]] : REFERENCES;
  return results.find((other) => other.test === test && other.backend !== backend && names.includes(other.backend));
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function table(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const { test, backend, median, min, max, n, unit, better } = result;
    const reference = referenceOf(result, results);
    const ratio = reference === undefined ? '' : `${(median / reference.median).toFixed(2)} × ${reference.backend}`;
    return [test, backend, figure(median), `${figure(min)} – ${figure(max)}`, String(n), unit, better, ratio];
  });
  const head = ['test', 'backend', 'median', 'range', 'n', 'unit', 'better', 'ratio'];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
