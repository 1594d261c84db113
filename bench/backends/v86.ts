/** v86, the x86 machine for browsers, in Chromium: Linux for i386 with busybox alone. */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium as playwright, type Page } from '@playwright/test';
import manifest from 'v86/package.json' with { type: 'json' };
import { findHostTool } from '../../cli/tasks/host-tools.ts';
import { cmdlineWords, ImageError } from '../../guest/index.ts';
import { bootSamples, MEMORY, programMarks, type Backend, type Missing } from '../backend.ts';
import { processorSeconds, renderers } from '../processes.ts';
import { serve } from '../site.ts';
import { END, makeInitrd, PROMPT } from '../v86/initrd.ts';
import { obtainPeerFiles, type PeerFiles } from '../v86/packages.ts';

const NAME = 'v86';
const flags = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];

/** The default machine's words, but for those of its devices. */
const cmdline = [
  'console=ttyS0',
  ...cmdlineWords.map(({ word }) => word).filter((word) => !/^(console=|root=|rw$)/.test(word)),
].join(' ');

export async function v86(folder: string): Promise<Backend | Missing> {
  const executablePath = findHostTool('chromium');
  if (executablePath === undefined) return { name: NAME, missing: 'chromium (or set TABHYVE_CHROMIUM)' };
  const files = await obtainPeerFiles((line) => console.error(line)).catch((error: unknown) => {
    if (error instanceof ImageError) return error;
    throw error;
  });
  if (files instanceof ImageError) return { name: NAME, missing: `what it boots (${files.message})` };

  const outDir = join(folder, 'v86-site');
  const site = await serve('v86', outDir, {
    'v86.wasm': createRequire(import.meta.url).resolve('v86/build/v86.wasm'),
    kernel: files.paths.kernel,
    bios: files.paths.bios,
  });
  const busybox = await readFile(files.paths.busybox);
  const profile = join(folder, 'v86-profile');
  const context = await playwright.launchPersistentContext(profile, { executablePath, headless: true, args: flags });
  const processor = (): number => renderers(profile).reduce((sum, id) => sum + processorSeconds(id), 0);

  /** Boots with a file system in a new page, and does something with what was printed until `until`. */
  const boot = async (initrd: Buffer, until: string, marks: readonly string[]) => {
    writeFileSync(join(outDir, 'initrd'), initrd);
    const page = await context.newPage();
    try {
      return await bootIn(page, site.origin, until, marks, processor);
    } finally {
      await page.evaluate(() => benchPeer.end()).catch(() => undefined);
      await page.close();
    }
  };
  const bare = makeInitrd(busybox);
  let isFirst = true;
  return {
    name: NAME,
    description: describe(files, context.browser()?.version() ?? ''),
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
      await context.close();
      await site.close();
    },
  };
}

async function bootIn(page: Page, origin: string, until: string, marks: readonly string[], processor: () => number) {
  const times = new Map<string, number>();
  await page.exposeFunction('benchMark', (mark: string) => void times.set(mark, processor()));
  await page.goto(origin);
  await page.waitForFunction(() => 'benchPeer' in globalThis);
  const call = [{ memory: MEMORY, cmdline, initrd: 'initrd' }, until, marks] as const;
  const before = processor();
  const reached = await page.evaluate((given) => benchPeer.boot(...given), call);
  return { ...reached, processor: processor() - before, times };
}

function describe({ origins }: PeerFiles, browser: string): string {
  return `v86 ${manifest.version} in Chromium ${browser}; ${origins.kernel}, ${origins.busybox}, ${origins.bios}`;
}
