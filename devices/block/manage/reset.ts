import { openStore } from '../chunk-stores.ts';
import { browserHost, type DiskHost } from '../disk-host.ts';
import { findDisk } from '../disk-list.ts';
import { halfCommitted, holdDisk, type HeldDisk } from '../hold.ts';
import { deleteLeftover, freshLayer, leaveLayers } from '../indexeddb/leftover.ts';
import { changeIn } from '../indexeddb/manifest-record.ts';
import { OpfsStore } from '../opfs/opfs-store.ts';

/** Forgets all that was written to a disk since it was made. One transaction does it: it is wholly done, or not at all. */
export async function resetDisk(id: string, host = browserHost()): Promise<void> {
  const held = await holdDisk(id, host, { mode: 'exclusive' });
  try {
    const below = held.manifest.base?.disk;
    const lower = below === undefined ? undefined : await findDisk(below, host);
    if (lower?.committing === id) throw halfCommitted(lower);
    await emptyDisk(held, host);
  } finally {
    await held.release();
  }
}

/** The same of a disk that is held exclusively. */
export async function emptyDisk(held: HeldDisk, host: DiskHost): Promise<void> {
  const { database, manifest } = held;
  const { id, layers } = manifest;
  const emptied = await database.strict('readwrite', (store) => {
    leaveLayers(store, layers);
    return changeIn(store, id, (known) => ({ ...known, layers: [freshLayer(known.layers)] }));
  });
  await deleteLeftover(database, id, host.factory);
  if (manifest.store !== 'opfs') return;
  const store = await openStore({ ...held, manifest: emptied }, host, { lent: true });
  try {
    await store.load();
    if (store instanceof OpfsStore) await store.compact();
  } finally {
    await store.close();
  }
}
