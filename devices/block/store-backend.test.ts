/// <reference lib="webworker" />
import { describe, expect, test } from 'vitest';
import { memoryBase } from './base.ts';
import { CHUNK_SIZE } from './chunks.ts';
import { defaultLimits, StoreBackend, type CacheLimits } from './store-backend.ts';
import { FakeMedium } from './testing/fake-store.ts';

const size = 4096 * CHUNK_SIZE;
const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

async function open(limits: Partial<CacheLimits> = {}): Promise<{ medium: FakeMedium; disk: StoreBackend }> {
  const medium = new FakeMedium();
  return { medium, disk: await StoreBackend.open({ size, store: medium.open(), limits: { idle: 10_000, ...limits } }) };
}

describe('flush', () => {
  test('is one durable transaction when little was written, and none when nothing was', async () => {
    const { medium, disk } = await open();
    await disk.flush();
    // For what an earlier writer may have left.
    expect(medium.commits).toEqual([{ durable: true, puts: 0, deletes: 0 }]);
    medium.commits = [];
    await disk.write(0, filled(CHUNK_SIZE + 512, 1));
    await disk.flush();
    await disk.flush();
    expect(medium.commits).toEqual([{ durable: true, puts: 2, deletes: 0 }]);
    await disk.close();
  });

  test('is shared by those who ask at once', async () => {
    const { medium, disk } = await open();
    await disk.write(0, filled(512, 1));
    await Promise.all([disk.flush(), disk.flush(), disk.flush()]);
    expect(medium.commits).toEqual([{ durable: true, puts: 1, deletes: 0 }]);
    await disk.close();
  });

  test('covers what was written while another was under way', async () => {
    const { medium, disk } = await open();
    await disk.write(0, filled(CHUNK_SIZE, 1));
    const first = disk.flush();
    await disk.write(CHUNK_SIZE, filled(CHUNK_SIZE, 2));
    await disk.flush();
    medium.crash(0);
    expect(medium.seen.chunks.size).toBe(2);
    await first;
  });

  test('sends many chunks in batches, the last of which is durable', async () => {
    const { medium, disk } = await open();
    await disk.write(0, filled(100 * CHUNK_SIZE, 1));
    await disk.flush();
    expect(medium.commits.reduce((sum, { puts }) => sum + puts, 0)).toBe(100);
    expect(Math.max(...medium.commits.map(({ puts }) => puts))).toBe(defaultLimits.batch);
    expect(medium.commits.map(({ durable }) => durable)).toEqual([...medium.commits.slice(1).map(() => false), true]);
    await disk.close();
  });

  test('reports a transaction that failed unasked, and keeps its data', async () => {
    const { medium, disk } = await open({ batch: 4 });
    medium.failures = ['store'];
    await disk.write(0, filled(4 * CHUNK_SIZE, 7));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(disk.flush()).rejects.toMatchObject({ reason: 'store' });
    await disk.flush();
    medium.crash(0);
    expect(medium.seen.chunks.size).toBe(4);
  });

  test('fails for all who wait for it, and holds when it is tried again', async () => {
    const { medium, disk } = await open();
    await disk.write(0, filled(512, 7));
    medium.failures = ['quota'];
    const outcomes = await Promise.allSettled([disk.flush(), disk.flush()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const target = filled(512, 0);
    await disk.read(0, target);
    expect(target).toEqual(filled(512, 7));
    await disk.flush();
    medium.crash(0);
    expect(medium.seen.chunks.size).toBe(1);
  });
});

describe('a full quota', () => {
  test('is no failure while something else can be given up for the disk', async () => {
    const medium = new FakeMedium();
    let room = 1;
    const makeRoom = async (): Promise<boolean> => room-- > 0;
    const disk = await StoreBackend.open({ size, store: medium.open(), limits: { idle: 10_000 }, makeRoom });
    await disk.write(0, filled(CHUNK_SIZE, 1));
    medium.failures = ['quota'];
    await disk.flush();
    medium.crash(0);
    expect(medium.seen.chunks.size).toBe(1);
    const again = await StoreBackend.open({ size, store: medium.open(), limits: { idle: 10_000 }, makeRoom });
    await again.write(0, filled(CHUNK_SIZE, 2));
    medium.failures = ['quota', 'quota'];
    await expect(again.flush()).rejects.toMatchObject({ reason: 'quota' });
  });

  test('refuses writes while nothing more can be kept, and takes them when there is room again', async () => {
    const { medium, disk } = await open({ dirty: 8, batch: 4 });
    await disk.write(0, filled(2 * CHUNK_SIZE, 1));
    await disk.flush();
    medium.failures = Array.from({ length: 1000 }, () => 'quota' as const);
    let refused = 0;
    for (let i = 0; i < 40; i++) {
      await disk.write((8 + i) * CHUNK_SIZE, filled(CHUNK_SIZE, 2)).catch((error: unknown) => {
        expect(error).toMatchObject({ reason: 'quota' });
        refused++;
      });
    }
    expect(refused).toBeGreaterThanOrEqual(32);
    await expect(disk.flush()).rejects.toMatchObject({ reason: 'quota' });
    const target = filled(2 * CHUNK_SIZE, 0);
    await disk.read(0, target);
    expect(target).toEqual(filled(2 * CHUNK_SIZE, 1));

    medium.failures = [];
    await disk.write(100 * CHUNK_SIZE, filled(CHUNK_SIZE, 3));
    await disk.flush().catch(() => disk.flush());
    await disk.read(100 * CHUNK_SIZE, target.subarray(0, CHUNK_SIZE));
    expect(target.subarray(0, CHUNK_SIZE)).toEqual(filled(CHUNK_SIZE, 3));
    medium.crash(0);
    expect(medium.seen.chunks.get(100)?.[0]).toBe(3);
  });

  test('lets discards through, in transactions of their own', async () => {
    const { medium, disk } = await open();
    await disk.write(0, filled(2 * CHUNK_SIZE, 1));
    await disk.flush();
    await disk.write(8 * CHUNK_SIZE, filled(CHUNK_SIZE, 2));
    await disk.discard(0, 2 * CHUNK_SIZE);
    medium.commits = [];
    await disk.flush();
    expect(medium.commits).toEqual([
      { durable: false, puts: 0, deletes: 2 },
      { durable: true, puts: 1, deletes: 0 },
    ]);
    await disk.close();
  });
});

describe('the cache', () => {
  test('makes writers wait while it is full', async () => {
    const { medium, disk } = await open({ dirty: 8, batch: 4 });
    await disk.write(0, filled(7 * CHUNK_SIZE, 1));
    const before = medium.commits.length;
    await disk.write(7 * CHUNK_SIZE, filled(8 * CHUNK_SIZE, 1));
    expect(medium.commits.length).toBeGreaterThan(before);
    await disk.close();
  });

  test('sends what is left after a moment, unasked', async () => {
    const { medium, disk } = await open({ idle: 5 });
    await disk.write(0, filled(512, 1));
    expect(medium.commits.length).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(medium.commits).toEqual([{ durable: false, puts: 1, deletes: 0 }]);
    await disk.close();
  });

  test('reads ahead of who reads in sequence, and of nobody else', async () => {
    const medium = new FakeMedium();
    const first = await StoreBackend.open({ size, store: medium.open() });
    await first.write(0, filled(64 * CHUNK_SIZE, 1));
    await first.close();
    const store = medium.open();
    const reads: number[][] = [];
    const read = store.read.bind(store);
    store.read = (indexes) => {
      reads.push([...indexes]);
      return read(indexes);
    };
    const disk = await StoreBackend.open({ size, store });
    const target = new Uint8Array(CHUNK_SIZE);
    for (const index of [40, 20, 0]) await disk.read(index * CHUNK_SIZE, target);
    expect(reads).toEqual([[40], [20], [0]]);
    await disk.read(CHUNK_SIZE, target);
    expect(reads.at(-1)).toEqual([1, 2, 3, 4, 5]);
    await disk.close();
  });
});

test('usage counts chunks exactly, and tombstones where the base would be seen only', async () => {
  const medium = new FakeMedium();
  const base = memoryBase(filled(3 * CHUNK_SIZE, 9).fill(0, CHUNK_SIZE, 2 * CHUNK_SIZE));
  const disk = await StoreBackend.open({ size, store: medium.open(), base });
  await disk.discard(0, 10 * CHUNK_SIZE);
  expect(disk.usage()).toEqual({ allocatedBytes: 0, allocatedChunks: 0, tombstones: 2 });
  await disk.write(0, filled(512, 1));
  expect(disk.usage()).toEqual({ allocatedBytes: CHUNK_SIZE, allocatedChunks: 1, tombstones: 1 });
  await disk.discard(0, 512);
  expect(disk.usage()).toEqual({ allocatedBytes: 0, allocatedChunks: 0, tombstones: 2 });
  await disk.flush();
  expect([...medium.seen.tombstones.keys()]).toEqual([0]);
  await disk.close();
});
