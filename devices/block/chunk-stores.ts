/** The chunk store of a disk, by where its manifest says that its chunks are. */

import { BlockError } from './backend.ts';
import type { ChunkStore } from './chunk-store.ts';
import type { DiskHost } from './disk-host.ts';
import type { HeldDisk } from './hold.ts';
import { IndexedDbStore } from './indexeddb/indexeddb-store.ts';
import { OpfsStore } from './opfs/opfs-store.ts';

export interface OpenStoreOptions {
  readonly readOnly?: boolean;
  /** Closing the store does not let go of the disk. */
  readonly lent?: boolean;
}

/** Opens the store of a held disk; closing it lets go of the disk. */
export async function openStore(
  held: HeldDisk,
  { files }: DiskHost,
  { readOnly = false, lent = false }: OpenStoreOptions = {},
): Promise<ChunkStore> {
  const { id, layers, store } = held.manifest;
  const database = lent ? { ...held.database, close: () => undefined } : held.database;
  const release = lent ? undefined : held.release;
  if (store !== 'opfs') {
    return new IndexedDbStore({ database, layers, release, reclaim: !readOnly, isWatching: !held.isLocked });
  }
  const [layer, ...others] = layers;
  if (layer === undefined || others.length > 0) {
    const message = 'The manifest of this disk does not name one layer, as that of a disk in a file does.';
    throw new BlockError('store', message);
  }
  return new OpfsStore({ database, file: await files.open(id, { readOnly }), layer, release, readOnly });
}
