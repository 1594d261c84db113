/** Measures backends in turns. */
import { join } from 'node:path';
import { programSamples, type Backend, type ProgramOutput } from './backend.ts';
import { buildPrograms, makeBundle, programGroups, programTests, WrongAnswer } from './guest/index.ts';
import { softwareExec, softwareTests } from './guest/index.ts';
import type { Arch, BuiltProgram, Length, ProgramTest, SoftwareTest } from './guest/index.ts';
import { softwareImage } from './guest/software-image.ts';
import { MissingHostTool } from '../cli/tasks/host-tools.ts';
import { fits, type Options } from './options.ts';
import { ownGroups, type Group, type Sample } from './sample.ts';

/** Not worth more than one measurement: they do not vary, or take long. */
const ONCE: readonly Group[] = ['page', 'memory'];

/** Compilers have to have compiled when the clock starts; in short runs not all will have. */
const LONG: Length = { warm: 1000, run: 1000 };
const SHORT: Length = { warm: 400, run: 250 };

export interface Measured {
  readonly samples: readonly (Sample & { readonly backend: string })[];
  /** One sentence for each thing that could not be measured. */
  readonly failures: readonly string[];
}

export interface Surroundings {
  /** A folder where compiled programs and disks are kept. */
  readonly cache: string;
  /** Is told what is measured, line by line. */
  readonly log: (line: string) => void;
}

export async function measure(
  present: readonly Backend[],
  options: Options,
  { cache, log }: Surroundings,
): Promise<Measured> {
  const samples: (Sample & { backend: string })[] = [];
  const failures = new Set<string>();

  /** What goes wrong with one backend does not keep the others from being measured. */
  const attempt = async (what: string, { name }: Backend, work: () => Promise<readonly Sample[]>): Promise<void> => {
    log(`${what}: ${name}`);
    try {
      samples.push(...(await work()).map((sample) => ({ backend: name, ...sample })));
    } catch (error) {
      failures.add(`${what.replace(/, round \d+$/, '')} on ${name}: ${(error as Error).message}`);
    }
  };

  for (const group of ownGroups.filter((each) => options.wanted.includes(each))) {
    for (let round = 1; round <= (ONCE.includes(group) ? 1 : options.rounds); round++) {
      for (const backend of present) {
        const test = backend.tests[group];
        if (test !== undefined) await attempt(`${group}, round ${round}`, backend, test);
      }
    }
  }

  /** The samples of tests in an output; those that failed are told. */
  const read = (tests: readonly (ProgramTest | SoftwareTest)[], { name }: Backend, output: ProgramOutput): Sample[] =>
    tests.flatMap((test) => {
      try {
        return programSamples(test, output);
      } catch (error) {
        if (!(error instanceof WrongAnswer)) throw error;
        failures.add(`${test.group} on ${name}: ${error.message}`);
        return [];
      }
    });

  const build = builder(join(cache, 'bench'));
  for (const [name, tests] of bundles(options)) {
    for (let round = 1; round <= options.rounds; round++) {
      for (const backend of present) {
        const { programs } = backend;
        if (programs === undefined) continue;
        await attempt(`${name}, round ${round}`, backend, async () => {
          const built = await build(programs.arch);
          const output = await programs.run(makeBundle(tests, built, options.quick ? SHORT : LONG));
          return read(tests, backend, output);
        });
      }
    }
  }

  const software = softwareTests.filter(({ test }) => options.wanted.includes('software') && fits(test, options.test));
  for (let round = 1; round <= (software.length === 0 ? 0 : options.rounds); round++) {
    for (const backend of present) {
      const { arch, software: runner } = backend.programs ?? {};
      if (arch === undefined || runner === undefined) continue;
      await attempt(`software, round ${round}`, backend, async () => {
        const image = await softwareImage(arch, cache, log);
        const script = softwareExec(software, runner.disk);
        return read(software, backend, await runner.run({ tests: software, image, script }));
      });
    }
  }
  return { samples, failures: [...failures] };
}

/** The tests that run in one boot: those of a group, or all if it has to be quick. */
function bundles({ wanted, quick, test: pattern }: Options): [name: string, tests: readonly ProgramTest[]][] {
  const chosen = programTests.filter(
    ({ test, group, quick: isQuick }) =>
      wanted.includes(group) && fits(test, pattern) && (!quick || isQuick || pattern !== undefined),
  );
  if (quick) return chosen.length === 0 ? [] : [['programs', chosen]];
  return programGroups
    .map((group): [string, ProgramTest[]] => [group, chosen.filter((test) => test.group === group)])
    .filter(([, tests]) => tests.length > 0);
}

/** Compiles for each architecture once; what is missing is asked for once, too. */
function builder(folder: string): (arch: Arch) => Promise<readonly BuiltProgram[]> {
  const built = new Map<Arch, Promise<readonly BuiltProgram[]>>();
  return (arch) => {
    const known = built.get(arch) ?? buildPrograms(arch, folder);
    built.set(arch, known);
    return known.catch((error: unknown) => {
      throw error instanceof MissingHostTool ? new Error(`not measured. ${error.message}`) : error;
    });
  };
}
