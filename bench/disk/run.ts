// Measures disks in Chromium against IndexedDB with nothing around it, in one run: node --import tsx bench/disk/run.ts
//
//     [speed] [small] [estimate]   what to measure; default: all
//     --sqlite                     Chromium's next storage engine, which is off by default in version 156

import { mkdtempSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from '@playwright/test';
import { createServer } from 'vite';
import { findHostTool } from '../../cli/tasks/host-tools.ts';
import { temporaryFolder } from '../../e2e/support/temporary-folder.ts';
import type { Throughput } from './in-page.ts';

type InPage = typeof import('./in-page.ts');
type Measurement = 'speed' | 'small' | 'estimate';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const profiles = temporaryFolder();
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--')) as Measurement[];
const flags = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
if (process.argv.includes('--sqlite')) flags.push('--enable-features=IdbSqliteBackingStore,IdbSqliteOnDiskRollout');

/** Calls a function of in-page.ts in a page of a new browser, so that no measurement inherits another's garbage. */
async function measure<K extends keyof InPage>(
  name: K,
  ...args: Parameters<InPage[K]>
): Promise<Awaited<ReturnType<InPage[K]>>> {
  const executablePath = findHostTool('chromium');
  const options = { ...(executablePath !== undefined && { executablePath }), headless: true, args: flags };
  const context = await chromium.launchPersistentContext(mkdtempSync(`${profiles}/`), options);
  try {
    const page: Page = await context.newPage();
    const blank = `${origin}/blank`;
    await page.route(blank, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
    await page.goto(blank);
    const run = async ([module, name, args]: [string, string, unknown[]]): Promise<unknown> => {
      const functions = (await import(module)) as Record<string, (...args: unknown[]) => Promise<unknown>>;
      return functions[name](...args);
    };
    const call: [string, string, unknown[]] = [`/@fs${path('./in-page.ts')}`, name, args];
    return (await page.evaluate(run, call)) as Awaited<ReturnType<InPage[K]>>;
  } finally {
    await context.close();
  }
}

const row = (what: string, { write, overwrite, read }: Throughput): void =>
  console.log(`${what.padEnd(34)}${[write, overwrite, read].map((n) => n.toFixed(0).padStart(11)).join('')}`);

const server = await createServer({
  configFile: path('../../vite.config.ts'),
  cacheDir: temporaryFolder(),
  logLevel: 'error',
  server: { port: 0 },
});
await server.listen();
const origin = server.resolvedUrls?.local[0]?.replace(/\/$/, '') ?? '';
const all = wanted.length === 0;

if (all || wanted.includes('speed')) {
  console.log(`${'MiB/s, 64 MiB'.padEnd(34)}${['write', 'overwrite', 'read'].map((s) => s.padStart(11)).join('')}`);
  for (let run = 0; run < 3; run++) {
    for (const batch of [16, 28, 64, 256])
      row(`IndexedDB, ${batch} a transaction`, await measure('rawStore', 64, batch));
    for (const batch of [16, 28, 64, 256]) row(`disk, ${batch} a transaction`, await measure('disk', 64, { batch }));
  }
}
if (all || wanted.includes('small')) {
  const { raw, disk } = await measure('smallWrites', 200);
  console.log(`4 KiB and flush, median: ${raw.toFixed(1)} ms raw, ${disk.toFixed(1)} ms through a disk`);
}
if (all || wanted.includes('estimate')) {
  const seconds = [0, 2, 5, 10, 20, 30, 60];
  console.log(`navigator.storage.estimate() in MiB, after ${seconds.join(', ')} s`);
  for (const [mib, freed, extent] of [
    [256, 224, 224],
    [256, 224, 8],
    [256, 128, 1],
    [64, 48, 48],
    [256, 16, 16],
  ]) {
    const { written, after, allocated } = await measure('estimateAfterDiscard', mib, freed, extent, seconds);
    const samples = after.map((n) => n.toFixed(0).padStart(5)).join('');
    const what = `${mib} written, ${freed} discarded by ${extent}`.padEnd(36);
    console.log(`${what}${written.toFixed(0).padStart(5)} ->${samples}   (${allocated.toFixed(0)} allocated)`);
  }
}
await server.close();
process.exit(0);
