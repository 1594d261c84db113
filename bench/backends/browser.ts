/** tabhyve in a browser, whichever it is: the machine worker, built as for the site, in a page of its own. */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../guest/cache.ts';
import { bootSamples, diskSamples, LIMIT, loopSamples, MEMORY, programMarks, rawSamples } from '../backend.ts';
import type { Backend, ProgramOutput, Tests } from '../backend.ts';
import { bundleTar } from '../guest/index.ts';
import { softwareManifest, SOFTWARE_SIZE } from '../guest/software-image.ts';
import { DISK_MIB, diskScript, execWord, MIB, programsScript, PROMPT, readDisk } from '../guest-scripts.ts';
import { SECOND_DISK, TOUCHED, touchScript } from '../guest-scripts.ts';
import type { Bench, DebianOptions } from '../page/bench-page.ts';
import { largest, processorSeconds } from '../processes.ts';
import { BEGIN, END, readLoop, type Loop } from '../programs.ts';
import type { Sample } from '../sample.ts';
import { serve } from '../site.ts';

declare global {
  var bench: Bench;
}

/** A page, in Playwright's words. */
export interface BrowserPage {
  /** Calls a function in the page; of the function only the source gets there. */
  evaluate<A, R>(action: (given: A) => R | Promise<R>, given: A): Promise<R>;
  /** Gives the page a function of this name. */
  exposeFunction(name: string, action: (text: string) => void): Promise<unknown>;
}

export interface Browser {
  readonly name: string;
  readonly description: string;
  /** The name of its IndexedDB in the results, with nothing around it. */
  readonly rawStore: string;
  /** Loads an address in a new page, does something there, and closes it. */
  inPage<T>(address: string, action: (page: BrowserPage) => Promise<T>): Promise<T>;
  /** The processes that run pages. */
  renderers(): number[];
  close(): Promise<void>;
}

/** Of the machine whose memory is measured, and what its guest touches of it, in MiB. */
const [LARGE, TOUCHED_MIB] = [2 * 2 ** 30, 100];

/** Seconds after which a boot has failed. */
const BOOT_LIMIT = 60;

/** `outDir` is where the page is built. */
export async function browserBackend(browser: Browser, loops: readonly Loop[], outDir: string): Promise<Backend> {
  const { name, description } = browser;
  const guest = fileURLToPath(new URL('../../public/guest', import.meta.url));
  const site = await serve('page', outDir, { guest });
  /** Does something in a new page, and ends its machine. */
  const using = <T extends object>(action: (page: BrowserPage) => Promise<T>): Promise<T> =>
    browser.inPage(site.origin, async (page) => {
      try {
        return await limited(action(page));
      } finally {
        await limited(
          page.evaluate(() => bench.end().then(() => 'ended'), undefined),
          10,
        ).catch(() => undefined);
      }
    });
  const boot = (page: BrowserPage) => {
    const call = [{ memory: MEMORY }, PROMPT] as const;
    return limited(
      page.evaluate((given) => bench.debian(...given), call),
      BOOT_LIMIT,
    );
  };
  const runTests = (
    { tests, script }: Omit<Tests, 'image'>,
    disk: Pick<DebianOptions, 'content' | 'base'>,
  ): Promise<ProgramOutput> =>
    using(async (page) => {
      const processor = await takeTimes(page, browser);
      const call = [{ ...disk, words: execWord(script), memory: MEMORY }, undefined, programMarks(tests)] as const;
      const { output } = await page.evaluate((given) => bench.debian(...given), call);
      return { output, processor };
    });
  let isFirst = true;
  return {
    name,
    description,
    tests: {
      boot: async () => {
        // Once without counting: the server's files, and the browser's own start.
        if (isFirst) await using(boot);
        isFirst = false;
        return using(async (page) => {
          const before = processorTime(browser);
          const { seconds, figures } = await boot(page);
          const processor = processorTime(browser) - before;
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
          const times = await takeTimes(page, browser);
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
          return [...diskSamples(readDisk(output)), ...rawSamples(browser.rawStore, raw)];
        }),
      memory: async () => [
        ...(await using((page) => measureMemory(page, browser, undefined))),
        ...(await using((page) => measureMemory(page, browser, TOUCHED_MIB))),
      ],
    },
    programs: {
      arch: 'riscv64',
      run: async (bundle) => {
        const content = 'programs.tar';
        writeFileSync(join(outDir, content), await bundleTar(bundle));
        return runTests({ tests: bundle.tests, script: programsScript }, { content });
      },
      software: {
        disk: SECOND_DISK,
        run: async (software) => {
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
    },
    close: async () => {
      await browser.close();
      await site.close();
    },
  };
}

/** Of all renderers of the browser, in seconds. */
export function processorTime(browser: Browser): number {
  return browser.renderers().reduce((sum, id) => sum + processorSeconds(id), 0);
}

/** By the mark that the guest has printed, the processor time of the renderers; filled as the page tells of them. */
export async function takeTimes(page: BrowserPage, browser: Browser): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>();
  await page.exposeFunction('benchMark', (mark) => void times.set(mark, processorTime(browser)));
  return times;
}

/** A guest may hang, and a page. */
export async function limited<T extends object | string>(running: Promise<T>, seconds = LIMIT): Promise<T> {
  const result = await Promise.race([running, sleep(seconds * 1000, undefined, { ref: false })]);
  if (result === undefined) throw new Error(`it took more than ${seconds} s`);
  return result;
}

/** Memory of a large machine: at its prompt, or when the guest has touched so many MiB more. */
async function measureMemory(page: BrowserPage, browser: Browser, touched: number | undefined): Promise<Sample[]> {
  const words = touched === undefined ? {} : { words: execWord(touchScript(touched)) };
  const call = [{ ...words, memory: LARGE }, touched === undefined ? PROMPT : TOUCHED] as const;
  await page.evaluate(([given, text]) => bench.debian(given, text), call);
  const { all, own } = largest(browser.renderers());
  const used = await page.evaluate(() => bench.memoryTouched(), undefined);
  const when = touched === undefined ? 'at the prompt' : `${touched} MiB touched`;
  const sample = { group: 'memory', unit: 'MiB', better: 'lower' } as const;
  return [
    { ...sample, test: `renderer, 2 GiB machine, ${when}`, value: all / MIB },
    { ...sample, test: `… that belong to no file, ${when}`, value: own / MIB },
    { ...sample, test: `… pages that the guest uses, ${when}`, value: used / MIB },
  ];
}
