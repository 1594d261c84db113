/** A disk's database that tells what a crash would leave of it: a true one, of which every change is noted. */

import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import type { UseStore } from 'idb-keyval';
import { openDatabase, type DiskDatabase } from '../indexeddb/database.ts';

/** By the key as JSON. */
type Content = ReadonlyMap<string, { readonly key: IDBValidKey; readonly value: unknown }>;

interface Change {
  readonly key: IDBValidKey;
  /** Undefined when the record goes. */
  readonly value: unknown;
}

const ID = 'a';

function apply(content: Content, transactions: readonly (readonly Change[])[]): Content {
  const result = new Map(content);
  for (const { key, value } of transactions.flat()) {
    if (value === undefined) result.delete(JSON.stringify(key));
    else result.set(JSON.stringify(key), { key, value });
  }
  return result;
}

export class CrashingDatabase {
  readonly #factory = new IDBFactory();
  /** Called whenever a crash would leave something else from now on. */
  onStep: () => void = () => undefined;
  /** What is there whatever happens. */
  #safe: Content;
  /** What was complete since the last strict transaction, in order. */
  #unsafe: (readonly Change[])[] = [];
  /** What a strict transaction waits for, before all that was complete is safe. */
  readonly #sync: () => Promise<void>;

  constructor(sync: () => Promise<void>, content: Content = new Map()) {
    this.#sync = sync;
    this.#safe = content;
  }

  /** One at a time. */
  async open(): Promise<DiskDatabase> {
    const create = (store: IDBObjectStore): void => {
      for (const { key, value } of this.#safe.values()) store.put(value, key);
    };
    const database = await openDatabase({ id: ID, factory: this.#factory, create });
    const relaxed = this.#noting(database.relaxed, false);
    const strict = this.#noting(database.strict, true);
    return { relaxed, strict, onLost: undefined, version: database.version, close: () => database.close() };
  }

  /**
   * The database after a crash now: all up to the last strict transaction, and a few of those behind it, or none. What was not
   * complete is gone.
   */
  image(random: () => number): CrashingDatabase {
    const kept = Math.floor(random() * (this.#unsafe.length + 1));
    return new CrashingDatabase(this.#sync, apply(this.#safe, this.#unsafe.slice(0, kept)));
  }

  #noting(use: UseStore, strict: boolean): UseStore {
    return async (mode, callback) => {
      if (mode === 'readonly') return use(mode, callback);
      const changes: Change[] = [];
      const result = await use(mode, (store) => {
        store.transaction.addEventListener('complete', () => {
          this.#unsafe.push(changes);
          this.onStep();
        });
        return callback(notingStore(store, changes));
      });
      if (strict) await this.#makeSafe(changes);
      return result;
    };
  }

  /** All up to these changes, if no later transaction has done so. */
  async #makeSafe(last: readonly Change[]): Promise<void> {
    await this.#sync();
    const count = this.#unsafe.indexOf(last) + 1;
    if (count === 0) return;
    this.onStep();
    this.#safe = apply(this.#safe, this.#unsafe.slice(0, count));
    this.#unsafe = this.#unsafe.slice(count);
    this.onStep();
  }
}

function notingStore(store: IDBObjectStore, changes: Change[]): IDBObjectStore {
  const noted = {
    put: (value: unknown, key: IDBValidKey) => {
      changes.push({ key, value: structuredClone(value) });
      return store.put(value, key);
    },
    delete: (key: IDBValidKey) => {
      changes.push({ key, value: undefined });
      return store.delete(key);
    },
  };
  return new Proxy(store, {
    get(target, name) {
      if (name === 'put' || name === 'delete') return noted[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
