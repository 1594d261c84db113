/**
 * Layers that are not the disk's: not yet, since it is being moved into one, or no longer, since it was emptied or moved.
 * They are named before they get their first record, and by the transaction that takes them from the disk; so whoever has
 * the disk to themselves next can delete what an interruption has left of them.
 */

import { get } from 'idb-keyval';
import { completed, openDatabase, type DiskDatabase } from './database.ts';
import { originUsage, Reclaimer, segmentOf } from './reclaim.ts';

const LEFTOVER = 'leftover';
const UNRECLAIMED_LEFTOVER = 'unreclaimed-leftover';
/** Records deleted in a transaction. */
const DELETES = 256;

/** A layer that has no records, of a disk that has these; for {@link leaveLayers} to name. */
export function freshLayer(layers: readonly string[]): string {
  return String(Math.max(...layers.map(Number)) + 1);
}

/** As a part of a transaction: these layers are not the disk's. */
export function leaveLayers(store: IDBObjectStore, layers: readonly string[]): void {
  store.put(layers, LEFTOVER);
}

/** True when there may be records of layers that are not the disk's. */
export async function hasLeftover(database: DiskDatabase): Promise<boolean> {
  return (await get<string[]>(LEFTOVER, database.relaxed)) !== undefined;
}

/**
 * Deletes all records of the layers that are not the disk's. Interrupted, it is done the next time. The engine is made to
 * give their space back afterwards, for which nobody waits.
 */
export async function deleteLeftover(database: DiskDatabase, id: string, factory: IDBFactory): Promise<void> {
  const layers = (await get<string[]>(LEFTOVER, database.relaxed)) ?? [];
  const deleted = new Map<string, Set<number>>();
  for (const layer of layers) {
    const segments = new Set<number>();
    while (await deleteSome(database, layer, segments));
    if (segments.size > 0) deleted.set(layer, segments);
  }
  await database.relaxed('readwrite', (store) => {
    store.delete(LEFTOVER);
    return completed(store.transaction);
  });
  if (deleted.size > 0) void reclaim(id, factory, deleted).catch(() => undefined);
}

/** False when none was left. Adds the segments of the chunks that it deletes. */
function deleteSome(database: DiskDatabase, layer: string, segments: Set<number>): Promise<boolean> {
  return database.relaxed('readwrite', async (store) => {
    const request = store.getAllKeys(IDBKeyRange.bound([layer], [layer, []]), DELETES);
    request.onsuccess = () => {
      for (const key of request.result) {
        store.delete(key);
        const [, index] = key as [string, number | string];
        if (typeof index === 'number') segments.add(segmentOf(index));
      }
    };
    await completed(store.transaction);
    return request.result.length > 0;
  });
}

/** By a connection of its own, which any other may take away. Where nobody says what the origin occupies, nothing would end it. */
async function reclaim(id: string, factory: IDBFactory, deleted: ReadonlyMap<string, Set<number>>): Promise<void> {
  if (Number.isNaN(await originUsage())) return;
  const database = await openDatabase({ id, factory });
  try {
    for (const [layer, segments] of deleted) {
      const reclaimer = new Reclaimer(database, (index) => [layer, index], originUsage, UNRECLAIMED_LEFTOVER);
      reclaimer.add([...segments]);
      await reclaimer.reclaim();
    }
  } finally {
    database.close();
  }
}
