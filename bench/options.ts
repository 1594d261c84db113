/** What `npm run bench` is asked for. */
import { parseArgs } from 'node:util';
import { groups, type Group } from './sample.ts';

export interface Options {
  readonly rounds: number;
  /** Ends within two minutes: one round, short runs, a part of the guest programs. */
  readonly quick: boolean;
  readonly wanted: readonly Group[];
  /** Part of the name of each test of a guest program that is to run; none is all. */
  readonly test: string | undefined;
  /** None is all. */
  readonly backends: readonly string[];
  /** A file to write results to. */
  readonly json: string | undefined;
  /** The name of a baseline to write. */
  readonly baseline: string | undefined;
}

/** A call that the usage text does not allow. */
export class BadUsage extends Error {}

export const usage = (backends: readonly string[]): string => `Usage: npm run bench [-- OPTIONS] [GROUP...]

Groups: ${groups.join(', ')}; all of them if none is named.
Backends: ${backends.join(', ')}. Those that are not on this machine are named.

Options:
  --rounds NUMBER   how often each is measured, in turns (default: 5)
  --quick           two minutes: one round, shorter runs, a part of the tests; if no group is named, integer, float,
                    copy and system. Peers' compilers get too little time
  --backend NAME    measures it alone; may be given several times
  --test PATTERN    runs guest programs of this name alone: a part of the name, or with * for anything
  --json FILE       writes an array of {test, group, unit, better, backend, median, min, max, n}
  --baseline NAME   keeps tabhyve's results in bench/baselines/NAME.json, which later runs on the same host compare with
  --help            prints this text
`;

/** What `--quick` measures if no group is named. */
const QUICK: readonly Group[] = ['integer', 'float', 'copy', 'system'];

/** @throws BadUsage, or what parseArgs throws */
export function readOptions(args: readonly string[], known: readonly string[]): Options | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      quick: { type: 'boolean', default: false },
      backend: { type: 'string', multiple: true, default: [] },
      test: { type: 'string' },
      json: { type: 'string' },
      baseline: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const { quick, test, json, baseline, backend: backends } = values;
  const rounds = quick ? 1 : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new BadUsage('--rounds takes a number from 1 on');
  if (baseline !== undefined && !/^[\w.-]+$/.test(baseline)) throw new BadUsage('--baseline takes a name, not a path');
  const unknown = positionals.filter((name) => !groups.some((group) => group === name));
  if (unknown.length > 0) throw new BadUsage(`there is no group ${unknown.join(', ')}: ${groups.join(', ')}`);
  const others = backends.filter((name) => !known.includes(name));
  if (others.length > 0) throw new BadUsage(`there is no backend ${others.join(', ')}: ${known.join(', ')}`);
  const all = quick ? QUICK : groups;
  const wanted = groups.filter((group) => (positionals.length === 0 ? all : positionals).includes(group));
  return { rounds, quick, wanted, test, backends, json, baseline };
}

/** Whether a test's name fits `--test`. */
export function fits(name: string, pattern: string | undefined): boolean {
  if (pattern === undefined) return true;
  if (!pattern.includes('*')) return name.includes(pattern);
  const escaped = pattern.split('*').map((part) => part.replace(/[^\w]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}$`).test(name);
}
