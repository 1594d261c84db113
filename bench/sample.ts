/** What a measurement gives, and how several become one result. */
import { programGroups } from './guest/tests.ts';

export interface Sample {
  readonly test: string;
  readonly group: Group;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly value: number;
}

/** What each backend measures in its own way. */
export const ownGroups = ['boot', 'loops', 'disk', 'memory', 'page'] as const;
export type OwnGroup = (typeof ownGroups)[number];

/** What guests print of programs: our own, and Debian's. */
export const printedGroups = [...programGroups, 'software'] as const;

export const groups = [...ownGroups, ...printedGroups] as const;
export type Group = (typeof groups)[number];

/** The end of the name of a test that counts processor time, beside one that counts time on the wall. */
export const PROCESSOR = ', processor time';

/** Samples of one test on one backend, taken together. */
export interface Result {
  readonly test: string;
  readonly group: Group;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly backend: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly n: number;
}

/** Results in the order in which their tests came first, and within a test their backends. */
export function summarize(samples: readonly (Sample & { readonly backend: string })[]): Result[] {
  const tests = [...new Set(samples.map(({ test }) => test))];
  const series = tests.flatMap((test) => {
    const taken = samples.filter((sample) => sample.test === test);
    const backends = [...new Set(taken.map(({ backend }) => backend))];
    return backends.map((backend) => taken.filter((sample) => sample.backend === backend));
  });
  return series.map((each) => {
    const { test, group, unit, better, backend } = each[0];
    const values = each.map(({ value }) => value).sort((a, b) => a - b);
    const [min, max] = [values[0], values[values.length - 1]];
    return { test, group, unit, better, backend, median: median(values), min, max, n: values.length };
  });
}

/** Of sorted values. */
function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
