/** The disks of this origin: made, opened, listed, deleted. */

import { get } from 'idb-keyval';
import { BlockError, checkSize } from './backend.ts';
import type { BaseImage } from './base.ts';
import { giveUpBaseCache } from './base-cache/shared.ts';
import { CHUNK_SIZE } from './chunks.ts';
import {
  databaseName,
  deleteDatabase,
  diskIdOf,
  FILE_SCHEMA_VERSION,
  openDatabase,
  SCHEMA_VERSION,
} from './indexeddb/database.ts';
import type { DiskDatabase } from './indexeddb/database.ts';
import { IndexedDbStore } from './indexeddb/indexeddb-store.ts';
import type { DiskManifest, StoreKind } from './indexeddb/manifest.ts';
import { LocalLocks, lockDisk, type Locks, type Release } from './locks.ts';
import { OpfsStore } from './opfs/opfs-store.ts';
import { deleteSlotFile, openSlotFile, type SlotFile } from './opfs/slot-file.ts';
import { StoreBackend, type CacheLimits } from './store-backend.ts';
import type { ChunkStore } from './chunk-store.ts';

/** What the browser provides; injected in tests. */
export interface DiskHost {
  readonly factory: IDBFactory;
  readonly locks: Locks;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly files: DiskFiles;
}

/** Files that hold the chunks of disks, by the disks' ids. */
export interface DiskFiles {
  open(id: string): Promise<SlotFile>;
  delete(id: string): Promise<void>;
}

export interface OpenDiskOptions {
  /** Letters, digits, `.`, `_` and `-`. */
  readonly id: string;
  /** In bytes; of a disk that exists, what it was made with is used. Default: the base's size. */
  readonly size?: number | undefined;
  /** What the person calls it; default: its id. */
  readonly name?: string | undefined;
  /** Where a disk that is made keeps its chunks. Default: `indexeddb`. */
  readonly store?: StoreKind | undefined;
  /** What it lies over. Closed with the disk. It has to be given again whenever an overlay is opened. */
  readonly base?: BaseImage | undefined;
  /** Where the base came from; remembered in the manifest. */
  readonly baseUrl?: string | undefined;
  /**
   * Any number of tabs may open a disk in IndexedDB read-only; they see it as it was then, and what is written since as it
   * comes. A disk in a file is open once at a time.
   */
  readonly readOnly?: boolean | undefined;
  /** False: a disk that does not exist is an error, and not made. */
  readonly create?: boolean | undefined;
  /** Called once if another tab deletes the disk, or the browser clears it. From then on, every call is rejected. */
  readonly onLost?: ((error: BlockError) => void) | undefined;
  readonly limits?: Partial<CacheLimits> | undefined;
}

/** A disk in the store, and what it is. */
export interface Disk {
  readonly backend: StoreBackend;
  readonly manifest: DiskManifest;
}

const localLocks = new LocalLocks();

function browserHost(): DiskHost {
  if (typeof indexedDB === 'undefined') {
    const message = 'This browser has no IndexedDB here (a private window?), so it cannot keep a disk.';
    throw new BlockError('store', message);
  }
  const { navigator } = globalThis as { readonly navigator?: { readonly locks?: Locks } };
  const files = { open: openSlotFile, delete: deleteSlotFile };
  return { factory: indexedDB, locks: navigator?.locks ?? localLocks, now: () => Date.now(), files };
}

/** Opens a disk, and makes it if there is none of that id. Reasons to reject: locked, version, base, missing, store. */
export async function openDisk(options: OpenDiskOptions, host = browserHost()): Promise<Disk> {
  const { id, base, readOnly = false, limits } = options;
  checkId(id);
  const mayCreate = !readOnly && options.create !== false;
  let release = readOnly ? undefined : await lockDisk(host.locks, id);
  let database: DiskDatabase | undefined;
  let store: ChunkStore | undefined;
  try {
    const create = (store: IDBObjectStore): void => void store.put(freshManifest(options, host), 'manifest');
    const inFile = mayCreate && options.store === 'opfs' && !(await diskExists(id, host));
    const version = inFile ? { version: FILE_SCHEMA_VERSION } : {};
    database = await openDatabase({ id, factory: host.factory, ...version, ...(mayCreate && { create }) });
    const manifest = await readManifest(database, id);
    checkBase(manifest, base);
    if (options.onLost) database.onLost = options.onLost;
    // Whoever else wrote to the file would move chunks under a reader.
    if (manifest.store === 'opfs') release ??= await lockDisk(host.locks, id);
    store = await openStore(manifest, { database, release, readOnly }, host);
    const makeRoom = giveUpBaseCache;
    return {
      backend: await StoreBackend.open({ size: manifest.size, store, base, readOnly, limits, makeRoom }),
      manifest,
    };
  } catch (error) {
    if (store) await store.close().catch(() => undefined);
    database?.close();
    await release?.();
    throw error;
  }
}

interface OpenStoreOptions {
  readonly database: DiskDatabase;
  readonly release: Release | undefined;
  readonly readOnly: boolean;
}

async function openStore(
  { id, layers, store }: DiskManifest,
  { database, release, readOnly }: OpenStoreOptions,
  host: DiskHost,
): Promise<ChunkStore> {
  if (store !== 'opfs') return new IndexedDbStore({ database, layers, release, reclaim: !readOnly });
  const [layer, ...others] = layers;
  if (layer === undefined || others.length > 0) {
    throw new BlockError(
      'store',
      'The manifest of this disk does not name one layer, as that of a disk in a file does.',
    );
  }
  return new OpfsStore({ database, file: await host.files.open(id), layer, release, readOnly });
}

/** The manifests of all disks, in the order in which they were made. */
export async function listDisks(host = browserHost()): Promise<DiskManifest[]> {
  const manifests: DiskManifest[] = [];
  for (const id of await diskIds(host)) {
    const database = await openDatabase({ id, factory: host.factory }).catch(() => undefined);
    const manifest = await (database && readManifest(database, id).catch(() => undefined));
    database?.close();
    if (manifest) manifests.push(manifest);
  }
  return manifests.sort((a, b) => a.created - b.created);
}

/** The manifest of a disk; undefined if there is none of that id. Rejects when it cannot be read. */
export async function findDisk(id: string, host = browserHost()): Promise<DiskManifest | undefined> {
  if (!(await diskExists(id, host))) return undefined;
  const database = await openDatabase({ id, factory: host.factory });
  try {
    return await readManifest(database, id);
  } finally {
    database.close();
  }
}

export async function diskExists(id: string, host = browserHost()): Promise<boolean> {
  return (await diskIds(host)).includes(id);
}

/** Deletes a disk and all that is on it. Rejects when one writes to it; who reads it loses it. */
export async function deleteDisk(id: string, host = browserHost()): Promise<void> {
  const release = await lockDisk(host.locks, id);
  try {
    await deleteDatabase(id, host.factory);
    await host.files.delete(id);
  } finally {
    await release();
  }
}

async function diskIds(host: DiskHost): Promise<string[]> {
  const databases = await host.factory.databases();
  return databases.map(({ name }) => diskIdOf(name ?? '')).filter((id) => id !== undefined);
}

function checkId(id: string): void {
  if (/^[\w.-]{1,100}$/.test(id)) return;
  throw new BlockError('range', `"${id}" cannot name a disk: use up to 100 letters, digits, ".", "_" and "-".`);
}

function freshManifest({ id, size, name, base, baseUrl, store }: OpenDiskOptions, host: DiskHost): DiskManifest {
  const bytes = size ?? base?.size ?? 0;
  checkSize(bytes);
  const reference = base && { identity: base.identity, size: base.size, ...(baseUrl && { url: baseUrl }) };
  return {
    schemaVersion: store === 'opfs' ? FILE_SCHEMA_VERSION : SCHEMA_VERSION,
    id,
    name: name ?? id,
    size: bytes,
    chunkSize: CHUNK_SIZE,
    ...(store === 'opfs' && { store }),
    layers: ['0'],
    ...(reference && { base: reference }),
    created: host.now(),
  };
}

async function readManifest(database: DiskDatabase, id: string): Promise<DiskManifest> {
  const manifest = await get<DiskManifest>('manifest', database.relaxed);
  if (!manifest || manifest.chunkSize !== CHUNK_SIZE) {
    throw new BlockError('store', `The database ${databaseName(id)} does not hold a disk. Delete it to use its name.`);
  }
  return manifest;
}

function checkBase({ id, base: reference }: DiskManifest, base: BaseImage | undefined): void {
  if (reference?.identity === base?.identity) return;
  const message = !reference
    ? `The disk "${id}" holds a whole image of its own, and lies over no base. Open it without one.`
    : base
      ? `The disk "${id}" was made over another version of its base image, and cannot be read with this one. ` +
        'Delete the disk to begin again from the new image, or bring the old image back.'
      : `The disk "${id}" is an overlay: open it together with its base image${reference.url ? ` (${reference.url})` : ''}.`;
  throw new BlockError('base', message);
}
