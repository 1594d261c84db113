/**
 * Layers that are not the disk's: not yet, since it is being moved into one, or no longer, since it was emptied or moved.
 * They are named before they get their first record, and by the transaction that takes them from the disk; so whoever has
 * the disk to themselves next can delete what an interruption has left of them.
 */

import { get } from 'idb-keyval';
import { completed, type DiskDatabase } from './database.ts';

const LEFTOVER = 'leftover';
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

/** Deletes all records of the layers that are not the disk's. Interrupted, it is done the next time. */
export async function deleteLeftover(database: DiskDatabase): Promise<void> {
  const layers = (await get<string[]>(LEFTOVER, database.relaxed)) ?? [];
  for (const layer of layers) while (await deleteSome(database, layer));
  await database.relaxed('readwrite', (store) => {
    store.delete(LEFTOVER);
    return completed(store.transaction);
  });
}

/** False when none was left. */
function deleteSome(database: DiskDatabase, layer: string): Promise<boolean> {
  return database.relaxed('readwrite', async (store) => {
    const request = store.getAllKeys(IDBKeyRange.bound([layer], [layer, []]), DELETES);
    request.onsuccess = () => {
      for (const key of request.result) store.delete(key);
    };
    await completed(store.transaction);
    return request.result.length > 0;
  });
}
