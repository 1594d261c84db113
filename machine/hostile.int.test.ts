/** Guests that are broken, unlucky, or mean harm: a clear end or the specification's behaviour, and nothing else hurt. */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { MemoryBackend } from '../devices/block/memory.ts';
import { memoryBase } from '../devices/block/base.ts';
import { prepareImages } from '../guest/index.ts';
import {
  endlessTraps,
  garbageHandler,
  jumpToNowhere,
  rubbish,
  sleepForEver,
  stopProcessors,
  systemReset,
} from '../guest/programs/hostile.ts';
import { locks } from '../guest/programs/locks.ts';
import { SUPERVISOR_BASE } from '../guest/programs/runtime.ts';
import type { MachineStatus } from './api.ts';
import { BootError } from './boot/errors.ts';
import { MachineController } from './control.ts';
import { countRequests } from './disk-requests.ts';
import { loadHere } from './load.ts';
import { elfOf, run, testMachine } from './testing/run.ts';
import { nodeThreads } from './threads.node.ts';

const MORE = Number(process.env['TABHYVE_SOAK'] ?? 1);
const SEED = Number(process.env['TABHYVE_SEED'] ?? 1);
const PASSED = { reason: 'power-off', code: 0 };
const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Runs for a while a program that never ends by itself. */
async function startBare(program: ReturnType<typeof sleepForEver>) {
  const machine = testMachine({}, { onStop: () => undefined, onOutput: () => undefined });
  machine.load({ kernel: elfOf(program, 0x8000_0000), firmware: 'none' });
  machine.start();
  const instructions = (): bigint => machine.board.harts.reduce((sum, { instret }) => sum + instret, 0n);
  while (instructions() < 10n) await sleep(10);
  return { machine, instructions };
}

describe('a kernel that is none', () => {
  test.each([
    ['an empty file', () => new Uint8Array(0), 'the kernel is an empty file'],
    ['rubbish', () => new Uint8Array(1 << 20).fill(0x5a), 'the kernel is not a kernel'],
    ['the first half of one', (image: Uint8Array) => image.slice(0, image.length / 2), 'the kernel'],
  ])('%s is refused, and the machine is as before', async (_, make, message) => {
    const images = await prepareImages({ log: () => undefined, publish: false });
    const kernel = make(new Uint8Array(await readFile(images.kernel)));
    const machine = testMachine({ ramBytes: 128 << 20 }, { onStop: () => undefined, onOutput: () => undefined });
    const load = (): void => machine.load({ kernel, firmware: 'sbi' });
    expect(load).toThrow(BootError);
    expect(load).toThrow(message);
    await machine.stop();
  });
});

describe('a guest that cannot go on', () => {
  test('for a jump to nowhere', async () => {
    const { stop } = await run(jumpToNowhere(), { harts: 1 });
    expect(stop).toEqual({
      reason: 'crashed',
      by: 'trap',
      code: 0,
      message:
        'Processor 0 cannot go on: its trap handler at 0x0 (mtvec) traps at once: nothing to execute at the address, value 0x0.',
    });
  });

  test('for a trap handler that is no code', async () => {
    const { stop } = await run(garbageHandler());
    expect(stop).toMatchObject({ reason: 'crashed', by: 'trap' });
    expect(stop.message).toMatch(
      /^Processor [01] cannot go on: .* \(mtvec\) traps at once: illegal instruction, value 0x0\.$/,
    );
  });

  test('since it has stopped all its processors', async () => {
    const { stop } = await run(stopProcessors('all'), { firmware: 'sbi' });
    expect(stop).toMatchObject({ reason: 'crashed', by: 'asleep' });
    expect(stop.message).toContain('has stopped all its processors');
  });
});

test('a processor that stops itself leaves the other one running', async () => {
  expect((await run(stopProcessors('one'), { firmware: 'sbi' })).stop).toEqual(PASSED);
});

test.each([
  [0, 0, PASSED],
  [0, 1, { reason: 'failed', code: 1 }],
  [1, 0, { reason: 'reset', code: 0 }],
  [2, 0, { reason: 'reset', code: 0 }],
  [1, 1, { reason: 'crashed', by: 'panic' }],
  // SBI_ERR_INVALID_PARAM is -3.
  [3, 0, { reason: 'failed', code: 3 }],
  [0, 2, { reason: 'failed', code: 3 }],
])('SBI system reset, type %i, reason %i', async (type, reason, expected) => {
  expect((await run(systemReset(type, reason), { firmware: 'sbi' })).stop).toMatchObject(expected);
});

test('one that does nothing but reboot is stopped', async () => {
  const statuses: MachineStatus[] = [];
  const ended = new Promise<void>((resolve) => {
    const nothing = (): void => undefined;
    const status = (status: MachineStatus): void => {
      statuses.push(status);
      if (status.state === 'crashed') resolve();
    };
    const quiet = { progress: nothing, console: nothing, figures: nothing, diskMaps: nothing, trouble: nothing };
    const listener = { status, ...quiet };
    const control = new MachineController(listener, { threads: nodeThreads, load: loadHere });
    const bytes = elfOf(systemReset(1, 0), SUPERVISOR_BASE);
    void control.start({
      ...{ cpus: 2, memorySize: 8 << 20, firmware: 'sbi', cmdline: '', disks: [] },
      kernel: { kind: 'bytes', bytes, name: 'reboots' },
      console: { columns: 80, rows: 24 },
    });
  });
  await ended;
  expect(statuses.filter(({ state }) => state === 'running')).toHaveLength(3);
  expect(statuses.at(-1)?.reason).toContain('reboots again and again');
});

test('one that traps for ever can be paused and stopped', async () => {
  const { machine, instructions } = await startBare(endlessTraps());
  await machine.pause();
  const paused = instructions();
  await sleep(50);
  expect(instructions()).toBe(paused);
  machine.resume();
  await sleep(50);
  expect(instructions()).toBeGreaterThan(paused);
  const from = performance.now();
  await machine.stop();
  expect(performance.now() - from).toBeLessThan(900);
});

test('one that sleeps for ever costs next to nothing', async () => {
  const { machine } = await startBare(sleepForEver());
  await sleep(500);
  const costs: number[] = [];
  for (let i = 0; i < 4; i++) {
    const before = process.cpuUsage();
    await sleep(1000);
    const { user, system } = process.cpuUsage(before);
    costs.push(user + system);
  }
  await machine.stop();
  // Microseconds: 2% of one processor, for two harts and the machine thread. What else the process does comes and goes.
  expect(Math.min(...costs)).toBeLessThan(20_000);
});

describe('rubbish in every register and ring', () => {
  test.each(Array.from({ length: 3 * MORE }, (_, i) => SEED + i))('seed %i', async (seed) => {
    const size = 1 << 20;
    const content = Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 9)) & 0xff);
    const kept = new MemoryBackend({ base: memoryBase(content.slice()), readOnly: true });
    const victim = countRequests(new MemoryBackend({ size }));
    const lines: string[] = [];
    const { stop, word } = await run(rubbish(seed, { rounds: 2 ** 31, ticks: 15_000_000 }), {
      disks: [
        { id: 'victim', backend: victim.backend },
        { id: 'kept', backend: kept },
      ],
      log: (line) => lines.push(line),
      patience: 30_000,
    });
    expect(stop).toEqual(PASSED);
    expect(word('rounds')).toBeGreaterThan(1000);
    // The guest reached the disks, and what is said about its mistakes does not fill a log.
    expect(Object.values(victim.requests).some((count) => count > 0)).toBe(true);
    expect(lines.length).toBeLessThan(100);
    const after = new Uint8Array(size);
    await kept.read(0, after);
    expect(Buffer.compare(after, content)).toBe(0);
  });

  test('leaves the process fit for the next machine', async () => {
    expect((await run(locks(1000))).stop).toEqual(PASSED);
  });
});
