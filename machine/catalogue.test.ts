/// <reference lib="webworker" />
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, expect, test } from 'vitest';
import { blobBase } from '../devices/block/base.ts';
import type { DiskHost } from '../devices/block/disk-host.ts';
import { CHUNK_SIZE } from '../devices/block/chunks.ts';
import { diskMap } from '../devices/block/disk-map.ts';
import { openDisk } from '../devices/block/disks.ts';
import { LocalLocks } from '../devices/block/locks.ts';
import { FakeFiles } from '../devices/block/testing/fake-files.ts';
import type { DiskCatalogue } from './api-disks.ts';
import { diskCatalogue } from './catalogue.ts';

const SIZE = 2 ** 20;
const goOn = (): boolean => true;

let host: DiskHost;
let disks: DiskCatalogue;
beforeEach(async () => {
  let now = 0;
  host = { factory: new IDBFactory(), locks: new LocalLocks(), now: () => ++now, files: new FakeFiles() };
  disks = diskCatalogue(() => host);
  const { backend } = await openDisk({ id: 'a', name: 'Base', size: SIZE }, host);
  await backend.write(0, new Uint8Array(512).fill(1));
  await backend.close();
});

test('the list says what lies over what, who uses it, and where it is', async () => {
  const over = await disks.createOver('a', 'Over it', 'opfs');
  expect(over).toEqual({
    ...{ id: 'over-it', name: 'Over it', size: SIZE, created: 2, store: 'opfs', over: 'a', overlays: [] },
  });
  const { backend } = await openDisk({ id: 'over-it' }, host);
  expect(await disks.list()).toEqual([
    {
      ...{ id: 'a', name: 'Base', size: SIZE, created: 1, store: 'indexeddb', overlays: ['over-it'], use: 'reading' },
    },
    { ...over, use: 'writing' },
  ]);
  await expect(disks.reset('over-it')).rejects.toThrow(/in use/);
  await backend.close();
  expect((await disks.list()).map(({ use }) => use)).toEqual([undefined, undefined]);
});

test('what is done with a disk is in the list afterwards', async () => {
  const clone = await disks.clone('a', 'Clone', goOn);
  await disks.rename('a', 'First');
  await disks.resize('a', 2 * SIZE);
  await disks.move('clone', 'opfs', goOn);
  const listed = (await disks.list()).map(({ name, size, store }) => ({ name, size, store }));
  expect(listed).toEqual([
    { name: 'First', size: 2 * SIZE, store: 'indexeddb' },
    { name: 'Clone', size: SIZE, store: 'opfs' },
  ]);
  await disks.delete(clone.id);
  expect(await disks.exists(clone.id)).toBe(false);
});

test('a commit that is cancelled half-way is named until it is done again', async () => {
  await disks.createOver('a', 'Over it');
  const { backend } = await openDisk({ id: 'over-it' }, host);
  await backend.write(0, new Uint8Array(SIZE).fill(2));
  await backend.close();
  let asked = 0;
  await expect(disks.commit('over-it', () => asked++ === 0)).rejects.toMatchObject({ name: 'AbortError' });
  expect((await disks.list())[0]).toMatchObject({ id: 'a', committing: 'over-it' });
  await disks.commit('over-it', goOn);
  expect((await disks.list())[0]).not.toHaveProperty('committing');
});

test('what a tab that ended left of a clone is gone with the first list', async () => {
  const made = new Promise((resolve) => {
    void disks.clone('a', 'Clone', () => new Promise<boolean>(() => resolve(undefined)));
  });
  await made;
  expect(await disks.exists('clone')).toBe(true);
  // Another tab, and the locks of the first are gone with it.
  host = { ...host, locks: new LocalLocks() };
  expect((await diskCatalogue(() => host).list()).map(({ id }) => id)).toEqual(['a']);
  expect(await disks.exists('clone')).toBe(false);
});

test.each(['indexeddb', 'opfs'] as const)('what a disk in %s occupies is known, in use or not', async (store) => {
  const { id } = await disks.create({ name: 'Empty', size: SIZE, store });
  expect(await disks.inspect(id)).toEqual({ allocatedBytes: 0, allocatedChunks: 0, tombstones: 0 });
  const { backend } = await openDisk({ id }, host);
  await backend.write(0, new Uint8Array(512).fill(1));
  await backend.flush();
  expect(await disks.inspect(id)).toMatchObject({ allocatedChunks: 1 });
  await backend.close();
  const over = await disks.createOver('a', 'Over it', store);
  const upper = await openDisk({ id: over.id }, host);
  await upper.backend.discard(0, SIZE);
  await upper.backend.close();
  expect(await disks.inspect(over.id)).toEqual({ allocatedBytes: 0, allocatedChunks: 0, tombstones: 1 });
});

test.each(['indexeddb', 'opfs'] as const)('the map of a disk in %s is that of the open one', async (store) => {
  const { id } = await disks.create({ name: 'Low', size: 8 * CHUNK_SIZE, store });
  const low = await openDisk({ id }, host);
  for (const chunk of [1, 2, 3]) await low.backend.write(chunk * CHUNK_SIZE, new Uint8Array(512).fill(1));
  await low.backend.close();
  const over = await disks.createOver(id, 'High', store);
  const high = await openDisk({ id: over.id }, host);
  await high.backend.write(CHUNK_SIZE, new Uint8Array(512).fill(2));
  await high.backend.discard(2 * CHUNK_SIZE, CHUNK_SIZE);
  await high.backend.flush();
  const map = await disks.map(over.id, 8);
  expect(map).toEqual(diskMap(high.backend.layout, 8));
  expect([map.allocated, map.tombstones, map.base].map((counts) => counts.indexOf(1))).toEqual([1, 2, 3]);
  await high.backend.close();
});

test('an image becomes a disk, whose entry says so', async () => {
  const image = new Blob([new Uint8Array(700).fill(3)]);
  const { warnings, ...entry } = await disks.import(image, 'a.img', { name: 'Image', store: 'opfs' }, goOn);
  expect(warnings).toHaveLength(1);
  expect(entry).toMatchObject({ id: 'image', name: 'Image', size: 1024, store: 'opfs', overlays: [] });
  expect(await disks.list()).toContainEqual(entry);
});

test('a disk that lies over a file at the bottom says which', async () => {
  const { backend } = await openDisk(
    { id: 'file-1', base: blobBase(new File(['x'.repeat(512)], 'my disk.img')) },
    host,
  );
  await backend.close();
  await disks.createOver('file-1', 'Over it');
  expect((await disks.list()).map(({ baseFile }) => baseFile)).toEqual([undefined, 'my disk.img', 'my disk.img']);
  await expect(disks.export('over-it', { format: 'raw', fileName: 'x.img' }, goOn)).rejects.toThrow(/under Files/);
});
