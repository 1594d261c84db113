// `npm run bench`: measures tabhyve and its peers, interleaved, on this machine. See docs/performance.md.

import { writeFileSync } from 'node:fs';
import { type, release } from 'node:os';
import { temporaryFolder } from '../e2e/support/temporary-folder.ts';
import { cacheFolder } from '../guest/cache.ts';
import { prepareImages } from '../guest/index.ts';
import type { Backend, Missing } from './backend.ts';
import { chromium } from './backends/chromium.ts';
import { firefox } from './backends/firefox.ts';
import { host as hostItself } from './backends/host.ts';
import { node } from './backends/node.ts';
import { page } from './backends/page.ts';
import { qemu } from './backends/qemu.ts';
import { v86 } from './backends/v86.ts';
import { host, readBaselines, writeBaseline } from './baselines.ts';
import { measure } from './measure.ts';
import { readOptions, usage } from './options.ts';
import { loops, type Loop } from './programs.ts';
import { summarize } from './sample.ts';
import { tables } from './table.ts';

const log = (line: string): void => console.error(line);

/** How many instructions the loops have, as far as a backend has counted. */
const counts = new Map<Loop, number>();

/** In the order in which a round measures them; `folder` is for what they make, and temporary. */
const makers: Readonly<Record<string, (folder: string) => Promise<Backend | Missing>>> = {
  'tabhyve-node': async (folder) => node(loops, folder, (loop, instructions) => counts.set(loop, instructions)),
  'tabhyve-chromium': (folder) => chromium(loops, folder),
  'tabhyve-firefox': (folder) => firefox(loops, folder),
  qemu: async (folder) => qemu(await prepareImages({ log }), loops, folder, (loop) => counts.get(loop)),
  v86,
  host: async (folder) => hostItself(folder),
  page: async (folder) => page(folder),
};

async function main(args: readonly string[]): Promise<number> {
  const names = Object.keys(makers);
  let options;
  try {
    options = readOptions(args, names);
  } catch (error) {
    console.error(`npm run bench: ${(error as Error).message}\n\n${usage(names)}`);
    return 2;
  }
  if (options === 'help') {
    process.stdout.write(usage(names));
    return 0;
  }
  await prepareImages({ log });
  const { backends, json, baseline } = options;
  const folder = temporaryFolder();
  const all: (Backend | Missing)[] = [];
  for (const name of names) {
    if (backends.length === 0 || backends.includes(name)) all.push(await makers[name](folder));
  }
  const present = all.filter((each): each is Backend => 'tests' in each);
  try {
    const { samples, failures } = await measure(present, options, { cache: cacheFolder(), log });
    const results = summarize(samples);
    console.log(`${host()}, ${type()} ${release()}`);
    for (const { name, description } of present) console.log(`${name}: ${description}`);
    for (const each of all)
      if ('missing' in each) console.log(`${each.name}: not measured, ${each.missing} is missing`);
    console.log(`\n${tables(results, readBaselines(host()))}`);
    for (const failure of failures) console.error(`\nFailed: ${failure}`);
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(results, undefined, 2)}\n`);
    if (baseline !== undefined) writeBaseline(baseline, host(), results);
    return failures.length === 0 ? 0 : 1;
  } finally {
    for (const backend of present) await backend.close();
  }
}

process.exit(await main(process.argv.slice(2)));
