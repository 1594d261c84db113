/// <reference lib="webworker" />
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import type { UseStore } from 'idb-keyval';
import { expect, test, vi } from 'vitest';
import { CHUNK_SIZE } from '../chunks.ts';
import { StoreBackend } from '../store-backend.ts';
import { openDatabase, type DiskDatabase } from './database.ts';
import { IndexedDbStore } from './indexeddb-store.ts';

/** A database that tells which ranges are counted. */
async function spied(factory: IDBFactory): Promise<{ database: DiskDatabase; counted: string[] }> {
  const database = await openDatabase({ id: 'a', factory, create: () => {} });
  const counted: string[] = [];
  const relaxed: UseStore = (mode, callback) =>
    database.relaxed(mode, (store) => {
      const count = store.count.bind(store);
      store.count = (query) => {
        counted.push(JSON.stringify((query as IDBKeyRange).lower));
        return count(query);
      };
      return callback(store);
    });
  return { database: { ...database, relaxed }, counted };
}

const open = (database: DiskDatabase): Promise<StoreBackend> =>
  StoreBackend.open({
    size: 1024 * CHUNK_SIZE,
    store: new IndexedDbStore({ database, layers: ['0'], reclaim: true }),
    limits: { idle: 5 },
  });

test('where many chunks were deleted, their range is passed, by the next writer if need be', async () => {
  const factory = new IDBFactory();
  const first = await spied(factory);
  const disk = await open(first.database);
  await disk.write(200 * CHUNK_SIZE, new Uint8Array(100 * CHUNK_SIZE).fill(1));
  await disk.flush();
  await disk.discard(200 * CHUNK_SIZE, 100 * CHUNK_SIZE);
  await disk.close();
  expect(first.counted).toEqual([]);

  const second = await spied(factory);
  const again = await open(second.database);
  await vi.waitFor(() => expect(new Set(second.counted)).toEqual(new Set(['["0",128]', '["0",256]'])), 10_000);
  await again.close();
});
