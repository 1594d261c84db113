import type { BlockUsage } from '../backend.ts';
import { openStore } from '../chunk-stores.ts';
import { CHUNK_SIZE } from '../chunks.ts';
import { browserHost, type DiskHost } from '../disk-host.ts';
import { openDatabase } from '../indexeddb/database.ts';
import { readManifest } from '../indexeddb/manifest-record.ts';
import type { SlotFile } from '../opfs/slot-file.ts';

/**
 * What a disk occupies by itself, by the keys in its database: no chunk is read, and who uses the disk is not disturbed. Of
 * a disk in use, it is what was there a moment ago.
 */
export async function inspectDisk(id: string, host = browserHost()): Promise<BlockUsage> {
  const database = await openDatabase({ id, factory: host.factory });
  const release = async (): Promise<void> => database.close();
  try {
    const manifest = await readManifest(database, id);
    const store = await openStore({ database, manifest, isLocked: false, release }, withoutFiles(host), {
      readOnly: true,
    });
    const map = await store.load();
    const allocatedChunks = map.topChunks + store.frozenChunks;
    return { allocatedBytes: allocatedChunks * CHUNK_SIZE, allocatedChunks, tombstones: map.tombstones };
  } finally {
    await release();
  }
}

/** A file is open once at a time, and what is in it is not looked at. */
function withoutFiles(host: DiskHost): DiskHost {
  const unread = (): never => {
    throw new Error('only the map of this disk is read');
  };
  const file: SlotFile = {
    slots: Infinity,
    ...{ read: unread, write: unread, truncate: unread, flush: unread },
    close: () => undefined,
  };
  const files = { open: async () => file, delete: async () => unread(), list: async () => unread() };
  return { ...host, files };
}
