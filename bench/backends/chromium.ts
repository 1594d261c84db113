/** tabhyve in Chromium: the machine worker, built as for the site, in a page of its own. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium as playwright, type BrowserContext, type Page } from '@playwright/test';
import { findHostTool } from '../../cli/tasks/host-tools.ts';
import { bootSamples, diskSamples, LIMIT, loopSamples, MEMORY, programMarks, rawSamples } from '../backend.ts';
import type { Backend, Missing, ProgramOutput, Tests } from '../backend.ts';
import { bundleTar } from '../guest/index.ts';
import { softwareManifest, SOFTWARE_SIZE } from '../guest/software-image.ts';
import { cacheFolder } from '../../guest/cache.ts';
import { DISK_MIB, diskScript, execWord, MIB, programsScript, PROMPT, readDisk } from '../guest-scripts.ts';
import { TOUCHED, touchScript } from '../guest-scripts.ts';
import type { Bench, DebianOptions } from '../page/bench-page.ts';
import { largest, processorSeconds, renderers } from '../processes.ts';
import { BEGIN, END, readLoop, type Loop } from '../programs.ts';
import type { Sample } from '../sample.ts';
import { serve } from '../site.ts';

declare global {
  var bench: Bench;
}

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const flags = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
/** Of the machine whose memory is measured, and what its guest touches of it, in MiB. */
const [LARGE, TOUCHED_MIB] = [2 * 2 ** 30, 100];

/** Does something in a new page, and ends its machine. */
async function inPage<T>(context: BrowserContext, origin: string, action: (page: Page) => Promise<T>): Promise<T> {
  const page = await context.newPage();
  try {
    await page.goto(origin);
    await page.waitForFunction(() => 'bench' in globalThis);
    return await action(page);
  } finally {
    await page.evaluate(() => bench.end()).catch(() => undefined);
    await page.close();
  }
}

export async function chromium(loops: readonly Loop[], folder: string): Promise<Backend | Missing> {
  const name = 'tabhyve-chromium';
  const executablePath = findHostTool('chromium');
  if (executablePath === undefined) return { name, missing: 'chromium (or set TABHYVE_CHROMIUM)' };
  const outDir = join(folder, 'site');
  const site = await serve('page', outDir, { guest: path('../../public/guest') });
  const profile = join(folder, 'profile');
  const context = await playwright.launchPersistentContext(profile, { executablePath, headless: true, args: flags });
  const using = <T>(action: (page: Page) => Promise<T>): Promise<T> => inPage(context, site.origin, action);

  const boot = (page: Page) =>
    page.evaluate(([memory, text]) => bench.debian({ memory }, text), [MEMORY, PROMPT] as const);
  const runTests = (
    { tests, script }: Omit<Tests, 'image'>,
    disk: Pick<DebianOptions, 'content' | 'base'>,
  ): Promise<ProgramOutput> =>
    using(async (page) => {
      const processor = await takeTimes(page, profile);
      const call = [{ ...disk, words: execWord(script), memory: MEMORY }, undefined, programMarks(tests)] as const;
      const ran = page.evaluate((given) => bench.debian(...given), call);
      const { output } = (await Promise.race([ran, sleep(LIMIT * 1000, undefined, { ref: false })])) ?? expired();
      return { output, processor };
    });
  let isFirst = true;
  return {
    name,
    description: execFileSync(executablePath, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim(),
    tests: {
      boot: async () => {
        // Once without counting: the server's files, and the browser's own start.
        if (isFirst) await using(boot);
        isFirst = false;
        return using(async (page) => {
          const before = processorTime(profile);
          const { seconds, figures } = await boot(page);
          const processor = processorTime(profile) - before;
          const rate = {
            test: 'instructions, whole boot',
            group: 'boot',
            unit: 'M instr/s',
            better: 'higher',
          } as const;
          const value = (figures?.instructions ?? 0) / seconds / 1e6;
          return [...bootSamples(seconds, processor), { ...rate, value }];
        });
      },
      loops: () =>
        using(async (page) => {
          const times = await takeTimes(page, profile);
          const samples = [];
          for (const loop of loops) {
            const call = [[...loop.bytes], 64 * MIB, [BEGIN, END]] as const;
            const { output } = await page.evaluate((given) => bench.program(...given), call);
            const { instructions, seconds } = readLoop(output);
            const processor = (times.get(END) ?? 0) - (times.get(BEGIN) ?? 0);
            samples.push(...loopSamples(loop, instructions, seconds, processor));
          }
          return samples;
        }),
      disk: () =>
        using(async (page) => {
          const options = { words: execWord(diskScript), memory: MEMORY, disk: 256 * MIB };
          const { output } = await page.evaluate((given) => bench.debian(given, undefined), options);
          const raw = await page.evaluate((mib) => bench.rawStore(mib), DISK_MIB);
          return [...diskSamples(readDisk(output)), ...rawSamples('raw store', raw)];
        }),
      memory: async () => [
        ...(await using((page) => measureMemory(page, profile, undefined))),
        ...(await using((page) => measureMemory(page, profile, TOUCHED_MIB))),
      ],
    },
    programs: {
      arch: 'riscv64',
      run: async (bundle) => {
        const content = 'programs.tar';
        writeFileSync(join(outDir, content), await bundleTar(bundle));
        return runTests({ tests: bundle.tests, script: programsScript }, { content });
      },
      software: async (software) => {
        const manifest = await softwareManifest(software.image, cacheFolder());
        const url = 'software/disk.json';
        if (!existsSync(join(outDir, url))) {
          mkdirSync(join(outDir, 'software'));
          symlinkSync(manifest, join(outDir, url));
          symlinkSync(join(cacheFolder(), 'parts'), join(outDir, 'software/parts'));
        }
        return runTests(software, { base: { url, size: SOFTWARE_SIZE } });
      },
    },
    close: async () => {
      await context.close();
      await site.close();
    },
  };
}

function expired(): never {
  throw new Error(`it took more than ${LIMIT} s`);
}

/** By the mark that the guest has printed, the processor time of the renderers; filled as the page tells of them. */
async function takeTimes(page: Page, profile: string): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>();
  await page.exposeFunction('benchMark', (mark: string) => void times.set(mark, processorTime(profile)));
  return times;
}

/** Of all renderers of the browser, in seconds. */
function processorTime(profile: string): number {
  return renderers(profile).reduce((sum, id) => sum + processorSeconds(id), 0);
}

/** Memory of a large machine: at its prompt, or when the guest has touched so many MiB more. */
async function measureMemory(page: Page, profile: string, touched: number | undefined): Promise<Sample[]> {
  const words = touched === undefined ? {} : { words: execWord(touchScript(touched)) };
  const call = [{ ...words, memory: LARGE }, touched === undefined ? PROMPT : TOUCHED] as const;
  await page.evaluate(([given, text]) => bench.debian(given, text), call);
  const { all, own } = largest(renderers(profile));
  const used = await page.evaluate(() => bench.memoryTouched());
  const when = touched === undefined ? 'at the prompt' : `${touched} MiB touched`;
  const sample = { group: 'memory', unit: 'MiB', better: 'lower' } as const;
  return [
    { ...sample, test: `renderer, 2 GiB machine, ${when}`, value: all / MIB },
    { ...sample, test: `… that belong to no file, ${when}`, value: own / MIB },
    { ...sample, test: `… pages that the guest uses, ${when}`, value: used / MIB },
  ];
}
