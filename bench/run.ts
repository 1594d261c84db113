// `npm run bench`: measures tabhyve and its peers, interleaved, on this machine. See docs/performance.md.

import { writeFileSync } from 'node:fs';
import { arch, cpus, release, type } from 'node:os';
import { parseArgs } from 'node:util';
import { prepareImages } from '../guest/index.ts';
import { temporaryFolder } from '../e2e/support/temporary-folder.ts';
import type { Backend, Missing } from './backend.ts';
import { chromium } from './backends/chromium.ts';
import { node } from './backends/node.ts';
import { page } from './backends/page.ts';
import { qemu } from './backends/qemu.ts';
import { loops, type Loop } from './programs.ts';
import { groups, ownGroups, summarize, type Group, type Sample } from './sample.ts';
import { table } from './table.ts';

const usage = `Usage: npm run bench [-- OPTIONS] [GROUP...]

Measures ${groups.join(', ')}; all of them if none is named. Peers that are not on this machine are named.

Options:
  --rounds NUMBER   how often each is measured, in turns (default: 5)
  --quick           one round
  --json FILE       writes an array of {test, group, unit, better, backend, median, min, max, n}
  --help            prints this text
`;

/** Not worth more than one measurement: they do not vary, or take long. */
const ONCE: readonly Group[] = ['page', 'memory'];

interface Options {
  readonly rounds: number;
  readonly json: string | undefined;
  readonly wanted: readonly Group[];
}

/** A call that the usage text does not allow. */
class BadUsage extends Error {}

function readOptions(args: readonly string[]): Options | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const rounds = values.quick ? 1 : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new BadUsage('--rounds takes a number from 1 on');
  const unknown = positionals.filter((name) => !groups.some((group) => group === name));
  if (unknown.length > 0) throw new BadUsage(`there is no group ${unknown.join(', ')}: ${groups.join(', ')}`);
  const wanted = groups.filter((group) => positionals.length === 0 || positionals.includes(group));
  return { rounds, json: values.json, wanted };
}

const log = (line: string): void => console.error(line);

async function backends(folder: string): Promise<(Backend | Missing)[]> {
  const images = await prepareImages({ log });
  const counts = new Map<Loop, number>();
  return [
    node(loops, folder, (loop, instructions) => counts.set(loop, instructions)),
    await chromium(loops, folder),
    qemu(images, loops, folder, (loop) => counts.get(loop)),
    page(folder),
  ];
}

async function measure(present: readonly Backend[], { rounds, wanted }: Options) {
  const samples: (Sample & { backend: string })[] = [];
  for (const group of ownGroups.filter((each) => wanted.includes(each))) {
    for (let round = 1; round <= (ONCE.includes(group) ? 1 : rounds); round++) {
      for (const { name, tests } of present) {
        const test = tests[group];
        if (test === undefined) continue;
        log(`${group}, round ${round}: ${name}`);
        samples.push(...(await test()).map((sample) => ({ backend: name, ...sample })));
      }
    }
  }
  return summarize(samples);
}

async function main(args: readonly string[]): Promise<number> {
  let options;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`npm run bench: ${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  if (options === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  const all = await backends(temporaryFolder());
  const present = all.filter((each): each is Backend => 'tests' in each);
  try {
    const results = await measure(present, options);
    const [processor] = cpus();
    console.log(`${cpus().length} × ${processor?.model ?? arch()}, ${type()} ${release()}`);
    for (const { name, description } of present) console.log(`${name}: ${description}`);
    for (const each of all)
      if ('missing' in each) console.log(`${each.name}: not measured, ${each.missing} is missing`);
    console.log(`\n${table(results)}`);
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
    return 0;
  } finally {
    for (const backend of present) await backend.close();
  }
}

process.exit(await main(process.argv.slice(2)));
