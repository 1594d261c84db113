/**
 * The database in which blocks of base images are kept: one for all of them, which may be deleted at any time.
 *
 *     database  tabhyve-base-cache, version 1
 *     store     cache
 *       ['block', image, index]   KeptBlock
 *       ['used', image, region]   RegionUse: a region is REGION blocks
 *       ['image', address]        what an image was when it was last reached, for when its server is away
 *
 * `image` is a hash of the image's identity.
 */

import type { UseStore } from 'idb-keyval';
import { databaseNames } from '../indexeddb/database.ts';
import { storageReady } from '../indexeddb/leveldb.ts';

const NAME = 'tabhyve-base-cache';
const STORE = 'cache';
/** How long other tabs may take to let go of the database, in milliseconds. */
const BLOCKED = 2_000;

/** Neighbouring blocks whose use is noted, and which go, together. */
export const REGION = 64;

/** A block as it came, and the SHA-256 of that. */
export interface KeptBlock {
  readonly sum: Uint8Array;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface RegionUse {
  readonly bytes: number;
  /** When it was last read, in milliseconds since 1970, roughly. */
  readonly at: number;
}

export const regionOf = (index: number): number => Math.floor(index / REGION);
export const blockKey = (image: string, index: number): IDBValidKey => ['block', image, index];
export const useKey = (image: string, region: number): [string, string, number] => ['used', image, region];
export const imageKey = (address: string): IDBValidKey => ['image', address];
export const blocksOf = (image: string, region: number): IDBKeyRange =>
  IDBKeyRange.bound(blockKey(image, region * REGION), blockKey(image, (region + 1) * REGION), false, true);
export const allBlocks = (): IDBKeyRange => IDBKeyRange.bound(['block'], ['block', []]);
export const allUses = (): IDBKeyRange => IDBKeyRange.bound(['used'], ['used', []]);

export interface CacheDatabase {
  /** Transactions need not survive a crash. */
  readonly use: UseStore;
  close(): void;
}

/** `onLost` is called when the database is deleted, or taken away by the browser. */
export async function openCache(factory: IDBFactory, onLost: () => void): Promise<CacheDatabase> {
  await storageReady(factory);
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = factory.open(NAME, 1);
    request.onupgradeneeded = () => void request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the database was not opened'));
  });
  db.onversionchange = () => {
    db.close();
    onLost();
  };
  db.onclose = onLost;
  const use: UseStore = async (mode, callback) =>
    callback(db.transaction(STORE, mode, { durability: 'relaxed' }).objectStore(STORE));
  return { use, close: () => db.close() };
}

export async function cacheExists(factory: IDBFactory): Promise<boolean> {
  return (await databaseNames(factory)).includes(NAME);
}

/** Deletes it, in all tabs. */
export async function deleteCache(factory: IDBFactory): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const request = factory.deleteDatabase(NAME);
    // It is deleted when the last tab lets go of it.
    const timer = setTimeout(resolve, BLOCKED);
    request.onsuccess = () => {
      clearTimeout(timer);
      resolve();
    };
    request.onerror = () => {
      clearTimeout(timer);
      reject(request.error ?? new Error('the database was not deleted'));
    };
  });
}

/** Makes changes in one transaction, and resolves when it is complete; rejects with why it was not. */
export async function change(database: CacheDatabase, action: (store: IDBObjectStore) => Promise<void>): Promise<void> {
  await database.use('readwrite', async (store) => {
    const { transaction } = store;
    const done = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'));
    });
    const acted = action(store).catch((error: unknown) => {
      try {
        transaction.abort();
      } catch {
        // It has ended already.
      }
      throw error;
    });
    const [did, ended] = await Promise.allSettled([acted, done]);
    // What ended it tells more than what follows from that.
    if (transaction.error !== null) throw transaction.error;
    if (did.status === 'rejected') throw did.reason;
    if (ended.status === 'rejected') throw ended.reason;
  });
}

export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the request failed'));
  });
}
