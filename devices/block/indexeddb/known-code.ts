/**
 * Where compiled regions' profiles are kept between visits (machine/known-code-keeper.ts): one value in a database of its own,
 * which may be deleted at any time.
 *
 *     database  tabhyve-code
 *     store     keyval
 *       'known'                 bytes
 */
import { createStore, del, get, set, type UseStore } from 'idb-keyval';
import { storageReady } from './leveldb.ts';

const KEY = 'known';

/** What is kept; each call rejects where the browser keeps nothing, in a private window say, which is of no consequence. */
export interface KnownCodeDatabase {
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  delete(): Promise<void>;
}

export function knownCodeDatabase(): KnownCodeDatabase {
  let store: UseStore | undefined;
  // Opened when it is first used: where there is no IndexedDB that throws.
  const use: UseStore = async (mode, callback) => {
    await storageReady(indexedDB);
    store ??= createStore('tabhyve-code', 'keyval');
    return store(mode, callback);
  };
  return {
    async read() {
      const value: unknown = await get(KEY, use);
      return value instanceof Uint8Array ? new Uint8Array(value) : undefined;
    },
    write: (bytes) => set(KEY, bytes, use),
    delete: () => del(KEY, use),
  };
}
