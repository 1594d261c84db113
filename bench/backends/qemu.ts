/** QEMU with its own translator, on its `virt` machine, with modern virtio devices on PCI as tabhyve has them. */
import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findHostTool } from '../../cli/tasks/host-tools.ts';
import { bootSamples, diskSamples, LIMIT, loopSamples, MEMORY, programMarks } from '../backend.ts';
import type { Backend, Images, Missing, ProgramOutput, Tests } from '../backend.ts';
import { bundleTar } from '../guest/index.ts';
import { diskScript, execWord, MIB, programsScript, PROMPT, readDisk, SECOND_DISK } from '../guest-scripts.ts';
import { runUntil } from '../process.ts';
import { BEGIN, END, readLoop, type Loop } from '../programs.ts';

const MODERN = 'disable-legacy=on,disable-modern=off';

/** `count` is the number of instructions of a loop, which QEMU does not count. */
export function qemu(
  images: Images,
  loops: readonly Loop[],
  folder: string,
  count: (loop: Loop) => number | undefined,
): Backend | Missing {
  const program = findHostTool('qemu-system-misc');
  if (program === undefined) return { name: 'qemu', missing: 'qemu-system-riscv64 (Debian: qemu-system-misc)' };
  const machine = [program, '-M', 'virt', '-display', 'none', '-monitor', 'none', '-m', `${MEMORY / MIB}M`];
  const disk = (path: string, id: string, options: string): string[] => [
    ...['-drive', `file=${path},format=raw,if=none,id=${id}${options}`],
    ...['-device', `virtio-blk-pci,${MODERN},drive=${id}`],
  ];
  const linux = (words: string): string[] => [
    ...machine,
    ...['-kernel', images.kernel, '-initrd', images.initrd, '-append', `${images.cmdline} ${words}`],
    ...['-serial', 'none', '-chardev', 'stdio,id=c', '-device', `virtio-serial-pci,${MODERN}`],
    ...['-device', 'virtconsole,chardev=c', '-device', `virtio-rng-pci,${MODERN}`],
    ...disk(images.root, 'root', ',snapshot=on'),
  ];
  const runTests = async ({ tests, image, script }: Tests): Promise<ProgramOutput> => {
    const command = [...linux(execWord(script)), ...disk(image, 'data', ',readonly=on')];
    const { output, times } = await runUntil(command, { marks: programMarks(tests), limit: LIMIT });
    return { output, processor: times };
  };
  return {
    name: 'qemu',
    description: execFileSync(program, ['--version'], { encoding: 'utf8' }).split('\n')[0],
    tests: {
      boot: async () => {
        const { seconds, processor } = await runUntil(linux(''), { until: PROMPT });
        return bootSamples(seconds, processor);
      },
      loops: async () => {
        const samples = [];
        for (const loop of loops) {
          const path = join(folder, `${loop.name}.bin`);
          writeFileSync(path, loop.bytes);
          const marks = { from: BEGIN, until: END };
          const { output, processor } = await runUntil([...machine, '-serial', 'stdio', '-bios', path], marks);
          const instructions = count(loop);
          if (instructions === undefined) continue;
          samples.push(...loopSamples(loop, instructions, readLoop(output).seconds, processor));
        }
        return samples;
      },
      disk: async () => {
        const path = join(folder, 'qemu.img');
        writeFileSync(path, '');
        truncateSync(path, 256 * MIB);
        return diskSamples(
          readDisk((await runUntil([...linux(execWord(diskScript)), ...disk(path, 'data', '')])).output),
        );
      },
    },
    programs: {
      arch: 'riscv64',
      run: async (bundle) => {
        const path = join(folder, 'qemu-programs.tar');
        writeFileSync(path, await bundleTar(bundle));
        return runTests({ tests: bundle.tests, image: path, script: programsScript });
      },
      software: { disk: SECOND_DISK, run: runTests },
    },
    close: async () => {},
  };
}
