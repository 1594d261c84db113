/**
 * Empties the cache such that its space is free soon.
 *
 * Deleting the database alone would not do: Chromium keeps IndexedDB in LevelDB, which gives space back when it compacts,
 * and an idle database is not compacted. Reads that pass what was deleted bring that about (indexeddb/reclaim.ts has more
 * of it), as long as there is room for the engine to write. Deletions in small transactions are not kept twice for an undo.
 */

import { allBlocks, change, resultOf, type CacheDatabase } from './database.ts';

/** Keys deleted in one transaction. */
const DELETES = 256;
/** Milliseconds after which it ends, with or without success. */
const MOST = 15_000;
/** Passes between two looks at the usage. */
const PASSES = 32;
/** What has to be free, of what was kept. */
const ENOUGH = 0.5;

/**
 * Resolves when half of `bytes` is free for others, took too long, or is not to be had since the quota is full already.
 * `usage` is what all storage of this origin occupies, in bytes; `NaN` if the browser does not say.
 */
export async function emptyCache(
  database: CacheDatabase,
  bytes: number,
  usage: () => Promise<number>,
  now: () => number,
): Promise<void> {
  const end = now() + MOST;
  const before = await usage();
  const keys = await database.use('readonly', (store) => resultOf(store.getAllKeys(allBlocks())));
  for (let first = 0; first < keys.length; first += DELETES) {
    await change(database, async (store) => {
      for (const key of keys.slice(first, first + DELETES)) store.delete(key);
    });
  }
  for (;;) {
    // The engine measures itself when something was written. Where it refuses that, it does not compact either.
    await change(database, async (store) => void store.put(now(), 'emptied'));
    const freed = before - (await usage());
    if (!(freed < ENOUGH * bytes) || now() > end) return;
    for (let pass = 0; pass < PASSES; pass++) {
      await database.use('readonly', (store) => resultOf(store.count(allBlocks())));
    }
  }
}
