/// <reference lib="webworker" />
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CHUNK_SIZE } from '../chunks.ts';
import type { DiskHost } from '../disk-host.ts';
import { openDisk } from '../disks.ts';
import { LocalLocks } from '../locks.ts';
import { createOver } from '../manage/overlay.ts';
import { moveDisk } from '../manage/move.ts';
import { FakeFiles } from '../testing/fake-files.ts';

/** A disk as the first tabhyve wrote it: version 1. A tabhyve that takes other records for one needs an upgrade of them. */
const WRITTEN: readonly (readonly [IDBValidKey, unknown])[] = [
  [
    'manifest',
    {
      ...{ schemaVersion: 1, id: 'a', name: 'Homework', size: 4 * CHUNK_SIZE, chunkSize: CHUNK_SIZE },
      ...{ layers: ['0'], created: 1_750_000_000_000 },
    },
  ],
  ['flush', 7],
  [['0', 0], new Uint8Array(CHUNK_SIZE).fill(5)],
  [['0', 3], new Uint8Array(CHUNK_SIZE).fill(6)],
  [['0', 't', 0], Uint8Array.from({ length: 512 }, (_, i) => (i === 0 ? 0b0110 : 0))],
];

let factory: IDBFactory;
let host: DiskHost;
beforeEach(async () => {
  factory = new IDBFactory();
  host = { factory, locks: new LocalLocks(), now: () => 1, files: new FakeFiles() };
  const db = await opened(1, (created) => {
    const store = created.createObjectStore('disk');
    for (const [key, value] of WRITTEN) store.put(value, key);
  });
  db.close();
});
afterEach(() => {
  vi.useRealTimers();
});

function opened(version?: number, make?: (db: IDBDatabase) => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = version === undefined ? factory.open('tabhyve-disk-a') : factory.open('tabhyve-disk-a', version);
    request.onupgradeneeded = () => make?.(request.result);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error(request.error?.message));
  });
}

/** The version of the database, and its records. */
async function stored(): Promise<{ version: number; records: Map<string, unknown> }> {
  const db = await opened();
  const store = db.transaction('disk').objectStore('disk');
  const all = async <T>(request: IDBRequest<T[]>): Promise<T[]> =>
    new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
  const [keys, values] = await Promise.all([all(store.getAllKeys()), all(store.getAll())]);
  db.close();
  return { version: db.version, records: new Map(keys.map((key, i) => [JSON.stringify(key), values[i]])) };
}
const written = new Map(WRITTEN.map(([key, value]) => [JSON.stringify(key), value]));

async function readsAsBefore(id = 'a'): Promise<void> {
  const { backend } = await openDisk({ id, readOnly: true }, host);
  const bytes = new Uint8Array(4 * CHUNK_SIZE);
  await backend.read(0, bytes);
  await backend.close();
  expect([0, 1, 2, 3].map((index) => bytes[index * CHUNK_SIZE])).toEqual([5, 0, 0, 6]);
}

test('a disk of the first version is used as it is, and stays one', async () => {
  await readsAsBefore();
  await (await openDisk({ id: 'a' }, host)).backend.close();
  const { version, records } = await stored();
  expect(version).toBe(1);
  expect(records).toEqual(new Map([...written, ['"flush"', 8]]));
});

test('it is upgraded in place when that is needed, so that older ones refuse it', async () => {
  const { id } = await createOver('a', 'Over it', undefined, host);
  const { version, records } = await stored();
  // What an older tabhyve takes is at most 2.
  expect(version).toBe(3);
  const manifest = records.get('"manifest"') as object;
  expect(manifest).toEqual({
    ...(written.get('"manifest"') as object),
    ...{ schemaVersion: 3, frozen: expect.stringMatching(/^disk:/) as string },
  });
  records.set('"manifest"', written.get('"manifest"'));
  expect(records).toEqual(written);
  await readsAsBefore();
  await readsAsBefore(id);
});

test('an upgrade that is interrupted leaves it as it was', async () => {
  const open = factory.open.bind(factory);
  factory.open = (...args) => {
    const request = open(...args);
    if (args[1] !== undefined) request.addEventListener('upgradeneeded', () => request.transaction?.abort());
    return request;
  };
  await expect(createOver('a', 'Over it', undefined, host)).rejects.toMatchObject({ name: 'BlockError' });
  await expect(moveDisk('a', 'opfs', () => true, host)).rejects.toMatchObject({ name: 'BlockError' });
  factory.open = open;
  expect(await stored()).toEqual({ version: 1, records: written });
  await (await openDisk({ id: 'a' }, host)).backend.close();
  await createOver('a', 'Over it', undefined, host);
  await readsAsBefore();
});

test('an upgrade that a tab with an older tabhyve blocks says so, and does not come later', async () => {
  const older = await opened();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const upgrade = expect(createOver('a', 'Over it', undefined, host)).rejects.toMatchObject({
    reason: 'locked',
    message: 'A tab with an older tabhyve has this disk open. Close it, and try again.',
  });
  for (let i = 0; i < 100; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(100);
  }
  await upgrade;
  vi.useRealTimers();
  older.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await stored()).toEqual({ version: 1, records: written });
  await createOver('a', 'Over it', undefined, host);
  await readsAsBefore();
});
