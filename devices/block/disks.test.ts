/// <reference lib="webworker" />
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BlockBackend } from './backend.ts';
import { memoryBase } from './base.ts';
import { CHUNK_SIZE } from './chunks.ts';
import { deleteDisk, diskExists, listDisks, openDisk } from './disks.ts';
import type { DiskHost } from './disk-host.ts';
import { STACK_SCHEMA_VERSION } from './indexeddb/database.ts';
import { FakeFiles } from './testing/fake-files.ts';
import { LocalLocks } from './locks.ts';

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
async function bytesOf(disk: BlockBackend, offset: number, length: number): Promise<Uint8Array> {
  const target = filled(length, 0xee);
  await disk.read(offset, target);
  return target;
}

let host: DiskHost;
let now = 0;
beforeEach(() => {
  host = { factory: new IDBFactory(), locks: new LocalLocks(), now: () => ++now, files: new FakeFiles() };
});

describe('a disk of this origin', () => {
  test('keeps what was flushed, and what it is', async () => {
    const first = await openDisk({ id: 'a', size: 1000 * CHUNK_SIZE, name: 'Homework' }, host);
    await first.backend.write(CHUNK_SIZE - 512, filled(1024, 7));
    await first.backend.close();
    const second = await openDisk({ id: 'a', size: 512 }, host);
    expect(second.manifest).toMatchObject({ id: 'a', name: 'Homework', size: 1000 * CHUNK_SIZE, layers: ['0'] });
    expect(second.backend.geometry.size).toBe(1000 * CHUNK_SIZE);
    expect(second.backend.usage().allocatedChunks).toBe(2);
    expect(await bytesOf(second.backend, CHUNK_SIZE - 512, 1024)).toEqual(filled(1024, 7));
    await second.backend.close();
  });

  test('has one writer, and any number of readers', async () => {
    const writer = await openDisk({ id: 'a', size: CHUNK_SIZE }, host);
    await expect(openDisk({ id: 'a' }, host)).rejects.toMatchObject({ name: 'BlockError', reason: 'locked' });
    await expect(deleteDisk('a', host)).rejects.toMatchObject({ reason: 'locked' });
    const reader = await openDisk({ id: 'a', readOnly: true }, host);
    await expect(reader.backend.write(0, filled(512, 1))).rejects.toMatchObject({ reason: 'read-only' });
    await writer.backend.close();
    const next = await openDisk({ id: 'a' }, host);
    await Promise.all([next.backend.close(), reader.backend.close()]);
  });

  test('is waited for, until it is free or the wait is over', async () => {
    const writer = await openDisk({ id: 'a', size: CHUNK_SIZE }, host);
    const given = [new AbortController(), new AbortController()];
    const [first, second] = given.map(({ signal }) => openDisk({ id: 'a', wait: signal }, host));
    const opened: string[] = [];
    void first.then(() => opened.push('first'));
    const cancelled = expect(second).rejects.toMatchObject({ name: 'AbortError' });
    given[1].abort();
    await cancelled;
    expect(opened).toEqual([]);
    await writer.backend.write(0, filled(512, 3));
    await writer.backend.close();
    const { backend } = await first;
    expect(await bytesOf(backend, 0, 512)).toEqual(filled(512, 3));
    await backend.close();
    await (await openDisk({ id: 'a' }, host)).backend.close();
  });

  test('is listed, and gone when it is deleted; its readers are told', async () => {
    for (const id of ['b', 'a']) await (await openDisk({ id, size: CHUNK_SIZE }, host)).backend.close();
    expect((await listDisks(host)).map(({ id }) => id)).toEqual(['b', 'a']);
    const lost = new Promise((onLost) => void openDisk({ id: 'a', readOnly: true, onLost }, host));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await deleteDisk('a', host);
    expect(await lost).toMatchObject({ reason: 'closed' });
    expect(await diskExists('a', host)).toBe(false);
    expect(await diskExists('b', host)).toBe(true);
  });

  test('is not made by who only wants to open it', async () => {
    await expect(openDisk({ id: 'x', create: false }, host)).rejects.toMatchObject({ reason: 'missing' });
    await expect(openDisk({ id: 'x', readOnly: true }, host)).rejects.toMatchObject({ reason: 'missing' });
    await expect(openDisk({ id: '../x', size: 512 }, host)).rejects.toMatchObject({ reason: 'range' });
    await expect(openDisk({ id: 'x' }, host)).rejects.toMatchObject({ reason: 'range' });
    expect(await listDisks(host)).toEqual([]);
  });

  test('that a newer tabhyve wrote is refused, and left alone', async () => {
    await new Promise<void>((resolve) => {
      const request = host.factory.open('tabhyve-disk-a', STACK_SCHEMA_VERSION + 1);
      request.onupgradeneeded = () => request.result.createObjectStore('disk').put(1, 'x');
      request.onsuccess = () => {
        request.result.close();
        resolve();
      };
    });
    await expect(openDisk({ id: 'a', size: CHUNK_SIZE }, host)).rejects.toMatchObject({ reason: 'version' });
    expect(await listDisks(host)).toEqual([]);
    expect(await diskExists('a', host)).toBe(true);
  });

  test('lies over one base for ever', async () => {
    const base = memoryBase(filled(2 * CHUNK_SIZE, 9), 'one');
    const { backend, manifest } = await openDisk({ id: 'a', base, baseUrl: 'images/root.json' }, host);
    expect(manifest.base).toEqual({ identity: 'one', size: 2 * CHUNK_SIZE, url: 'images/root.json' });
    await backend.write(0, filled(512, 1));
    await backend.discard(CHUNK_SIZE, CHUNK_SIZE);
    await backend.close();
    await expect(openDisk({ id: 'a' }, host)).rejects.toMatchObject({ reason: 'base' });
    const other = memoryBase(filled(CHUNK_SIZE, 9), 'two');
    await expect(openDisk({ id: 'a', base: other }, host)).rejects.toMatchObject({ reason: 'base' });
    const again = (await openDisk({ id: 'a', base }, host)).backend;
    expect(again.usage()).toEqual({ allocatedBytes: CHUNK_SIZE, allocatedChunks: 1, tombstones: 1 });
    expect(await bytesOf(again, 0, 1024)).toEqual(Uint8Array.from([...filled(512, 1), ...filled(512, 9)]));
    expect(await bytesOf(again, CHUNK_SIZE, CHUNK_SIZE)).toEqual(filled(CHUNK_SIZE, 0));
    await again.close();
  });
});

describe('a disk in a file', () => {
  const made = { id: 'f', size: 100 * CHUNK_SIZE, store: 'opfs' } as const;

  test('keeps what was flushed, and that it is one', async () => {
    const first = await openDisk(made, host);
    await first.backend.write(CHUNK_SIZE - 512, filled(1024, 7));
    await first.backend.close();
    const second = await openDisk({ id: 'f' }, host);
    expect(second.manifest).toMatchObject({ id: 'f', store: 'opfs', schemaVersion: 2 });
    expect(await bytesOf(second.backend, CHUNK_SIZE - 512, 1024)).toEqual(filled(1024, 7));
    await second.backend.close();
    expect(await listDisks(host)).toEqual([second.manifest]);
  });

  test('has one writer, or any number of readers', async () => {
    const writer = await openDisk(made, host);
    const reading = { id: 'f', readOnly: true };
    await expect(openDisk(reading, host)).rejects.toMatchObject({
      reason: 'locked',
      message: expect.stringMatching(/another tab.*kept in a file/) as string,
    });
    await writer.backend.close();
    const readers = [await openDisk(reading, host), await openDisk(reading, host)];
    for (const { backend } of readers) {
      await expect(openDisk(made, host)).rejects.toMatchObject({ reason: 'locked' });
      await backend.flush();
      await backend.close();
    }
    await (await openDisk(made, host)).backend.close();
  });

  test('leaves a disk that is in IndexedDB where it is', async () => {
    await (await openDisk({ id: 'a', size: CHUNK_SIZE }, host)).backend.close();
    const again = await openDisk({ ...made, id: 'a' }, host);
    expect(again.manifest).toMatchObject({ schemaVersion: 1, size: CHUNK_SIZE });
    expect(again.manifest.store).toBeUndefined();
    await again.backend.close();
  });

  test('is gone with its file when it is deleted', async () => {
    await (await openDisk(made, host)).backend.close();
    const files = host.files as FakeFiles;
    expect([...files.files.keys()]).toEqual(['f']);
    await deleteDisk('f', host);
    expect([...files.files.keys()]).toEqual([]);
    expect(await diskExists('f', host)).toBe(false);
  });

  test('whose file is gone is refused, and can be opened no more until it is deleted', async () => {
    const { backend } = await openDisk(made, host);
    await backend.write(0, filled(512, 1));
    await backend.close();
    await host.files.delete('f');
    for (let i = 0; i < 2; i++) {
      await expect(openDisk(made, host)).rejects.toMatchObject({
        reason: 'store',
        message: expect.stringContaining('damaged or deleted') as string,
      });
    }
    await deleteDisk('f', host);
    await (await openDisk(made, host)).backend.close();
  });
});
