/**
 * What Chromium's storage needs before it is used. The databases of an origin are in one LevelDB, the names of its private
 * files in another. When a browser is killed, or the power fails, two things can take all of them away later:
 *
 * - **A log that ends within a record.** The next browser takes that for the log's end, and writes on behind it. The one
 *   after that finds a damaged record there, and deletes all databases of the origin (google/leveldb#1287). When a database is
 *   deleted, Chromium has LevelDB compact what it held; that begins a new log and drops the old one, before anything else.
 * - **A killed browser that has not ended** and holds both. The next one is refused the databases, but it deletes all private
 *   files that it cannot open. So a database is opened before files are, and stays open, for a later browser to be refused.
 */

import { promisifyRequest } from 'idb-keyval';
import { BlockError } from '../backend.ts';
import { patiently } from './patience.ts';

/** A database without records that stays open. */
const KEPT = 'tabhyve-open';
/** A database without records that is made to be deleted. */
const DELETED = 'tabhyve-log';
/** Milliseconds that another tab may keep this one from it, which was frozen while it did the same. */
const FROZEN = 2_000;

const LOST =
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
  try {
    const kept = await patiently(() => open(factory, KEPT));
    kept.onclose = onLost;
    // Whoever clears the site's data need not wait for this thread.
    kept.onversionchange = () => {
      kept.close();
      onLost();
    };
    await Promise.race([beginLog(factory), new Promise((resolve) => setTimeout(resolve, FROZEN))]);
  } catch (error) {
    // What is full was opened, at least.
    if (!(error instanceof DOMException && error.name === 'QuotaExceededError')) throw error;
  }
}

async function beginLog(factory: IDBFactory): Promise<void> {
  (await open(factory, DELETED)).close();
  await promisifyRequest(factory.deleteDatabase(DELETED));
}

async function open(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  const request = factory.open(name, 1);
  let isLost = false;
  // Chromium's own: "total" for the first database that is made after it has deleted all.
  request.onupgradeneeded = (event) => (isLost = (event as { readonly dataLoss?: string }).dataLoss === 'total');
  const database = await promisifyRequest(request);
  if (!isLost) return database;
  database.close();
  throw new BlockError('store', LOST);
}
