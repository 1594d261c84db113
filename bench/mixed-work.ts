// node --import tsx bench/mixed-work.ts [MINUTES]: what a renderer's memory comes to while its guest does work of many kinds,
// turn after turn: compiled code and caches must not grow with the hours. A line for each sample, in MiB.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { mkdirSync, symlinkSync } from 'node:fs';
import { temporaryFolder } from '../e2e/support/temporary-folder.ts';
import { cacheFolder } from '../guest/cache.ts';
import { prepareImages } from '../guest/index.ts';
import { startChromium } from './backends/chromium.ts';
import { execWord, MIB, SECOND_DISK } from './guest-scripts.ts';
import { softwareTests } from './guest/index.ts';
import { softwareImage, softwareManifest, SOFTWARE_SIZE } from './guest/software-image.ts';
import { mappings, type Mapping } from './processes.ts';
import { serve } from './site.ts';

const MEMORY = 512 * MIB;
/** Between two samples, in milliseconds. */
const PAUSE = 15_000;
const END = 'no more turns';

/** Debian's programs, then processes that do little, until so many seconds are over. */
const script = (seconds: number): string =>
  [
    `mount -t ext4 -o ro,noload ${SECOND_DISK} /mnt`,
    ...['proc /mnt/proc', 'devtmpfs /mnt/dev', 'tmpfs /mnt/tmp'].map(
      (each) => `mount -t ${each.split(' ')[0]} ${each}`,
    ),
    'now() { cut -d. -f1 /proc/uptime; }',
    `end=$(($(now) + ${seconds}))`,
    'while [ $(now) -lt $end ]; do',
    `chroot /mnt bash /bench/run ${softwareTests.map(({ test }) => test).join(' ')}`,
    'for i in $(seq 300); do /bin/true; done',
    'find /usr -type f | xargs -n 50 md5sum | sort | md5sum',
    'rm -rf /mnt/tmp/*',
    'done',
    `echo ${END}`,
  ]
    .join('\n')
    .replaceAll('do\n', 'do ');

/** In MiB; none of it but the first belongs to a file. */
interface Sampled {
  readonly resident: number;
  /** The machine's own memory: what the guest uses, decoded pages. */
  readonly machine: number;
  /** Machine code of the browser's compilers; JavaScript's too, which is little. */
  readonly code: number;
  /** All else: modules, what V8 knows of them, disks' buffers, the page. */
  readonly rest: number;
}

function sampled(maps: readonly Mapping[]): Sampled {
  const own = maps.filter(({ isFile }) => !isFile);
  const resident = (parts: readonly Mapping[]): number => parts.reduce((sum, part) => sum + part.resident, 0) / MIB;
  const machine = resident(own.filter(({ size }) => size > MEMORY));
  const code = resident(own.filter(({ isExecutable }) => isExecutable));
  return { resident: resident(maps), machine, code, rest: resident(own) - machine - code };
}

const minutes = Number(process.argv[2] ?? 12);
await prepareImages({ log: console.error });
const image = await softwareImage('riscv64', cacheFolder(), console.error);
const folder = temporaryFolder();
const browser = await startChromium('tabhyve-chromium', join(folder, 'profile'));
if ('missing' in browser) throw new Error(`There is no ${browser.missing}.`);
const outDir = join(folder, 'site');
const site = await serve('page', outDir, { guest: fileURLToPath(new URL('../public/guest', import.meta.url)) });
mkdirSync(join(outDir, 'software'));
symlinkSync(await softwareManifest(image, cacheFolder()), join(outDir, 'software/disk.json'));
symlinkSync(join(cacheFolder(), 'parts'), join(outDir, 'software/parts'));

await browser.inPage(site.origin, async (page) => {
  const base = { url: 'software/disk.json', size: SOFTWARE_SIZE };
  const call = [{ base, words: execWord(script(minutes * 60)), memory: MEMORY }, END] as const;
  let isOver = false;
  const running = page.evaluate((given) => bench.debian(...given), call).finally(() => (isOver = true));
  const began = performance.now();
  console.log('seconds resident machine code rest');
  while (!isOver) {
    await Promise.race([running, sleep(PAUSE)]);
    const all = browser.renderers().map((id) => sampled(mappings(id)));
    const { resident, machine, code, rest } = all.reduce((most, each) => (each.resident > most.resident ? each : most));
    const row = [(performance.now() - began) / 1000, resident, machine, code, rest];
    console.log(row.map((value) => value.toFixed(0)).join(' '));
  }
  const { output } = await running;
  const wrong = softwareTests.filter(({ test, check }) =>
    [...output.matchAll(new RegExp(`^rate ${test} \\S+ (\\S+)`, 'gm'))].some(([, found]) => found !== check),
  );
  const turns = [...output.matchAll(/^rate python /gm)].length;
  console.log(`${turns} turns; wrong: ${wrong.map(({ test }) => test).join(' ') || 'nothing'}`);
  await page.evaluate(() => bench.end().then(() => 'ended'), undefined);
});
await browser.close();
await site.close();
