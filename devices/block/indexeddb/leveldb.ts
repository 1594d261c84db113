/**
 * What Chromium's storage needs before it is used. The databases of an origin are in one LevelDB, the names of its private
 * files in another. When a browser is killed, or the power fails, two things can take all of them away later:
 *
 * - **A log that ends within a record.** The next browser takes that for the log's end, and writes on behind it. The one
 *   after that finds a damaged record there, and deletes all databases of the origin (google/leveldb#1287). LevelDB begins a
 *   new log, and drops the old one, when it has so much in memory: so that is written here, before anything else.
 * - **A killed browser that has not ended** and holds both. The next one is refused the databases, but it deletes all private
 *   files that it cannot open. So a database is opened before files are, and stays open, for a later browser to be refused.
 */

import { promisifyRequest } from 'idb-keyval';
import { BlockError } from '../backend.ts';
import { quota } from '../quota.ts';
import { patiently } from './patience.ts';

/** A database that has records only while a new log is begun. */
const NAME = 'tabhyve-log';
const STORE = 'filling';
/** Of data in memory, and of a log (LevelDB's `write_buffer_size`, in Chromium at most that). */
const BUFFER_BYTES = 4 * 2 ** 20;
/** A value of 64 KiB or more would be a file of its own. */
const VALUE_BYTES = 32 * 2 ** 10;
/** What must be free for it: a quota that is nearly full is for the disks. */
const ROOM_BYTES = 32 * 2 ** 20;

const DELETED =
  "This browser's database was damaged, and the browser has deleted it, with all disks. Reload the page to begin with a new " +
  'disk, or import one that you exported.';

const readiness = new WeakMap<IDBFactory, Promise<void>>();

/**
 * Resolves when this thread may use databases, and private files; at once in engines that have no LevelDB. Rejects if the
 * database cannot be opened for a reason other than a full quota; and, until the page is loaded again, if Chromium has
 * just deleted what it had: nobody should take an empty disk for theirs.
 */
export async function storageReady(factory: IDBFactory): Promise<void> {
  if (!isChromium()) return;
  const begun = readiness.get(factory);
  if (begun !== undefined) return begun;
  const forget = (): void => void readiness.delete(factory);
  const ready = prepare(factory, forget);
  readiness.set(factory, ready);
  ready.catch((error: unknown) => error instanceof BlockError || forget());
  return ready;
}

const isChromium = (): boolean => typeof navigator !== 'undefined' && 'userAgentData' in navigator;

/** `onLost` is called when the database does not stay open. */
async function prepare(factory: IDBFactory, onLost: () => void): Promise<void> {
  let database: IDBDatabase;
  try {
    database = await patiently(() => open(factory));
  } catch (error) {
    // What is full was opened, at least.
    if (error instanceof DOMException && error.name === 'QuotaExceededError') return;
    throw error;
  }
  database.onclose = onLost;
  // Whoever clears the site's data need not wait for this thread.
  database.onversionchange = () => {
    database.close();
    onLost();
  };
  const { usage, quota: limit } = await quota();
  // A log that is not begun anew is one that most likely has no damage either.
  if (limit - usage > ROOM_BYTES) await beginLog(database).catch(() => undefined);
}

async function open(factory: IDBFactory): Promise<IDBDatabase> {
  const request = factory.open(NAME, 1);
  let isLost = false;
  request.onupgradeneeded = (event) => {
    request.result.createObjectStore(STORE);
    // Chromium's own: "total" for the first database that is made after it has deleted all.
    isLost = (event as { readonly dataLoss?: string }).dataLoss === 'total';
  };
  const database = await promisifyRequest(request);
  if (!isLost) return database;
  database.close();
  throw new BlockError('store', DELETED);
}

async function beginLog(database: IDBDatabase): Promise<void> {
  const change = (action: (store: IDBObjectStore) => void): Promise<void> => {
    const transaction = database.transaction(STORE, 'readwrite', { durability: 'relaxed' });
    action(transaction.objectStore(STORE));
    return promisifyRequest(transaction);
  };
  // Chromium compresses values.
  const value = crypto.getRandomValues(new Uint8Array(VALUE_BYTES));
  await change((store) => {
    for (let i = 0; i <= BUFFER_BYTES / VALUE_BYTES; i++) store.put(value, i);
  });
  await change((store) => store.clear());
}
