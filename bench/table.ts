/** Results as tables, in Markdown, which reads well in a terminal too. */
import type { Baseline } from './baselines.ts';
import { printedGroups, PROCESSOR, type Result } from './sample.ts';

/** Backends that others are compared with: the first of these that has measured the same. */
const REFERENCES = ['raw store', 'raw file', 'qemu'];

/** Which raw medium lies under a backend's disk. */
const MEDIUM: Readonly<Record<string, string>> = {
  'tabhyve-chromium': 'raw store',
  'tabhyve-firefox': 'raw store in Firefox',
  'tabhyve-node': 'raw file',
  qemu: 'raw file',
};

/** Who is compared with all others: the first of these that was measured. */
const SUBJECTS = ['tabhyve-chromium', 'tabhyve-node'];

/** What a result is divided by, if there is something to compare it with. */
function referenceOf(result: Result, results: readonly Result[]): Result | undefined {
  const { test, group, backend } = result;
  const names = group === 'disk' ? [MEDIUM[backend]] : REFERENCES;
  return results.find((other) => other.test === test && other.backend !== backend && names.includes(other.backend));
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Of numbers above zero. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** How many times as fast as another value this one is, whichever way is better. */
export function speedRatio(value: number, other: number, better: Result['better']): number {
  return better === 'higher' ? value / other : other / value;
}

/** Everything: what backends measure in their own way in one table, then one for each group of programs in guests. */
export function tables(results: readonly Result[], baselines: readonly Baseline[]): string {
  const isPrinted = ({ group }: Result): boolean => printedGroups.some((name) => name === group);
  const isProcessor = ({ test }: Result): boolean => test.endsWith(PROCESSOR);
  const own = results.filter((result) => !isPrinted(result));
  const parts = own.length > 0 || results.length === 0 ? [table(own, baselines)] : [];
  for (const group of printedGroups) {
    const all = results.filter((result) => result.group === group);
    for (const each of [all.filter((result) => !isProcessor(result)), all.filter(isProcessor)]) {
      if (each.length > 0) parts.push(comparison(each, baselines));
    }
  }
  const subject = SUBJECTS.find((name) => results.some((result) => isPrinted(result) && result.backend === name));
  if (subject !== undefined) parts.push(`× NAME: how many times as fast as NAME ${subject} is.`);
  return parts.join('\n\n');
}

/** One line for each test and backend; last, how many times as fast it is as when a baseline was taken. */
export function table(results: readonly Result[], baselines: readonly Baseline[]): string {
  const known = baselines.filter(({ medians }) =>
    results.some(({ backend, test }) => medians[backend]?.[test] !== undefined),
  );
  const rows = results.map((result) => {
    const { test, backend, median, min, max, n, unit, better } = result;
    const reference = referenceOf(result, results);
    const ratio = reference === undefined ? '' : `${(median / reference.median).toFixed(2)} × ${reference.backend}`;
    const before = known.map(({ medians }) => ratioOf(result, medians[backend]?.[test])?.toFixed(2) ?? '');
    return [
      test,
      backend,
      figure(median),
      `${figure(min)} – ${figure(max)}`,
      String(n),
      unit,
      better,
      ratio,
      ...before,
    ];
  });
  const head = ['test', 'backend', 'median', 'range', 'n', 'unit', 'better', 'ratio'];
  return layOut([...head, ...known.map(({ name }) => `× ${name}`)], rows);
}

/**
 * One line for each test, one column for each backend; then how many times as fast as each other backend the first of
 * {@link SUBJECTS} is, and as each backend of tabhyve was when a baseline was taken. The last line has the geometric
 * means.
 */
export function comparison(results: readonly Result[], baselines: readonly Baseline[]): string {
  const backends = [...new Set(results.map(({ backend }) => backend))];
  const tests = [...new Set(results.map(({ test }) => test))];
  const find = (test: string, backend: string): Result | undefined =>
    results.find((result) => result.test === test && result.backend === backend);

  const subject = SUBJECTS.find((name) => backends.includes(name));
  const peers = subject === undefined ? [] : backends.filter((name) => name !== subject);
  const columns: { title: string; ratio: (test: string) => number | undefined }[] = peers.map((peer) => ({
    title: `× ${peer}`,
    ratio: (test) => ratioOf(find(test, subject ?? ''), find(test, peer)?.median),
  }));
  for (const { name, medians } of baselines) {
    for (const backend of backends.filter((each) => tests.some((test) => medians[each]?.[test] !== undefined))) {
      const ratio = (test: string) => ratioOf(find(test, backend), medians[backend]?.[test]);
      columns.push({ title: `${backend} × ${name}`, ratio });
    }
  }

  const rows = tests.map((test) => {
    const cells = backends.map((backend) => cell(find(test, backend)));
    const unit = results.find((result) => result.test === test)?.unit ?? '';
    return [test.replace(PROCESSOR, ''), unit, ...cells, ...columns.map(({ ratio }) => ratio(test)?.toFixed(2) ?? '')];
  });
  const means = columns.map(({ ratio }) => {
    const ratios = tests.map(ratio).filter((each) => each !== undefined);
    return ratios.length === 0 ? '' : geometricMean(ratios).toFixed(2);
  });
  const last = ['geometric mean', '', ...backends.map(() => ''), ...means];
  const kind = tests.every((test) => test.endsWith(PROCESSOR)) ? PROCESSOR : '';
  const head = [`${results[0].group}${kind}`, 'unit', ...backends, ...columns.map(({ title }) => title)];
  return layOut(head, columns.length === 0 ? rows : [...rows, last]);
}

function ratioOf(result: Result | undefined, other: number | undefined): number | undefined {
  return result && other !== undefined ? speedRatio(result.median, other, result.better) : undefined;
}

/** A median, with the least and the most if there are several. */
function cell(result: Result | undefined): string {
  if (result === undefined) return '';
  const { median, min, max, n } = result;
  return n === 1 ? figure(median) : `${figure(median)} (${figure(min)} – ${figure(max)})`;
}

function layOut(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text, i) => text.padEnd(widths[i])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
