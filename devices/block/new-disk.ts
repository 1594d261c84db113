/**
 * A disk that is being filled. Until it is finished its database has the record `unfinished` and no manifest, so that
 * nobody, an older tabhyve included, takes a half disk for a whole one. What a tab left that ended in between is removed
 * when the disks are listed.
 */

import { get } from 'idb-keyval';
import type { ChunkStore } from './chunk-store.ts';
import { browserHost, diskIds, freshManifest, openStore, type DiskHost } from './disks.ts';
import {
  completed,
  deleteDatabase,
  FILE_SCHEMA_VERSION,
  openDatabase,
  SCHEMA_VERSION,
  type DiskDatabase,
} from './indexeddb/database.ts';
import type { DiskManifest, StoreKind } from './indexeddb/manifest.ts';
import { lockDisk, type Release } from './locks.ts';

const UNFINISHED = 'unfinished';

export interface NewDiskOptions {
  /** What the person calls it. */
  readonly name: string;
  /** Where its chunks are kept. Default: `indexeddb`. */
  readonly store?: StoreKind | undefined;
}

/** Every method rejects with a `BlockError` only. One of {@link finish} and {@link abandon} is called, last. */
export class NewDisk {
  readonly id: string;
  /** Empty; what is committed to it is on the disk. Chunks are whole, also the last one. */
  readonly store: ChunkStore;
  readonly #options: NewDiskOptions;
  readonly #database: DiskDatabase;
  readonly #release: Release;
  readonly #host: DiskHost;

  /** Makes the database, and the file if it has one, under the disk's lock. */
  static async begin(options: NewDiskOptions, host = browserHost()): Promise<NewDisk> {
    const id = crypto.randomUUID();
    const release = await lockDisk(host.locks, id);
    const version = options.store === 'opfs' ? FILE_SCHEMA_VERSION : SCHEMA_VERSION;
    const create = (records: IDBObjectStore): void => void records.put(host.now(), UNFINISHED);
    let database: DiskDatabase | undefined;
    try {
      database = await openDatabase({ id, factory: host.factory, version, create });
      const shape = freshManifest({ id, size: 512, store: options.store }, host);
      const store = await openStore(shape, { database, release: undefined, readOnly: false }, host);
      await store.load();
      return new NewDisk({ id, options, database, store, release, host });
    } catch (error) {
      database?.close();
      await remove(id, host).catch(() => undefined);
      await release();
      throw error;
    }
  }

  private constructor(parts: {
    readonly id: string;
    readonly options: NewDiskOptions;
    readonly database: DiskDatabase;
    readonly store: ChunkStore;
    readonly release: Release;
    readonly host: DiskHost;
  }) {
    this.id = parts.id;
    this.store = parts.store;
    this.#options = parts.options;
    this.#database = parts.database;
    this.#release = parts.release;
    this.#host = parts.host;
  }

  /** Makes durable what was committed, and then makes it a disk, of `size` bytes. */
  async finish(size: number): Promise<DiskManifest> {
    const manifest = freshManifest({ ...this.#options, id: this.id, size }, this.#host);
    await this.store.commit({ puts: [], deletes: [], tombstones: [] }, true);
    await this.#database.strict('readwrite', (records) => {
      records.put(manifest, 'manifest');
      records.delete(UNFINISHED);
      return completed(records.transaction);
    });
    await this.store.close();
    await this.#release();
    return manifest;
  }

  /** Leaves nothing of it. */
  async abandon(): Promise<void> {
    try {
      await this.store.close().catch(() => undefined);
      await remove(this.id, this.#host);
    } finally {
      await this.#release();
    }
  }
}

/** The file first: as long as the database is there, what is left is found. */
async function remove(id: string, host: DiskHost): Promise<void> {
  await host.files.delete(id);
  await deleteDatabase(id, host.factory);
}

/** Removes what was never finished, and is being filled by nobody any more. */
export async function removeUnfinished(host = browserHost()): Promise<void> {
  for (const id of await diskIds(host)) {
    if (!(await isUnfinished(id, host))) continue;
    const release = await lockDisk(host.locks, id).catch(() => undefined);
    if (!release) continue;
    try {
      // It may have been finished meanwhile.
      if (await isUnfinished(id, host)) await remove(id, host);
    } finally {
      await release();
    }
  }
}

async function isUnfinished(id: string, host: DiskHost): Promise<boolean> {
  // What cannot be opened is not ours to remove.
  const database = await openDatabase({ id, factory: host.factory }).catch(() => undefined);
  if (!database) return false;
  try {
    return (await get(UNFINISHED, database.relaxed)) !== undefined;
  } catch {
    return false;
  } finally {
    database.close();
  }
}
