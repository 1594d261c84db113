/// <reference lib="webworker" />
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { CHUNK_SIZE } from '../chunks.ts';
import { openDatabase, type DiskDatabase } from '../indexeddb/database.ts';
import { FakeFile } from '../testing/fake-files.ts';
import { OpfsStore } from './opfs-store.ts';

const chunk = (value: number): Uint8Array => new Uint8Array(CHUNK_SIZE).fill(value);
const put = (...puts: readonly (readonly [index: number, value: number])[]) => ({
  ...{ puts: puts.map(([index, value]) => [index, chunk(value)] as const), deletes: [], tombstones: [] },
});
const drop = (...deletes: number[]) => ({ puts: [], deletes, tombstones: [] });

let factory: IDBFactory;
let file: FakeFile;
let database: DiskDatabase;
beforeEach(() => {
  factory = new IDBFactory();
  file = new FakeFile();
});

async function opened(): Promise<OpfsStore> {
  database = await openDatabase({ id: 'a', factory, create: () => undefined });
  const store = new OpfsStore({ database, file: file.open(), layer: '0', compactAfter: 1e6 });
  await store.load();
  return store;
}
/** After the host has lost all that it may lose. */
async function afterCrash(): Promise<OpfsStore> {
  database.close();
  file.crash(() => 0);
  return opened();
}
const values = async (store: OpfsStore, ...indexes: number[]): Promise<(number | undefined)[]> =>
  (await store.read(indexes)).map((bytes) => bytes[0]);

describe('a chunk that is written over', () => {
  test('stays in its slot, and the database has nothing to note', async () => {
    const store = await opened();
    await store.commit(put([5, 1]), true);
    const strict = vi.spyOn(database, 'strict');
    await store.commit(put([5, 2]), true);
    expect(strict).not.toHaveBeenCalled();
    expect(file.chunks.length).toBe(1);
    expect(await values(await afterCrash(), 5)).toEqual([2]);
  });
});

describe('a slot that became free', () => {
  test('is given to no one before the database knows', async () => {
    const store = await opened();
    await store.commit(put([1, 1], [2, 2]), true);
    await store.commit(drop(1), false);
    await store.commit(put([3, 3]), false);
    expect(file.chunks.length).toBe(3);
    expect(await values(await afterCrash(), 1, 2)).toEqual([1, 2]);
  });

  test('is given to the next chunk when it does', async () => {
    const store = await opened();
    await store.commit(put([1, 1], [2, 2]), true);
    await store.commit(drop(1), true);
    await store.commit(put([3, 3]), true);
    expect(file.chunks.length).toBe(2);
    expect(await values(await afterCrash(), 2, 3)).toEqual([2, 3]);
  });
});

describe('space', () => {
  test('goes back from the end of the file, and chunks keep their bytes', async () => {
    const store = await opened();
    await store.commit(put(...Array.from({ length: 100 }, (_, i) => [i, i] as const)), true);
    await store.commit(drop(...Array.from({ length: 97 }, (_, i) => i)), true);
    expect(file.chunks.length).toBe(100);
    await store.compact();
    expect(file.chunks.length).toBe(3);
    expect(await values(store, 97, 98, 99)).toEqual([97, 98, 99]);
    expect(await values(await afterCrash(), 97, 98, 99)).toEqual([97, 98, 99]);
  });

  test('is not cut off where a crash would still look for a chunk', async () => {
    const store = await opened();
    await store.commit(put([1, 1], [2, 2]), true);
    const strict = database.strict;
    vi.spyOn(database, 'strict').mockImplementation(() => new Promise(() => undefined));
    void store.commit(drop(2), true);
    await Promise.resolve();
    void store.compact();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(file.chunks.length).toBe(2);
    vi.mocked(database.strict).mockImplementation(strict);
    expect(await values(await afterCrash(), 1, 2)).toEqual([1, 2]);
  });

  test('that a crash left without a chunk is used, and given back', async () => {
    const store = await opened();
    await store.commit(put([1, 1]), true);
    await store.commit(put([2, 2], [3, 3]), false);
    const again = await afterCrash();
    expect(file.chunks.length).toBe(3);
    await again.compact();
    expect(file.chunks.length).toBe(1);
    expect(await values(again, 1)).toEqual([1]);
  });
});

describe('a write for which there is no room', () => {
  test('is refused, and nothing of it is seen after a crash', async () => {
    const store = await opened();
    await store.commit(put([1, 1]), true);
    file.failures = 1;
    await expect(store.commit(put([1, 1], [2, 2]), true)).rejects.toMatchObject({ reason: 'quota' });
    await store.commit(put([4, 4]), true);
    const again = await afterCrash();
    expect(await values(again, 1, 4)).toEqual([1, 4]);
    await expect(again.read([2])).rejects.toMatchObject({ reason: 'store' });
  });

  test('takes no slot with it, however often it is tried', async () => {
    const store = await opened();
    await store.commit(put([1, 1]), true);
    for (let i = 0; i < 3; i++) {
      file.failures = 1;
      await expect(store.commit(put([2, 2], [3, 3]), true)).rejects.toMatchObject({ reason: 'quota' });
    }
    await store.commit(put([2, 2], [3, 3]), true);
    expect(file.chunks.length).toBe(3);
    expect(await values(await afterCrash(), 1, 2, 3)).toEqual([1, 2, 3]);
  });
});

test('a map that the database refuses is kept for the next time', async () => {
  const store = await opened();
  const strict = vi.spyOn(database, 'strict').mockRejectedValueOnce(new Error('not now'));
  await expect(store.commit(put([1, 1]), true)).rejects.toThrow('not now');
  strict.mockRestore();
  await store.commit(put(), true);
  expect(await values(await afterCrash(), 1)).toEqual([1]);
});
