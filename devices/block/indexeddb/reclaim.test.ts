/// <reference lib="webworker" />
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import type { UseStore } from 'idb-keyval';
import { expect, test, vi } from 'vitest';
import { CHUNK_SIZE } from '../chunks.ts';
import { StoreBackend } from '../store-backend.ts';
import { openDatabase, type DiskDatabase } from './database.ts';
import { IndexedDbStore } from './indexeddb-store.ts';
import { Reclaimer } from './reclaim.ts';

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

/** A reclaimer of 128 deleted chunks that is told this usage, again and again the last; it returns the counts made. */
async function reclaim(...usages: number[]): Promise<number> {
  const { database, counted } = await spied(new IDBFactory());
  let at = 0;
  const reclaimer = new Reclaimer(
    database,
    (index) => ['0', index],
    () => Promise.resolve(usages[Math.min(at++, usages.length - 1)]),
  );
  reclaimer.resume([0]);
  // The database's own steps take real time; it is over when nothing is counted for long.
  for (let quiet = 0; quiet < 100; quiet++) {
    const before = counted.length;
    await vi.advanceTimersByTimeAsync(1_000);
    await new Promise((resolve) => setImmediate(resolve));
    if (counted.length > before) quiet = 0;
  }
  await reclaimer.end();
  return counted.length;
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

const MIB = 2 ** 20;
/** Counts of a round over one segment of 4 MiB. */
const ROUND = 75;

test.each([
  ['until all is given back', [100 * MIB, 100 * MIB, 96 * MIB], 2],
  ['for eight rounds where nothing is', [100 * MIB], 8],
  ['for eight rounds where nobody can say', [NaN], 8],
  ['for eight more after the last that gave something', [100 * MIB, 100 * MIB, 99 * MIB], 10],
  ['for sixteen rounds at most', Array.from({ length: 17 }, (_, i) => (100 - i / 4) * MIB), 16],
])('ranges are passed %s', async (_, usages, rounds) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    expect(await reclaim(...usages)).toBe(rounds * ROUND);
  } finally {
    vi.useRealTimers();
  }
});
