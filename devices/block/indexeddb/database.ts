/**
 * The database of one disk: one object store, which idb-keyval's operations reach through a `UseStore` of our own.
 * idb-keyval's `createStore` knows neither durability nor versions, and would open a closed connection again, so that a
 * disk whose data were just cleared came back empty under a running guest.
 *
 *     database  tabhyve-disk-<id>, of the lowest version that has what the disk needs
 *     store     disk
 *       'manifest'              DiskManifest
 *       'flush'                 number of the last flush
 *       'making'                in place of a manifest: the disk is being made, see making.ts
 *       'leftover'              names of layers that are not the disk's, and may have records yet, see leftover.ts
 *       'unreclaimed'           where chunks were deleted whose space may not be free yet, see reclaim.ts
 *       'unreclaimed-leftover'  the same of layers that are not the disk's; nobody goes on with it
 *       [layer, index]          the bytes of a chunk, CHUNK_SIZE
 *       [layer, 't', page]      which chunks of a page are tombstones, 512 bytes
 *       [layer, 'm', page]      where chunks are in the file, of a disk that has one
 */

import type { UseStore } from 'idb-keyval';
import { BlockError } from '../backend.ts';
import { storageReady } from './leveldb.ts';
import { isUnknown, patiently } from './patience.ts';

/** Raised by every change that an older tabhyve could not read. A disk has the lowest that it needs. */
export const SCHEMA_VERSION = 1;
/** Of disks whose chunks are in a file, see opfs/opfs-store.ts. */
export const FILE_SCHEMA_VERSION = 2;
/** Of disks that lie over one of this store, and of those. */
export const STACK_SCHEMA_VERSION = 3;
/** What this tabhyve can read. */
const NEWEST = STACK_SCHEMA_VERSION;

const PREFIX = 'tabhyve-disk-';
const STORE = 'disk';
/** How long another tab may take to let go of a database, in milliseconds. */
const BLOCKED_TIMEOUT = 5_000;

/** Where a page of a layer's tombstones is. */
export const tombstoneKey = (layer: string, page: number): IDBValidKey => [layer, 't', page];
export const databaseName = (id: string): string => PREFIX + id;
export const diskIdOf = (name: string): string | undefined =>
  name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined;

export interface DiskDatabase {
  /** Transactions that are complete when the engine has them. */
  readonly relaxed: UseStore;
  /** Transactions that are complete when the storage device has them, and all that were complete before. */
  readonly strict: UseStore;
  /** Called once when the connection is lost: another tab deletes or upgrades the disk, or the browser closed it. */
  onLost: ((error: BlockError) => void) | undefined;
  readonly version: number;
  close(): void;
}

/** A host failure of the database, as the person should hear of it. */
export function storeError(cause: unknown): BlockError {
  if (cause instanceof BlockError) return cause;
  const { name, message } = cause instanceof Error || cause instanceof DOMException ? cause : new Error(String(cause));
  if (name === 'QuotaExceededError') {
    return new BlockError(
      'quota',
      'The browser has no room left for this disk. Free some: delete files in the guest and run fstrim, or delete ' +
        'other disks or site data. Then try again; nothing that was flushed is lost.',
      { cause },
    );
  }
  if (name === 'VersionError') {
    return new BlockError('version', 'This disk was written by a newer tabhyve. Reload the page to get it.', { cause });
  }
  return new BlockError('store', `The browser's database failed (${name}: ${message}). Reload the page.`, { cause });
}

/** Resolves when the transaction is complete; rejects with why it was aborted. */
export function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    // An error of a request bubbles up before the abort that follows it; only the abort knows why.
    transaction.onabort = () => reject(storeError(transaction.error ?? new Error('the transaction was aborted')));
  });
}

/** As {@link completed}, for a transaction that nothing more is asked of: else the engine hears of that a turn of both sides later. */
export function committed(transaction: IDBTransaction): Promise<void> {
  const done = completed(transaction);
  transaction.commit();
  return done;
}

export interface OpenDatabaseOptions {
  readonly id: string;
  /** Puts a new database's first records; without it, a database that does not exist is an error. */
  readonly create?: (store: IDBObjectStore) => void;
  readonly factory: IDBFactory;
  /** Of a new database; one that exists keeps its own, or is upgraded if it is older. */
  readonly version?: number;
}

/**
 * Opens the database of a disk, and makes it if there is none: its first records are in the same transaction. One that is
 * older than `version` is of that version afterwards, which changes none of its records; if that is interrupted, it is as
 * before.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<DiskDatabase> {
  try {
    await storageReady(options.factory);
    return connect(await patiently(() => open(options)));
  } catch (error) {
    throw openError(error);
  }
}

/** Names of all databases of this origin. */
export async function databaseNames(factory: IDBFactory): Promise<string[]> {
  try {
    await storageReady(factory);
    const databases = await patiently(() => factory.databases());
    return databases.map(({ name }) => name ?? '');
  } catch (error) {
    throw openError(error);
  }
}

function openError(cause: unknown): BlockError {
  if (!isUnknown(cause)) return storeError(cause);
  const message =
    'The browser cannot open its database. Close all its windows, and start it again: one that has crashed may still be ' +
    'at work. Nothing was changed.';
  return new BlockError('store', message, { cause });
}

function open({ id, create, factory, version }: OpenDatabaseOptions): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = version === undefined ? factory.open(databaseName(id)) : factory.open(databaseName(id), version);
    let failure: BlockError | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    request.onupgradeneeded = ({ oldVersion }) => {
      clearTimeout(timer);
      try {
        if (failure !== undefined) throw failure;
        if (oldVersion > 0) return;
        if (!create) throw new BlockError('missing', `There is no disk "${id}".`);
        create(request.result.createObjectStore(STORE));
      } catch (error) {
        failure = storeError(error);
        request.transaction?.abort();
      }
    };
    request.onblocked = () => {
      const message = 'A tab with an older tabhyve has this disk open. Close it, and try again.';
      timer = setTimeout(() => reject((failure = new BlockError('locked', message))), BLOCKED_TIMEOUT);
    };
    request.onsuccess = () => {
      if (request.result.version <= NEWEST) return resolve(request.result);
      request.result.close();
      reject(new DOMException('the database is newer', 'VersionError'));
    };
    request.onerror = () => reject(failure ?? request.error ?? new Error('it was not opened'));
  });
}

function connect(db: IDBDatabase): DiskDatabase {
  let lost: BlockError | undefined;
  const use =
    (durability: IDBTransactionDurability): UseStore =>
    async (mode, callback) => {
      if (lost) throw lost;
      try {
        return await callback(db.transaction(STORE, mode, { durability }).objectStore(STORE));
      } catch (error) {
        throw storeError(error);
      }
    };
  const { version } = db;
  const result: DiskDatabase = { relaxed: use('relaxed'), strict: use('strict'), onLost: undefined, version, close };
  function close(): void {
    lost ??= new BlockError('closed', 'This disk is closed.');
    db.close();
  }
  function lose(message: string): void {
    if (lost) return;
    lost = new BlockError('closed', message);
    result.onLost?.(lost);
  }
  db.onversionchange = () => {
    lose('Another tab deleted or upgraded this disk.');
    db.close();
  };
  db.onclose = () => lose('The browser closed this disk: its data may have been cleared. Reload the page.');
  return result;
}

/** Deletes the database of a disk. Connections of other tabs close themselves when they hear of it. */
export function deleteDatabase(id: string, factory: IDBFactory): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = factory.deleteDatabase(databaseName(id));
    let timer: ReturnType<typeof setTimeout> | undefined;
    request.onblocked = () => {
      const message =
        'A tab has this disk open and does not let go of it. The disk is deleted as soon as you close that tab.';
      timer = setTimeout(() => reject(new BlockError('locked', message)), BLOCKED_TIMEOUT);
    };
    request.onsuccess = () => {
      clearTimeout(timer);
      resolve();
    };
    request.onerror = () => reject(storeError(request.error));
  });
}
