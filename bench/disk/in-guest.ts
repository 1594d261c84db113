// node --import tsx bench/disk/in-guest.ts [indexeddb] [opfs]: what a guest has of its disk in Chromium, around its page cache, and the
// browser's database with nothing around it, all in one run. bench/guest/programs/disk.c says what each figure is.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../e2e/support/temporary-folder.ts';
import { prepareImages } from '../../guest/index.ts';
import type { StoreKind } from '../../machine/api.ts';
import type { Browser, BrowserPage } from '../backends/browser.ts';
import { startChromium } from '../backends/chromium.ts';
import { execWord, MIB, SECOND_DISK } from '../guest-scripts.ts';
import { buildPrograms, bundleTar, SCRIPT } from '../guest/index.ts';
import { serve } from '../site.ts';

const MEMORY = 512 * MIB;
const SIZE = 2048 * MIB;
/** The programs' disk, as the default machine's Linux names it. */
const THIRD_DISK = '/dev/vdc';
const END = 'append-fsync';

/** Milliseconds in which the guest's kernel gets hot. */
const WARM = 40_000;

const script = [
  `export BENCH_WARM_MS=${WARM}`,
  `./disk rates ${SECOND_DISK}`,
  `./disk discard ${SECOND_DISK}`,
  `mkfs.ext4 -q ${SECOND_DISK}`,
  `mount ${SECOND_DISK} /mnt`,
  './disk fsync /mnt',
].join('\n');

async function measureStore(page: BrowserPage, store: StoreKind): Promise<string[]> {
  const words = execWord(`mkdir /run/b;cd /run/b;tar xf ${THIRD_DISK};sh ${SCRIPT}`);
  const options = { words, memory: MEMORY, disk: SIZE, store, content: 'programs.tar' };
  const { output } = await page.evaluate((given) => bench.debian(given, undefined), options);
  if (!output.includes(END)) throw new Error(`The program did not come to its end: ${output}`);
  const lines = output.matchAll(/^figure (\S+) (\S+) (\S+)\r?$/gm);
  return [...lines].map(([, name, value, unit]) => line(name, Number(value), unit));
}

const line = (name: string, value: number, unit: string): string =>
  `${name.padEnd(24)}${value.toPrecision(3).padStart(8)} ${unit}`;

async function printRaw(browser: Browser, title: string, what: 'rawDisk' | 'rawSyncs'): Promise<void> {
  const raw = await browser.inPage(site.origin, (page) => page.evaluate((name) => bench[name](), what));
  console.log([title, ...raw.map(({ name, value, unit }) => line(name, value, unit)), ''].join('\n'));
}

const wanted = process.argv.slice(2);
const stores = (['indexeddb', 'opfs'] as const).filter((store) => wanted.length === 0 || wanted.includes(store));
await prepareImages({ log: console.error });
const folder = temporaryFolder();
const outDir = join(folder, 'site');
const guest = fileURLToPath(new URL('../../public/guest', import.meta.url));
const site = await serve('page', outDir, { guest });
const programs = await buildPrograms('riscv64', join(folder, 'programs'));
const files = new Map(
  programs.filter(({ name }) => name === 'disk').map(({ name, path }) => [name, readFileSync(path)]),
);
writeFileSync(join(outDir, 'programs.tar'), await bundleTar({ tests: [], files, script }));

const browser = await startChromium('chromium', join(folder, 'profile'));
if ('missing' in browser) throw new Error(`There is no ${browser.missing}.`);

for (const store of stores) {
  // How long the host takes to make something durable differs from minute to minute.
  if (store === 'indexeddb') await printRaw(browser, 'IndexedDB itself, before', 'rawSyncs');
  const lines = await browser.inPage(site.origin, async (page) => {
    const measured = await measureStore(page, store);
    await page.evaluate(() => bench.end().then(() => 'ended'), undefined);
    return measured;
  });
  console.log([`a disk in ${store}`, ...lines, ''].join('\n'));
  if (store === 'indexeddb') await printRaw(browser, 'IndexedDB itself, after', 'rawSyncs');
}
if (stores.includes('indexeddb')) await printRaw(browser, 'IndexedDB itself', 'rawDisk');
await browser.close();
await site.close();
process.exit(0);
