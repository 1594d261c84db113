/// <reference lib="webworker" />
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import type { UseStore } from 'idb-keyval';
import { describe, expect, test } from 'vitest';
import { memoryBase } from '../base.ts';
import { CHUNK_SIZE } from '../chunks.ts';
import { StoreBackend } from '../store-backend.ts';
import { completed, openDatabase, type DiskDatabase } from './database.ts';
import { IndexedDbStore } from './indexeddb-store.ts';

const size = 8 * CHUNK_SIZE;
const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const base = memoryBase(filled(size, 9), 'nines');

const database = (factory = new IDBFactory()): Promise<DiskDatabase> =>
  openDatabase({ id: 'a', factory, create: () => {} });
const open = (on: DiskDatabase, layers: string[]): Promise<StoreBackend> =>
  StoreBackend.open({ size, base, store: new IndexedDbStore({ database: on, layers }), limits: { clean: 0 } });

/** The first byte of each chunk. */
async function firstBytes(disk: StoreBackend): Promise<number[]> {
  const bytes = new Uint8Array(size);
  await disk.read(0, bytes);
  return Array.from({ length: 8 }, (_, i) => bytes[i * CHUNK_SIZE]);
}

describe('layers', () => {
  test('show the highest that says something, and only the top one changes', async () => {
    const factory = new IDBFactory();
    const first = await open(await database(factory), ['low']);
    await first.write(0, filled(3 * CHUNK_SIZE, 1));
    await first.discard(3 * CHUNK_SIZE, CHUNK_SIZE);
    await first.close();

    const second = await open(await database(factory), ['low', 'high']);
    expect(await firstBytes(second)).toEqual([1, 1, 1, 0, 9, 9, 9, 9]);
    expect(second.usage()).toMatchObject({ allocatedChunks: 3, tombstones: 0 });
    await second.write(CHUNK_SIZE + 512, filled(512, 2));
    await second.discard(2 * CHUNK_SIZE, 3 * CHUNK_SIZE);
    expect(await firstBytes(second)).toEqual([1, 1, 0, 0, 0, 9, 9, 9]);
    expect(second.usage()).toMatchObject({ allocatedChunks: 4, tombstones: 2 });
    await second.close();

    const third = await open(await database(factory), ['low', 'high', 'top']);
    expect(await firstBytes(third)).toEqual([1, 1, 0, 0, 0, 9, 9, 9]);
    await third.write(2 * CHUNK_SIZE, filled(512, 3));
    await third.discard(0, CHUNK_SIZE);
    expect(await firstBytes(third)).toEqual([0, 1, 3, 0, 0, 9, 9, 9]);
    await third.close();

    const again = await open(await database(factory), ['low', 'high']);
    expect(await firstBytes(again)).toEqual([1, 1, 0, 0, 0, 9, 9, 9]);
    await again.close();
  });
});

describe('the database', () => {
  test('gets strict transactions for flushes, each with a number, and relaxed ones for the rest', async () => {
    const db = await database();
    const used: string[] = [];
    const spy =
      (durability: string, use: UseStore): UseStore =>
      (mode, callback) => {
        if (mode === 'readwrite') used.push(durability);
        return use(mode, callback);
      };
    const spied: DiskDatabase = { ...db, relaxed: spy('relaxed', db.relaxed), strict: spy('strict', db.strict) };
    const disk = await open(spied, ['0']);
    await disk.write(0, filled(size, 1));
    await disk.flush();
    await disk.discard(0, CHUNK_SIZE);
    await disk.flush();
    expect(used).toEqual(['strict', 'relaxed', 'strict']);
    const number = await db.relaxed('readonly', async (store) => {
      const request = store.get('flush');
      await new Promise((resolve) => (request.onsuccess = resolve));
      return request.result as number;
    });
    expect(number).toBe(2);
    await disk.close();
  });

  test('that has lost a chunk fails the reads of it, and of no other', async () => {
    const factory = new IDBFactory();
    const disk = await open(await database(factory), ['0']);
    await disk.write(0, filled(size, 1));
    await disk.close();
    const db = await database(factory);
    const again = await open(db, ['0']);
    await db.relaxed('readwrite', (store) => {
      store.delete(['0', 1]);
      store.put(new Uint8Array(7), ['0', 2]);
      return completed(store.transaction);
    });
    const whole = new Uint8Array(size);
    await expect(again.read(0, whole)).rejects.toMatchObject({ reason: 'store', message: /lost chunk [12]/ });
    const chunk = (index: number): Promise<void> => again.read(index * CHUNK_SIZE, whole.subarray(0, CHUNK_SIZE));
    await expect(chunk(1)).rejects.toMatchObject({ reason: 'store' });
    await expect(chunk(2)).rejects.toMatchObject({ reason: 'store' });
    await chunk(0);
    expect(whole[0]).toBe(1);
    await chunk(3);
    await again.close();
  });

  test('that aborts a transaction fails the flush, which holds when it is tried again', async () => {
    const db = await database();
    let aborts = 1;
    const strict: UseStore = (mode, callback) =>
      db.strict(mode, (store) => {
        const result = callback(store);
        if (aborts-- > 0) store.transaction.abort();
        return result;
      });
    const disk = await open({ ...db, strict }, ['0']);
    await disk.write(0, filled(512, 1));
    await expect(disk.flush()).rejects.toMatchObject({ name: 'BlockError', reason: 'store' });
    await disk.flush();
    await disk.close();
  });
});
