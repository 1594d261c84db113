/// <reference lib="webworker" />
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HolePunch } from './hole-punch.node.ts';
import { MemoryBackend } from './memory.ts';
import { fileBase, RawFileBackend } from './raw-file.node.ts';
import type { Subject } from './testing/model.ts';
import { checkPrograms, factor } from './testing/programs.ts';

const MIB = 2 ** 20;
const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const hasFallocate = spawnSync('fallocate', ['--version']).status === 0;

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tabhyve-raw-'));
  path = join(folder, 'disk.img');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a disk in a raw file', () => {
  test('is the file, made sparse, and keeps what is written', async () => {
    const disk = await RawFileBackend.open({ path, size: 64 * MIB });
    expect(disk.geometry).toMatchObject({ size: 64 * MIB, readOnly: false });
    expect(disk.usage().allocatedBytes).toBe(0);
    await disk.write(MIB, filled(MIB, 7));
    await disk.flush();
    expect(disk.usage().allocatedBytes).toBe(statSync(path).blocks * 512);
    const target = filled(1024, 1);
    await disk.read(MIB - 512, target);
    expect(target).toEqual(Uint8Array.from([...filled(512, 0), ...filled(512, 7)]));
    await disk.close();
    expect(readFileSync(path).subarray(MIB, MIB + 3)).toEqual(Buffer.from([7, 7, 7]));
  });

  test.runIf(hasFallocate)('becomes smaller where it is discarded', async () => {
    const disk = await RawFileBackend.open({ path, size: 16 * MIB });
    await disk.write(0, filled(8 * MIB, 7));
    await disk.flush();
    const before = disk.usage().allocatedBytes;
    const pieces = Array.from({ length: 64 }, (_, i) => disk.discard((i * MIB) / 16, MIB / 16));
    await Promise.all(pieces);
    expect(before - disk.usage().allocatedBytes).toBeGreaterThanOrEqual(4 * MIB - 65536);
    const target = filled(8192, 1);
    await disk.read(4 * MIB - 4096, target);
    expect(target).toEqual(Uint8Array.from([...filled(4096, 0), ...filled(4096, 7)]));
    await disk.close();
  });

  test('writes zeroes, and says so once, where no holes can be punched', async () => {
    const said: string[] = [];
    const punch = (): Promise<void> => Promise.reject(new Error('Operation not supported'));
    const disk = await RawFileBackend.open({ path, size: MIB, punch, warn: (message) => said.push(message) });
    await disk.write(0, filled(MIB, 7));
    await Promise.all([disk.discard(0, 4096), disk.discard(65536, 4096)]);
    await disk.discard(131072, 512);
    expect(said).toEqual([expect.stringContaining('Operation not supported')]);
    const target = filled(4608, 1);
    await disk.read(0, target);
    expect(target).toEqual(Uint8Array.from([...filled(4096, 0), ...filled(512, 7)]));
    await disk.close();
  });

  test('does calls on overlapping ranges in their order', async () => {
    const disk = await RawFileBackend.open({ path, size: MIB });
    const seen = filled(512, 9);
    const calls = [disk.write(0, filled(8192, 1)), disk.discard(0, 4096), disk.write(512, filled(512, 2))];
    await Promise.all([...calls, disk.read(4096, seen), disk.writeZeroes(4096, 512, false)]);
    expect(seen).toEqual(filled(512, 1));
    const target = filled(5120, 9);
    await disk.read(0, target);
    const expected = [filled(512, 0), filled(512, 2), filled(3072, 0)].flatMap((part) => [...part]);
    expect(target).toEqual(Uint8Array.from([...expected, ...filled(1024, 1).fill(0, 0, 512)]));
    await disk.close();
  });

  test('says what is wrong with a file', async () => {
    await expect(RawFileBackend.open({ path })).rejects.toMatchObject({ name: 'BlockError', reason: 'missing' });
    writeFileSync(path, '');
    await expect(RawFileBackend.open({ path })).rejects.toMatchObject({ reason: 'range' });
    await expect(RawFileBackend.open({ path: folder })).rejects.toMatchObject({ name: 'BlockError' });
    writeFileSync(path, filled(1000, 1));
    const disk = await RawFileBackend.open({ path, readOnly: true });
    expect(disk.geometry).toMatchObject({ size: 512, readOnly: true });
    await expect(disk.write(0, filled(512, 1))).rejects.toMatchObject({ reason: 'read-only' });
    await disk.close();
    await expect(disk.read(0, filled(512, 1))).rejects.toMatchObject({ reason: 'closed' });
  });

  test('grows with its file, by whole units', async () => {
    writeFileSync(path, filled(8192, 1));
    const disk = await RawFileBackend.open({ path });
    const grown = new Promise<void>((resolve) => disk.onGrown(resolve, 4096));
    appendFileSync(path, filled(4096 + 512, 2));
    await grown;
    expect(disk.geometry.size).toBe(12288);
    const target = filled(4096, 0);
    await disk.read(8192, target);
    expect(target).toEqual(filled(4096, 2));
    await disk.close();
  });

  test('stays as it is below a throw-away overlay', async () => {
    writeFileSync(path, filled(MIB, 5));
    const disk = new MemoryBackend({ base: await fileBase(path) });
    await disk.write(512, filled(512, 6));
    await disk.discard(65536, 32768);
    const target = filled(1024, 0);
    await disk.read(512, target);
    expect(target).toEqual(Uint8Array.from([...filled(512, 6), ...filled(512, 5)]));
    await disk.close();
    expect(readFileSync(path).equals(filled(MIB, 5))).toBe(true);
  });
});

describe("past the host's cache", () => {
  test('whole blocks and parts of them are read and written, of several pieces of memory at once', async () => {
    const bytes = Uint8Array.from({ length: 6 * MIB }, (_, i) => (i * 7 + (i >> 10)) & 255);
    writeFileSync(path, bytes);
    const disk = await RawFileBackend.open({ path, noCache: true });
    const parts = [0, 1, 2, 3, 4, 5].map((i) => ({ at: i * MIB + 512 * i, part: filled(MIB - 4096, i + 1) }));
    await Promise.all(parts.map(({ at, part }) => disk.write(at, part)));
    for (const { at, part } of parts) bytes.set(part, at);
    await disk.write(2 * MIB - 512, filled(2 * MIB + 1024, 9));
    bytes.fill(9, 2 * MIB - 512, 4 * MIB + 512);
    const target = new Uint8Array(6 * MIB - 512);
    await disk.read(512, target);
    expect(Buffer.compare(target, bytes.subarray(512))).toBe(0);
    await disk.close();
    expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
  });

  test('writes to parts of one block at once are all there', async () => {
    const disk = await RawFileBackend.open({ path, size: MIB, noCache: true });
    const sectors = Array.from({ length: MIB / 512 }, (_, i) => i);
    await Promise.all(sectors.map((i) => disk.write(i * 512, filled(512, (i % 255) + 1))));
    const target = new Uint8Array(MIB);
    await disk.read(0, target);
    for (const i of sectors) expect(target[i * 512]).toBe((i % 255) + 1);
    await disk.close();
  });

  test('a file that does not end with a block is refused, with what to do', async () => {
    writeFileSync(path, filled(4096 + 512, 1));
    await expect(RawFileBackend.open({ path, noCache: true })).rejects.toMatchObject({
      name: 'BlockError',
      message: expect.stringMatching(/4608 bytes.*truncate -s %4096/) as string,
    });
  });

  test('a file that the host always caches is refused, with what to do', async () => {
    await expect(RawFileBackend.open({ path: '/proc/version', readOnly: true, noCache: true })).rejects.toMatchObject({
      name: 'BlockError',
      message: expect.stringMatching(/leave out nocache/) as string,
    });
  });
});

test.each([
  ["through the host's cache", false],
  ['past it', true],
])('random programs read what they must %s', { timeout: 60_000 * Math.max(1, factor) }, async (_how, noCache) => {
  // Whole blocks of 4096 bytes.
  const sectors = 600;
  let run = 0;
  const subject = (): Subject => {
    const file = `${path}.${run++}`;
    let disk: RawFileBackend | undefined;
    const open = async () => (disk = await RawFileBackend.open({ path: file, size: sectors * 512, noCache }));
    return { sectors, initial: () => 0, open, crash: async () => disk?.close() };
  };
  await checkPrograms(sectors, subject, 40);
});

test('holes that are asked for while others are punched are merged', async () => {
  const punched: [number, number][] = [];
  const holes = new HolePunch(async (offset, length) => {
    punched.push([offset, length]);
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
  await Promise.all([0, 1, 2, 10, 12, 11, 20].map((block) => holes.punch(block * 4096, 4096)));
  expect(punched).toEqual([
    [0, 3 * 4096],
    [10 * 4096, 3 * 4096],
    [20 * 4096, 4096],
  ]);
});
