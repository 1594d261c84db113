/** tabhyve's own runner, in Node. */
import { writeFileSync, truncateSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import manifest from '../../package.json' with { type: 'json' };
import { bootSamples, diskSamples, LIMIT, loopSamples, MEMORY, programMarks, rawSamples } from '../backend.ts';
import type { Backend, ProgramOutput, Tests } from '../backend.ts';
import { bundleTar } from '../guest/index.ts';
import { DISK_MIB, diskScript, MIB, programsScript, PROMPT, readDisk, SECOND_DISK } from '../guest-scripts.ts';
import { runUntil } from '../process.ts';
import { BEGIN, END, readLoop, type Loop } from '../programs.ts';

const runner = fileURLToPath(new URL('../../cli/tabhyve.mjs', import.meta.url));

/** `counted` is told how many instructions a loop has. */
export function node(
  loops: readonly Loop[],
  folder: string,
  counted: (loop: Loop, instructions: number) => void,
): Backend {
  const run = (...args: string[]): string[] => [process.execPath, runner, 'run', '-m', `${MEMORY / MIB}M`, ...args];
  const runTests = async ({ tests, image, script }: Tests): Promise<ProgramOutput> => {
    const marks = { marks: programMarks(tests), limit: LIMIT };
    const { output, times } = await runUntil(run('--exec', script, '--disk', `${image},ro`), marks);
    return { output, processor: times };
  };
  return {
    name: 'tabhyve-node',
    description: `tabhyve ${manifest.version} in Node ${process.version}`,
    tests: {
      boot: async () => {
        const { seconds, processor } = await runUntil(run(), { until: PROMPT });
        return bootSamples(seconds, processor);
      },
      loops: async () => {
        const samples = [];
        for (const loop of loops) {
          const path = join(folder, `${loop.name}.bin`);
          writeFileSync(path, loop.bytes);
          const marks = { from: BEGIN, until: END };
          const { output, processor } = await runUntil(run('--kernel', path, '--firmware', 'none'), marks);
          const { instructions, seconds } = readLoop(output);
          counted(loop, instructions);
          samples.push(...loopSamples(loop, instructions, seconds, processor));
        }
        return samples;
      },
      disk: async () => {
        const path = join(folder, 'node.img');
        writeFileSync(path, '');
        truncateSync(path, 256 * MIB);
        const { output } = await runUntil(run('--exec', diskScript, '--disk', path));
        return [...diskSamples(readDisk(output)), ...rawSamples('raw file', await rawFile(join(folder, 'raw.img')))];
      },
    },
    programs: {
      arch: 'riscv64',
      run: async (bundle) => {
        const path = join(folder, 'node-programs.tar');
        writeFileSync(path, await bundleTar(bundle));
        return runTests({ tests: bundle.tests, image: path, script: programsScript });
      },
      software: { disk: SECOND_DISK, run: runTests },
    },
    close: async () => {},
  };
}

/** The file with nothing around it, in MiB a second. */
async function rawFile(path: string): Promise<{ write: number; read: number }> {
  const chunk = crypto.getRandomValues(new Uint8Array(65536));
  const data = new Uint8Array(MIB);
  for (let at = 0; at < data.length; at += chunk.length) data.set(chunk, at);
  const file = await open(path, 'w+');
  const timed = async (each: (offset: number) => Promise<unknown>, end: () => Promise<unknown>): Promise<number> => {
    const start = performance.now();
    for (let i = 0; i < DISK_MIB; i++) await each(i * MIB);
    await end();
    return (DISK_MIB * 1000) / (performance.now() - start);
  };
  const write = await timed(
    (at) => file.write(data, 0, MIB, at),
    () => file.sync(),
  );
  const read = await timed(
    (at) => file.read(data, 0, MIB, at),
    async () => {},
  );
  await file.close();
  return { write, read };
}
