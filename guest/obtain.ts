import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, writeWhole } from './cache.ts';
import { download, type DownloadOptions } from './download.ts';
import { ImageError, type ImageErrorCode } from './errors.ts';
import {
  formatLock,
  groups,
  lockId,
  lockOf,
  parseLock,
  select,
  currentPackages,
  type Group,
  type Lock,
} from './lock.ts';
import { findArchives, proxyFor, readAptProxies, type Archive } from './mirror.ts';
import { Catalogue, type Package, type Pin } from './packages.ts';
import type { Progress } from './progress.ts';
import { readSuite } from './suite.ts';

export interface ObtainOptions {
  readonly log: (line: string) => void;
  readonly progress: (event: Progress) => void;
  readonly signal?: AbortSignal | undefined;
  readonly cache: string;
}

/** Why the updates or security fixes of a mirror may be missing. */
const dispensable: ReadonlySet<ImageErrorCode> = new Set(['unreachable', 'not-found', 'bad-hash']);

/** Downloads at once. */
const PARALLEL = 4;

/** Where a package file is kept. Only verified files ever get this name. */
export function packagePath(cache: string, pin: Pin): string {
  return join(cache, 'packages', `${pin.sha256}.deb`);
}

/**
 * Brings all packages that a lock names into the cache, and returns the lock that then holds: the same, or one in which versions that are
 * gone from the mirror are replaced. With all in the cache already, the network is not touched.
 */
export async function obtainPackages(lock: Lock, options: ObtainOptions): Promise<Lock> {
  const remembered = join(options.cache, 'locks', `${lockId(lock)}.json`);
  const substitute = await readFile(remembered, 'utf8').then(parseLock, () => undefined);
  for (const candidate of [lock, substitute]) {
    if (candidate !== undefined && (await missing(candidate, options.cache)) === 0) return candidate;
  }

  const { catalogue } = await readCatalogue(options);
  const cached = new Set(await readdir(join(options.cache, 'packages')).catch(() => []));
  const { packages, replaced } = select(lock, catalogue, (pin) => cached.has(`${pin.sha256}.deb`));
  for (const sentence of replaced) options.log(sentence);
  if (replaced.length > 0)
    options.log('The replacements are verified. To keep them: node --import tsx guest/prepare.ts --lock');
  await downloadAll(packages, options);
  const result = lockOf(packages, lock.date);
  if (replaced.length > 0) await writeWhole(remembered, formatLock(result));
  return result;
}

/** A lock of what the suite has now. */
export async function lockCurrent(options: ObtainOptions): Promise<Lock> {
  const { catalogue, date } = await readCatalogue(options);
  return lockOf(currentPackages(catalogue), date);
}

async function missing(lock: Lock, cache: string): Promise<number> {
  const pins = groups.flatMap((group) => lock.packages[group]);
  const found = await Promise.all(pins.map((pin) => exists(packagePath(cache, pin))));
  return found.filter((each) => !each).length;
}

async function readCatalogue({
  log,
  progress,
  signal,
  cache,
}: ObtainOptions): Promise<{ catalogue: Catalogue; date: string }> {
  const archives = await findArchives();
  const options = await downloadOptions(signal);
  const report = (done: number) =>
    progress({ step: 'index', done, total: archives.length, unit: 'items', detail: 'Reading the package index' });
  report(0);
  const packages: Package[] = [];
  let date = '';
  for (const [index, archive] of archives.entries()) {
    log(`Debian ${archive.suite} from ${describe(archive)}`);
    try {
      const suite = await readSuite(archive, join(cache, 'indices'), options);
      for (const each of suite.packages) packages.push(each);
      if (index === 0) date = suite.date;
    } catch (error) {
      // A release stands without its pockets; but a forged signature is never passed over.
      if (index === 0 || !(error instanceof ImageError) || !dispensable.has(error.code)) throw error;
      log(`Goes on without ${archive.suite}: ${error.message}`);
    }
    report(index + 1);
  }
  return { catalogue: new Catalogue(packages), date };
}

function describe({ base }: Archive): string {
  return `${base.host}${base.pathname}`;
}

/** With the proxy that the mirror is reached by. */
export async function downloadOptions(signal?: AbortSignal): Promise<DownloadOptions> {
  const proxies = await readAptProxies();
  return { signal, proxy: (url) => proxyFor(url, process.env, proxies) };
}

async function downloadAll(
  packages: Readonly<Record<Group, readonly (Pin | Package)[]>>,
  { progress, signal, cache }: ObtainOptions,
): Promise<void> {
  const byHash = new Map<string, Package>();
  for (const each of groups.flatMap((group) => packages[group])) {
    if ('url' in each && !(await exists(packagePath(cache, each)))) byHash.set(each.sha256, each);
  }
  const wanted = [...byHash.values()].sort((a, b) => b.size - a.size);
  if (wanted.length === 0) return;
  await mkdir(join(cache, 'packages'), { recursive: true });

  const total = wanted.reduce((sum, { size }) => sum + size, 0);
  const received = new Map<string, number>();
  const detail = `Downloading ${wanted.length} package${wanted.length === 1 ? '' : 's'}`;
  const report = (sha256: string, bytes: number) => {
    received.set(sha256, bytes);
    const done = [...received.values()].reduce((sum, each) => sum + each, 0);
    progress({ step: 'download', done, total, unit: 'bytes', detail });
  };
  // The first failure stops the others.
  const failed = new AbortController();
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const options = await downloadOptions(either);
  const queue = wanted.values();
  const workers = Array.from({ length: PARALLEL }, async () => {
    for (const each of queue) {
      const file = { ...each, name: `The package ${each.name} ${each.version}` };
      await download(file, packagePath(cache, each), { ...options, progress: (bytes) => report(each.sha256, bytes) });
      report(each.sha256, each.size);
    }
  });
  await Promise.all(workers).catch(async (error: unknown) => {
    failed.abort(error);
    await Promise.allSettled(workers);
    throw error;
  });
}
