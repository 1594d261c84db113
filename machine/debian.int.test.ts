/** Debian on the machine itself, with two processors: one boot, and what is done with it in order. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prepareImages } from '../guest/index.ts';
import type { MemoryBackend } from '../devices/block/memory.ts';
import { loadDebian, rootDisk, type Debian } from './testing/debian.ts';

let debian: Debian;
let backend: MemoryBackend;

beforeAll(async () => {
  const images = await prepareImages({ log: () => undefined, publish: false });
  backend = await rootDisk(images);
  debian = await loadDebian(images, { harts: 2, disks: [{ id: 'root', backend }] });
  debian.machine.start();
  await debian.console.shell();
});
afterAll(async () => {
  await debian.machine.stop();
  await backend.close();
});

test('both processors are there, and work', async () => {
  const { console, machine } = debian;
  expect(await console.run('nproc')).toBe('2');
  const before = machine.board.harts.map(({ instret }) => instret);
  const work = (cpu: number): string => `taskset -c ${cpu} sh -c 'seq 1 60000 | md5sum'`;
  const sums = (await console.run(`(${work(0)} & ${work(1)} & wait)`)).split('\n');
  expect(sums).toHaveLength(2);
  expect(sums[0]).toMatch(/^[0-9a-f]{32} /);
  expect(sums[1]).toBe(sums[0]);
  machine.board.harts.forEach(({ instret }, i) => expect(instret - before[i]).toBeGreaterThan(5_000_000n));
});

test('a pause is no time for the guest, and its console works afterwards', async () => {
  const { console, machine } = debian;
  const uptime = async (): Promise<number> => Number(await console.run('cut -d" " -f1 /proc/uptime'));
  const from = performance.now();
  const before = await uptime();
  await machine.pause();
  const ticks = machine.board.control.timeBase;
  const pausedFrom = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const typed = console.run('echo typed meanwhile');
  expect(machine.board.control.timeBase).toBe(ticks);
  machine.resume();
  const pausedFor = performance.now() - pausedFrom;
  expect(await typed).toBe('typed meanwhile');
  const after = await uptime();
  const ran = (performance.now() - from - pausedFor) / 1000;
  expect(after).toBeGreaterThanOrEqual(before);
  expect(after - before).toBeLessThan(ran + 0.1);
});

test('many lines come whole, and in order', async () => {
  const { console } = debian;
  const lines = (await console.run('seq 1 600')).split('\n');
  expect(lines).toHaveLength(600);
  expect(lines.findIndex((line, i) => line !== String(i + 1))).toBe(-1);
});

test('a processor is taken away and comes back', async () => {
  const { console } = debian;
  const online = '/sys/devices/system/cpu/cpu1/online';
  await console.run(`echo 0 > ${online}`);
  expect(await console.run('nproc')).toBe('1');
  await console.run(`echo 1 > ${online}`);
  expect(await console.run('nproc')).toBe('2');
  expect(await console.run('taskset -c 1 echo there')).toBe('there');
});

test('a disk that grows is larger for the kernel at once, and its file system takes the space', async () => {
  const { console, machine } = debian;
  const { size } = backend.geometry;
  const device = await console.run('findmnt -no SOURCE /');
  expect(await console.run(`blockdev --getsize64 ${device}`)).toBe(String(size));
  const blocks = async (): Promise<number> => Number(await console.run('stat -f -c %b /'));
  const before = await blocks();
  await backend.grow(size + 256 * 2 ** 20);
  machine.diskGrew('root');
  await console.run(
    `for i in $(seq 50); do [ $(blockdev --getsize64 ${device}) -gt ${size} ] && break; sleep 0.1; done`,
  );
  expect(await console.run(`blockdev --getsize64 ${device}`)).toBe(String(size + 256 * 2 ** 20));
  await console.run(`resize2fs ${device}`);
  expect(await blocks()).toBeGreaterThan(before + (200 * 2 ** 20) / 4096);
  const last = size / 2 ** 20 + 255;
  expect(await console.run(`dd if=${device} bs=1M skip=${last} iflag=direct status=none | wc -c`)).toBe('1048576');
});

test('it powers off', async () => {
  debian.console.type('poweroff\n');
  expect(await debian.ended).toEqual({ reason: 'power-off', code: 0 });
});
