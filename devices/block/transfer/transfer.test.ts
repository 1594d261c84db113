/// <reference lib="webworker" />
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, test } from 'vitest';
import { memorySource, type ImageFormat, type ImageSource } from '../../image/index.ts';
import { diskOf, imageOf, isSame, sparseDisk } from '../../image/testing/images.ts';
import { memoryBase, type BaseImage } from '../base.ts';
import { CHUNK_SIZE } from '../chunks.ts';
import type { DiskHost } from '../disk-host.ts';
import { listDisks, openDisk } from '../disks.ts';
import { LocalLocks } from '../locks.ts';
import { deleteUnmade } from '../manage/making.ts';
import type { Proceed } from '../manage/progress.ts';
import { FakeFiles } from '../testing/fake-files.ts';
import { exportDisk } from './export.ts';
import { importImage } from './import.ts';
import { MemorySink } from './testing/memory-sink.ts';

const FORMATS: readonly ImageFormat[] = ['raw', 'qcow2', 'gzip', 'zstd'];
const SIZE = 3 << 20;
const always: Proceed = () => true;

let host: DiskHost;
let files: FakeFiles;
beforeEach(() => {
  files = new FakeFiles();
  host = { factory: new IDBFactory(), locks: new LocalLocks(), now: () => 1, files };
});

const importBytes = (bytes: Uint8Array, options: { store?: 'opfs'; proceed?: Proceed } = {}) =>
  importImage(memorySource(bytes, 'image'), { name: 'Imported', proceed: always, ...options }, host);

async function read(id: string): Promise<Uint8Array> {
  const { backend } = await openDisk({ id, readOnly: true }, host);
  const bytes = new Uint8Array(backend.geometry.size);
  await backend.read(0, bytes);
  await backend.close();
  return bytes;
}

async function exported(id: string, format: ImageFormat, base?: BaseImage): Promise<Uint8Array> {
  const { backend } = await openDisk({ id, readOnly: true, steady: true, base }, host);
  const sink = new MemorySink();
  await exportDisk(backend, sink, { format, proceed: always });
  await backend.close();
  expect(sink.state).toBe('finished');
  return sink.bytes;
}

describe.each(['indexeddb', 'opfs'] as const)('in %s', (store) => {
  test.each(FORMATS)('a disk in %s is imported, and exported as it was', async (format) => {
    const disk = sparseDisk(7, SIZE);
    const { manifest, warnings } = await importBytes(await imageOf(disk, format), {
      ...(store === 'opfs' && { store }),
    });
    expect(warnings).toEqual([]);
    expect(manifest).toMatchObject({ name: 'Imported', size: SIZE });
    expect(await listDisks(host)).toEqual([manifest]);
    expect(isSame(await read(manifest.id), disk)).toBe(true);
    const image = await exported(manifest.id, format);
    expect(isSame(await diskOf(image), disk)).toBe(true);
  });
});

test('what is zero in an image occupies nothing', async () => {
  const disk = new Uint8Array(64 * CHUNK_SIZE);
  disk[5 * CHUNK_SIZE + 1] = 1;
  const { manifest } = await importBytes(disk);
  const { backend } = await openDisk({ id: manifest.id }, host);
  expect(backend.usage().allocatedChunks).toBe(1);
  await backend.close();
});

test('a part of a sector is filled up, and that is said', async () => {
  const disk = new Uint8Array(CHUNK_SIZE + 700).fill(3);
  const { manifest, warnings } = await importBytes(disk);
  expect(manifest.size).toBe(CHUNK_SIZE + 1024);
  expect(warnings.join()).toMatch(/33468 bytes.*324 bytes of zeroes/);
  const whole = new Uint8Array(CHUNK_SIZE + 1024);
  whole.set(disk);
  expect(isSame(await read(manifest.id), whole)).toBe(true);
});

test('an empty image is none', async () => {
  await expect(importBytes(new Uint8Array())).rejects.toThrow(/empty/);
  expect(await host.factory.databases()).toEqual([]);
});

test('an exported overlay is whole', async () => {
  const under = sparseDisk(3, SIZE);
  const base = memoryBase(under, 'base');
  const { backend } = await openDisk({ id: 'over', size: SIZE + CHUNK_SIZE, base }, host);
  await backend.write(CHUNK_SIZE - 512, new Uint8Array(1024).fill(9));
  await backend.discard(8 * CHUNK_SIZE, 4 * CHUNK_SIZE);
  await backend.close();
  const expected = new Uint8Array(SIZE + CHUNK_SIZE);
  expected.set(under);
  expected.fill(9, CHUNK_SIZE - 512, CHUNK_SIZE + 512).fill(0, 8 * CHUNK_SIZE, 12 * CHUNK_SIZE);
  for (const format of FORMATS) {
    expect(isSame(await diskOf(await exported('over', format, base)), expected)).toBe(true);
  }
});

test('holes are not written to a raw file', async () => {
  const { backend } = await openDisk({ id: 'a', size: 4096 * CHUNK_SIZE }, host);
  await backend.write(1000 * CHUNK_SIZE, new Uint8Array(512).fill(1));
  await backend.flush();
  const sink = new MemorySink();
  await exportDisk(backend, sink, { format: 'raw', proceed: always });
  await backend.close();
  expect([sink.writes, sink.bytes.length]).toEqual([1, 4096 * CHUNK_SIZE]);
});

describe('an import that is not finished leaves nothing', () => {
  const nothingIsLeft = async (): Promise<void> => {
    expect(await host.factory.databases()).toEqual([]);
    expect(files.files.size).toBe(0);
  };

  test.each(['indexeddb', 'opfs'] as const)('when it is called off, in %s', async (store) => {
    let asked = 0;
    const proceed: Proceed = () => asked++ === 0;
    const promise = importBytes(sparseDisk(5, SIZE), { ...(store === 'opfs' && { store }), proceed });
    await expect(promise).rejects.toMatchObject({ name: 'AbortError' });
    await nothingIsLeft();
  });

  test('when the image is damaged', async () => {
    const image = await imageOf(sparseDisk(5, SIZE), 'gzip');
    await expect(importBytes(image.subarray(0, image.length - 100))).rejects.toThrow(/damaged/);
    await nothingIsLeft();
  });

  test('when the file cannot be read to its end', async () => {
    const good = memorySource(sparseDisk(5, 8 << 20));
    const source: ImageSource = {
      ...good,
      read: async (offset, length) => {
        if (offset > SIZE) throw new Error('gone');
        return good.read(offset, length);
      },
    };
    await expect(importImage(source, { name: 'x', proceed: always }, host)).rejects.toThrow('gone');
    await nothingIsLeft();
  });

  test('when there is no room, which is said', async () => {
    const opening = files.open.bind(files);
    files.open = async (id) => {
      const file = await opening(id);
      const made = files.files.get(id);
      if (made) made.failures = 1000;
      return file;
    };
    await expect(importBytes(sparseDisk(5, SIZE), { store: 'opfs' })).rejects.toThrow(
      /no room.*nothing of it was kept/,
    );
    await nothingIsLeft();
  });
});

test('an import that is interrupted leaves no disk, and what it leaves is deleted when nobody makes it any more', async () => {
  const good = memorySource(sparseDisk(5, 8 << 20));
  const source: ImageSource = {
    ...good,
    // Never answers, as if the tab had ended.
    read: (offset, length) => (offset > SIZE ? new Promise<never>(() => undefined) : good.read(offset, length)),
  };
  void importImage(source, { name: 'x', proceed: always }, host);
  await expect.poll(async () => (await host.factory.databases()).length).toBe(1);
  expect(await listDisks(host)).toEqual([]);
  await deleteUnmade(host);
  expect(await host.factory.databases()).toHaveLength(1);
  // Its locks end with the tab.
  await deleteUnmade({ ...host, locks: new LocalLocks() });
  expect(await host.factory.databases()).toEqual([]);
});

test('an export that is called off leaves no file', async () => {
  const { manifest } = await importBytes(sparseDisk(5, SIZE));
  const { backend } = await openDisk({ id: manifest.id, readOnly: true, steady: true }, host);
  const sink = new MemorySink();
  let asked = 0;
  const proceed: Proceed = () => asked++ === 0;
  await expect(exportDisk(backend, sink, { format: 'raw', proceed })).rejects.toMatchObject({ name: 'AbortError' });
  expect(sink.state).toBe('abandoned');
  await backend.close();
});

test('a disk that is written to cannot be read alone', async () => {
  const { backend } = await openDisk({ id: 'a', size: SIZE }, host);
  const opening = openDisk({ id: 'a', readOnly: true, steady: true }, host);
  await expect(opening).rejects.toMatchObject({ reason: 'locked' });
  await backend.close();
});

test('progress goes from nothing to all', async () => {
  for (const format of FORMATS) {
    const image = await imageOf(sparseDisk(2, SIZE), format);
    const told: number[] = [];
    const proceed: Proceed = ({ done, total }) => told.push(done / (total ?? NaN)) > 0;
    await importBytes(image, { proceed });
    expect(told.at(0)).toBe(0);
    expect(told.at(-1)).toBe(1);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
  }
});
