/** Results of tabhyve that are kept, so that later ones can be compared with them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Result } from './sample.ts';

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
    .map((file) => ({ ...(JSON.parse(readFileSync(join(folder, file), 'utf8')) as StoredBaseline), file }))
    .filter((stored) => stored.host === host)
    .map(({ file, medians }) => ({ name: basename(file, '.json'), medians }));
}

interface StoredBaseline {
  readonly host: string;
  readonly medians: Baseline['medians'];
}

export function writeBaseline(name: string, host: string, results: readonly Result[]): void {
  mkdirSync(folder, { recursive: true });
  const stored: StoredBaseline = { host, medians: mediansOf(results) };
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(stored, undefined, 2)}\n`);
}

/** What was measured of tabhyve, to four digits; nothing of its peers, and nothing of what does not run a guest. */
export function mediansOf(results: readonly Result[]): Baseline['medians'] {
  const medians: Record<string, Record<string, number>> = {};
  for (const { backend, test, median } of results) {
    if (backend.startsWith('tabhyve-')) (medians[backend] ??= {})[test] = Number(median.toPrecision(4));
  }
  return medians;
}
