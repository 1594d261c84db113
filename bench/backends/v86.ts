/** v86, the x86 machine for browsers, in Chromium: Linux for i386 with busybox alone. */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import manifest from 'v86/package.json' with { type: 'json' };
import { cmdlineWords, ImageError } from '../../guest/index.ts';
import { bootSamples, MEMORY, programMarks, type Backend, type Missing } from '../backend.ts';
import { serve } from '../site.ts';
import { END, makeInitrd, PROMPT } from '../v86/initrd.ts';
import { obtainPeerFiles } from '../v86/packages.ts';
import { limited, processorTime, takeTimes, type BrowserPage } from './browser.ts';
import { startChromium } from './chromium.ts';

const NAME = 'v86';
/** The default machine's words, but for those of its devices. */
const cmdline = [
  'console=ttyS0',
  ...cmdlineWords.map(({ word }) => word).filter((word) => !/^(console=|root=|rw$)/.test(word)),
].join(' ');

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
  const boot = (initrd: Buffer, until: string, marks: readonly string[]) => {
    writeFileSync(join(outDir, 'initrd'), initrd);
    return browser.inPage(site.origin, async (page) => {
      const times = await takeTimes(page, browser);
      const before = processorTime(browser);
      const { seconds, output } = await limited(bootIn(page, until, marks));
      return { seconds, output, times, processor: processorTime(browser) - before };
    });
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
    },
    close: async () => {
      await browser.close();
      await site.close();
    },
  };
}

function bootIn(page: BrowserPage, until: string, marks: readonly string[]) {
  const call = [{ memory: MEMORY, cmdline, initrd: 'initrd' }, until, marks] as const;
  return page.evaluate((given) => benchPeer.boot(...given), call);
}
