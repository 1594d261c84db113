/**
 * Disks that are made of what another holds. Until all of it is there, the database has the record `making` in place of a
 * manifest, so that nobody takes it for a disk, an older tabhyve included; and is deleted if that is interrupted.
 */

import { get } from 'idb-keyval';
import { BlockError } from '../backend.ts';
import { openStore } from '../chunk-stores.ts';
import type { ChunkStore } from '../chunk-store.ts';
import type { DiskHost } from '../disk-host.ts';
import { diskExists, diskIds } from '../disk-list.ts';
import { completed, deleteDatabase, openDatabase } from '../indexeddb/database.ts';
import { newManifest, type NewDisk } from '../indexeddb/manifest-record.ts';
import type { DiskManifest } from '../indexeddb/manifest.ts';
import { lockDisk } from '../locks.ts';
import { checkName } from './rename.ts';

const MAKING = 'making';

/** An id that no disk has, after what a person calls it. */
async function freshId(name: string, host: DiskHost): Promise<string> {
  const words = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const stem = words.replace(/^-|-$/g, '').slice(0, 40) || 'disk';
  for (let id = stem; ; id = `${stem}-${crypto.randomUUID().slice(0, 6)}`) if (!(await diskExists(id, host))) return id;
}

/**
 * Makes a disk of that name, with an id after it, that is filled before it is one. `fill` makes durable what it commits, and
 * may return what the disk's size has turned out to be, in bytes.
 */
export async function makeDisk(
  { name, ...disk }: Omit<NewDisk, 'id' | 'created'>,
  host: DiskHost,
  fill: (store: ChunkStore) => Promise<number | void>,
): Promise<DiskManifest> {
  const named = { id: await freshId(name, host), name: checkName(name), created: host.now() };
  const manifest = newManifest({ ...disk, ...named });
  const { id, schemaVersion } = manifest;
  const unlock = await lockDisk(host.locks, id);
  if (await diskExists(id, host)) {
    await unlock();
    throw new BlockError('locked', `Another tab has just made a disk "${id}": try again.`);
  }
  try {
    const create = (store: IDBObjectStore): void => void store.put(host.now(), MAKING);
    const database = await openDatabase({ id, factory: host.factory, version: schemaVersion, create });
    const store = await openStore({ database, manifest, isLocked: true, release: unlock }, host);
    try {
      const made = { ...manifest, size: (await fill(store)) ?? manifest.size };
      await database.strict('readwrite', (records) => {
        records.put(made, 'manifest');
        records.delete(MAKING);
        return completed(records.transaction);
      });
      return made;
    } finally {
      await store.close();
    }
  } catch (error) {
    await remove(id, host).catch(() => undefined);
    throw error;
  } finally {
    await unlock();
  }
}

/** Deletes what interruptions have left of disks that were being made or deleted. */
export async function deleteUnmade(host: DiskHost): Promise<void> {
  const ids = new Set([...(await diskIds(host)), ...(await host.files.list().catch(() => []))]);
  for (const id of ids) {
    if (!(await isUnmade(id, host).catch(() => false))) continue;
    const unlock = await lockDisk(host.locks, id).catch(() => undefined);
    // It is being made by another.
    if (!unlock) continue;
    try {
      if (await isUnmade(id, host)) await remove(id, host);
    } finally {
      await unlock();
    }
  }
}

/** A file without a database is what is left of a disk, too. */
async function isUnmade(id: string, host: DiskHost): Promise<boolean> {
  if (!(await diskExists(id, host))) return true;
  const database = await openDatabase({ id, factory: host.factory });
  try {
    return (await get(MAKING, database.relaxed)) !== undefined;
  } finally {
    database.close();
  }
}

async function remove(id: string, host: DiskHost): Promise<void> {
  await deleteDatabase(id, host.factory);
  await host.files.delete(id);
}
