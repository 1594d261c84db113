/** The record that says what a disk is: the first one, and how it changes. */

import { get } from 'idb-keyval';
import { BlockError } from '../backend.ts';
import { CHUNK_SIZE } from '../chunks.ts';
import { completed, databaseName, FILE_SCHEMA_VERSION, SCHEMA_VERSION, STACK_SCHEMA_VERSION } from './database.ts';
import type { DiskDatabase } from './database.ts';
import type { BaseReference, DiskManifest, StoreKind } from './manifest.ts';

/** What a new disk is. */
export interface NewDisk extends Pick<DiskManifest, 'id' | 'name' | 'size' | 'created'> {
  readonly store: StoreKind | undefined;
  readonly base: BaseReference | undefined;
}

/** The manifest of a new disk, which is empty. */
export function newManifest({ store, base, ...disk }: NewDisk): DiskManifest {
  const stacked = base?.disk !== undefined;
  return {
    schemaVersion: stacked ? STACK_SCHEMA_VERSION : store === 'opfs' ? FILE_SCHEMA_VERSION : SCHEMA_VERSION,
    ...disk,
    chunkSize: CHUNK_SIZE,
    ...(store === 'opfs' && { store }),
    layers: ['0'],
    ...(base && { base }),
  };
}

export async function readManifest(database: DiskDatabase, id: string): Promise<DiskManifest> {
  return checked(await get<DiskManifest>('manifest', database.relaxed), id);
}

/** Changes the manifest durably, in one transaction: no change of another tab is lost. */
export async function changeManifest(
  database: DiskDatabase,
  id: string,
  change: (manifest: DiskManifest) => DiskManifest,
): Promise<DiskManifest> {
  return database.strict('readwrite', (store) => changeIn(store, id, change));
}

/** The same as a part of a transaction; resolves when that is complete. */
export async function changeIn(
  store: IDBObjectStore,
  id: string,
  change: (manifest: DiskManifest) => DiskManifest,
): Promise<DiskManifest> {
  let result: DiskManifest | undefined;
  let failure: unknown;
  const request = store.get('manifest') as IDBRequest<DiskManifest | undefined>;
  request.onsuccess = () => {
    try {
      result = change(checked(request.result, id));
      store.put(result, 'manifest');
    } catch (error) {
      failure = error;
      store.transaction.abort();
    }
  };
  await completed(store.transaction).catch((error: unknown) => {
    throw failure ?? error;
  });
  return checked(result, id);
}

function checked(manifest: DiskManifest | undefined, id: string): DiskManifest {
  if (manifest?.chunkSize === CHUNK_SIZE) return manifest;
  throw new BlockError('store', `The database ${databaseName(id)} does not hold a disk. Delete it to use its name.`);
}
