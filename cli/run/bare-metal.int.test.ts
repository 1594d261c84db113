import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  binary,
  chatter,
  echo,
  elf,
  finish,
  systemReset,
  tellHost,
  temporaryFolder,
  wedge,
} from '../testing/programs.ts';
import { start, tabhyve, tabhyveWith } from '../testing/tabhyve.ts';
import type { RunStats } from './stats.ts';

const folder = temporaryFolder();
const bare = (path: string, ...more: string[]): string[] => [
  ...['run', '--kernel', path, '--firmware', 'none', '-m', '16M', '--timeout', '30'],
  ...more,
];

describe('the exit status', () => {
  test.each([
    ['0x5555', 0, 0x5555],
    ['0x3333 with code 5', 5, 0x5_3333],
    ['0x3333 with code 255', 255, 0xff_3333],
    ['0x3333 with code 0, which must not look like success', 1, 0x3333],
    ['0x3333 with a code that a status cannot hold', 255, 0x12c_3333],
  ])('of the test finisher: %s', async (_, status, value) => {
    const ended = await tabhyve(...bare(binary(folder, 'finish.bin', finish(value))));
    expect(ended).toEqual({ status, stdout: '', stderr: '' });
  });

  test.each([
    [1, 0],
    [15, 7],
    [0x1001, 255],
  ])('of tohost: %i', async (value, status) => {
    const ended = await tabhyve(...bare(elf(folder, 'tohost.elf', tellHost(value))));
    expect(ended).toEqual({ status, stdout: '', stderr: '' });
  });

  test('of the SBI: shutdown is success, shutdown for failure is not, reset for failure is a crash', async () => {
    const run = (type: number, reason: number) =>
      tabhyve('run', '-m', '16M', '--kernel', elf(folder, 'sbi.elf', systemReset(type, reason), 0x8020_0000));
    expect((await run(0, 0)).status).toBe(0);
    expect((await run(0, 1)).status).toBe(1);
    expect((await run(1, 1)).status).toBe(3);
  });

  test('of a processor that cannot go on', async () => {
    const { status, stderr } = await tabhyve(...bare(binary(folder, 'wedge.bin', wedge)));
    expect(stderr).toMatch(/^tabhyve: Processor 0 cannot go on: .*\n$/);
    expect(status).toBe(3);
  });

  test('of a guest that resets at once: again and again, or not', async () => {
    const path = binary(folder, 'reset.bin', finish(0x7777));
    const { status, stderr } = await tabhyve(...bare(path));
    expect(stderr).toContain('again and again');
    expect(status).toBe(3);
    expect(await tabhyve(...bare(path, '--no-reboot'))).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});

test('--timeout ends a program that does not end, and --stats tells what it did', async () => {
  const stats = join(folder, 'stats.json');
  const path = binary(folder, 'spin.bin', 'spin: j spin');
  const { status, stderr } = await tabhyve(...bare(path, '--timeout', '5', '--stats', stats, '-c', '2'));
  expect(stderr).toContain('--timeout');
  expect(status).toBe(124);
  const figures = JSON.parse(readFileSync(stats, 'utf8')) as RunStats;
  expect(figures.exit).toMatchObject({ reason: 'timeout', status: 124 });
  expect(figures.harts).toHaveLength(2);
  expect(figures.wallSeconds).toBeGreaterThan(4.9);
  expect(figures.instructions).toBeGreaterThan(10e6);
  expect(figures.instructions).toBe(figures.harts[0].instructions + figures.harts[1].instructions);
  expect(figures.disks).toEqual([]);
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends the run', async (signal) => {
  const { child, printed, ended } = start(...bare(binary(folder, 'chatter.bin', chatter)));
  await printed('x');
  child.kill(signal);
  const { status, stderr } = await ended;
  expect({ status, stderr }).toEqual({ status: signal === 'SIGINT' ? 130 : 143, stderr: '' });
});

test('a reader of stdout that goes ends the run', async () => {
  const { child, printed, ended } = start(...bare(binary(folder, 'chatter.bin', chatter)));
  await printed('x');
  child.stdout?.destroy();
  expect(await ended).toMatchObject({ status: 141, stderr: '' });
});

test('a reader of stdout that is slow holds the guest back', async () => {
  const { child, printed, ended } = start(...bare(binary(folder, 'chatter.bin', chatter), '--timeout', '4'));
  await printed('x');
  child.stdout?.pause();
  setTimeout(() => child.stdout?.resume(), 6000);
  expect((await ended).status).toBe(124);
});

test('what goes in on stdin comes out on stdout, byte for byte, however much it is', async () => {
  const input = Buffer.from(
    Array.from({ length: 200_000 }, (_, i) => (i * 31 + (i >> 8)) & 0xff).filter((byte) => byte !== 4),
  );
  const { status, stdout } = await tabhyveWith(
    Buffer.concat([input, Buffer.of(4)]),
    ...bare(binary(folder, 'echo.bin', echo)),
  );
  expect(status).toBe(0);
  expect(Buffer.from(stdout, 'latin1').equals(input)).toBe(true);
});

test('the end of stdin does not end the machine', async () => {
  const { child, ended } = start(...bare(binary(folder, 'echo.bin', echo), '--timeout', '2'));
  child.stdin?.end('bye');
  expect(await ended).toMatchObject({ status: 124, stdout: 'bye' });
});

test('an open stdin does not keep it from ending', async () => {
  const { child, ended } = start(...bare(binary(folder, 'finish.bin', finish(0x5555))));
  await once(child, 'close');
  expect((await ended).status).toBe(0);
});
