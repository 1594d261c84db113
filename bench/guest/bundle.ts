/** Programs and the script that runs them, as a guest gets them. */
import { readFileSync } from 'node:fs';
import { pack } from 'tar-stream';
import type { BuiltProgram } from './build.ts';
import type { ProgramTest } from './tests.ts';

/** What one boot of a guest runs. */
export interface Bundle {
  readonly tests: readonly ProgramTest[];
  /** What the script needs beside it, by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** A POSIX shell script, to be run in the folder where the files are. It goes on when a program fails. */
  readonly script: string;
}

/** The script's name in {@link bundleTar}. */
export const SCRIPT = 'run';

/** How long each test warms up, and then runs against the clock, in milliseconds: bench/guest/programs/bench.h. */
export interface Length {
  readonly warm: number;
  readonly run: number;
}

export function makeBundle(
  tests: readonly ProgramTest[],
  programs: readonly BuiltProgram[],
  { warm, run }: Length,
): Bundle {
  const needed = new Set(tests.map(({ program }) => program));
  // What kernel.c starts.
  if (needed.has('kernel')) needed.add('trivial');
  const files = programs
    .filter(({ name }) => needed.has(name))
    .map(({ name, path }): [string, Uint8Array] => [name, readFileSync(path)]);
  const lines = tests.map(({ program, args }) => ['./' + program, ...args].join(' '));
  return {
    tests,
    files: new Map(files),
    script: `export BENCH_WARM_MS=${warm} BENCH_MS=${run}\n${lines.join('\n')}\ntrue\n`,
  };
}

/** The bundle as a tar: a disk can hold it as it is, and `tar xf /dev/vdb` unpacks it. */
export async function bundleTar({ files, script }: Bundle): Promise<Buffer> {
  const tar = pack();
  for (const [name, bytes] of files) tar.entry({ name, mode: 0o755 }, Buffer.from(bytes));
  tar.entry({ name: SCRIPT, mode: 0o755 }, script);
  tar.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of tar as AsyncIterable<Uint8Array>) parts.push(part);
  return Buffer.concat(parts);
}
