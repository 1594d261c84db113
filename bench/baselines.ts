/** Results of tabhyve that are kept, so that later ones can be compared with them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROCESSOR, type Result } from './sample.ts';

export interface Baseline {
  readonly name: string;
  /** Medians, by backend and test. */
  readonly medians: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const folder = fileURLToPath(new URL('baselines/', import.meta.url));

/** What is measured on: figures of two hosts are not compared. */
export function host(): string {
  return `${cpus().length} × ${cpus()[0]?.model ?? arch()}`;
}

/** Those that were written on this host, by name. */
export function readBaselines(host: string): Baseline[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({ name: basename(file, '.json'), ...readStored(file) }))
    .filter((stored) => stored.host === host)
    .map(({ name, medians }) => ({ name, medians }));
}

interface StoredBaseline {
  readonly host: string;
  readonly medians: Baseline['medians'];
}

function readStored(file: string): StoredBaseline {
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as StoredBaseline;
}

/** Writes a baseline; what one of this name and host has of other tests stays. */
export function writeBaseline(name: string, host: string, results: readonly Result[]): void {
  mkdirSync(folder, { recursive: true });
  const known = readBaselines(host).find((each) => each.name === name)?.medians ?? {};
  const stored: StoredBaseline = { host, medians: merged(known, mediansOf(results)) };
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(stored, undefined, 2)}\n`);
}

export function merged(known: Baseline['medians'], added: Baseline['medians']): Baseline['medians'] {
  const backends = Object.keys({ ...known, ...added });
  return Object.fromEntries(backends.map((backend) => [backend, { ...known[backend], ...added[backend] }]));
}

/**
 * What was measured of tabhyve, to four digits; nothing of its peers, and nothing of what does not run a guest. A test
 * that was measured by processor time too is kept by that alone: how busy the host was does not last.
 */
export function mediansOf(results: readonly Result[]): Baseline['medians'] {
  const medians: Record<string, Record<string, number>> = {};
  const names = new Set(results.map(({ test, backend }) => `${backend} ${test}`));
  for (const { backend, test, median } of results) {
    if (!backend.startsWith('tabhyve-') || names.has(`${backend} ${test}${PROCESSOR}`)) continue;
    (medians[backend] ??= {})[test] = Number(median.toPrecision(4));
  }
  return medians;
}
