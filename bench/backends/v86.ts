/**
 * v86, the x86 machine for browsers, in Chromium: Linux for i386 with busybox alone, and with a disk of Debian's programs
 * for those that are measured.
 */
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import manifest from 'v86/package.json' with { type: 'json' };
import { cmdlineWords, ImageError } from '../../guest/index.ts';
import { bootSamples, LIMIT, MEMORY, programMarks } from '../backend.ts';
import type { Backend, Missing, ProgramOutput, Tests } from '../backend.ts';
import { SOFTWARE_SIZE } from '../guest/software-image.ts';
import { serve } from '../site.ts';
import { END, makeInitrd, PROMPT } from '../v86/initrd.ts';
import type { Machine } from '../v86/page.ts';
import { obtainPeerFiles } from '../v86/packages.ts';
import { limited, processorTime, takeTimes, type BrowserPage } from './browser.ts';
import { startChromium } from './chromium.ts';

const NAME = 'v86';
/** The default machine's words, but for those of its devices. */
const cmdline = [
  'console=ttyS0',
  ...cmdlineWords.map(({ word }) => word).filter((word) => !/^(console=|root=|rw$)/.test(word)),
].join(' ');

/** v86's disk, as Linux names it. */
const DISK = '/dev/sda';
/** The driver finds it some time after it was loaded: half a minute is waited for. */
const AWAIT_DISK = `for i in $(seq 600); do [ -b ${DISK} ] && break; usleep 50000; done`;
/** The default machine's, and that of busybox. */
const PATH = 'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/bin';

/** Seconds after which the software that is not over counts as failed; what was over before counts. */
const SOFTWARE_LIMIT = 1200;
/** Seconds that the page has beyond, to tell how far the guest got. */
const GRACE = 30;

export async function v86(folder: string): Promise<Backend | Missing> {
  const files = await obtainPeerFiles((line) => console.error(line)).catch((error: unknown) => {
    if (error instanceof ImageError) return error;
    throw error;
  });
  if (files instanceof ImageError) return { name: NAME, missing: `what it boots (${files.message})` };

  const browser = await startChromium(NAME, join(folder, 'v86-profile'));
  if ('missing' in browser) return browser;
  const outDir = join(folder, 'v86-site');
  const site = await serve('v86', outDir, {
    'v86.wasm': createRequire(import.meta.url).resolve('v86/build/v86.wasm'),
    kernel: files.paths.kernel,
    bios: files.paths.bios,
  });
  const busybox = await readFile(files.paths.busybox);

  /** Boots with a file system, in a new page, until `until` is printed. */
  const boot = (initrd: Buffer, until: string, marks: readonly string[], extras: Extras = {}) => {
    writeFileSync(join(outDir, 'initrd'), initrd);
    return browser.inPage(site.origin, async (page) => {
      const times = await takeTimes(page, browser);
      const before = processorTime(browser);
      const { seconds, output } = await limited(bootIn(page, until, marks, extras), (extras.limit ?? LIMIT) + GRACE);
      return { seconds, output, times, processor: processorTime(browser) - before };
    });
  };
  const runSoftware = async ({ tests, image, script }: Tests): Promise<ProgramOutput> => {
    const url = basename(image);
    if (!existsSync(join(outDir, url))) symlinkSync(image, join(outDir, url));
    const work = {
      files: new Map<string, Uint8Array>(),
      script: `${PATH}\n${AWAIT_DISK}\n${script}\n`,
      modules: files.modules,
    };
    const extras = { disk: { url, size: SOFTWARE_SIZE }, limit: SOFTWARE_LIMIT };
    const { output, times } = await boot(makeInitrd(busybox, work), END, programMarks(tests), extras);
    const late = output.includes(END) ? '' : `\nnot over after ${SOFTWARE_LIMIT} s\n`;
    return { output: output + late, processor: times };
  };
  const bare = makeInitrd(busybox);
  let isFirst = true;
  return {
    name: NAME,
    description: `v86 ${manifest.version} in ${browser.description}; ${Object.values(files.origins).join(', ')}`,
    tests: {
      boot: async () => {
        // Once without counting: the server's files, and the browser's own start.
        if (isFirst) await boot(bare, PROMPT, []);
        isFirst = false;
        const ran = await boot(bare, PROMPT, []);
        return bootSamples(ran.seconds, ran.processor);
      },
    },
    programs: {
      arch: 'i386',
      run: async (bundle) => {
        const { output, times } = await boot(makeInitrd(busybox, bundle), END, programMarks(bundle.tests));
        return { output, processor: times };
      },
      software: { disk: DISK, run: runSoftware },
    },
    close: async () => {
      await browser.close();
      await site.close();
    },
  };
}

interface Extras {
  readonly disk?: Machine['disk'];
  /** Seconds after which what the guest has printed counts; without them, it has failed. */
  readonly limit?: number;
}

function bootIn(page: BrowserPage, until: string, marks: readonly string[], { disk, limit }: Extras) {
  const machine = { memory: MEMORY, cmdline, initrd: 'initrd', ...(disk && { disk }) };
  return page.evaluate((given) => benchPeer.boot(...given), [machine, until, marks, limit] as const);
}
