/** What bench/disk/run.ts measures inside the page. Each function makes what it needs, and deletes it afterwards. */

import { deleteDisk, openDisk } from '../../devices/block/disks.ts';
import type { CacheLimits } from '../../devices/block/store-backend.ts';

const CHUNK = 32 * 1024;
const MIB = 2 ** 20;

/** MiB per second. */
export interface Throughput {
  readonly write: number;
  readonly overwrite: number;
  readonly read: number;
}

/** Bytes that do not compress, so that an engine that compresses gains nothing. */
function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  return bytes;
}

async function timed(mib: number, action: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await action();
  return (mib * 1000) / (performance.now() - start);
}

const completed = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(new Error(String(transaction.error)));
  });

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error(String(request.error)));
  });

async function openRaw(): Promise<IDBDatabase> {
  const open = indexedDB.open('bench-raw', 1);
  open.onupgradeneeded = () => open.result.createObjectStore('chunks');
  return settled(open);
}

async function deleteRaw(db: IDBDatabase): Promise<void> {
  db.close();
  await settled(indexedDB.deleteDatabase('bench-raw'));
}

/** Transactions of `batch` puts, the last one strict. */
async function writeRaw(db: IDBDatabase, mib: number, batch: number): Promise<void> {
  const chunks = (mib * MIB) / CHUNK;
  const data = noise(64 * CHUNK);
  for (let first = 0; first < chunks; first += batch) {
    const last = first + batch >= chunks;
    const transaction = db.transaction('chunks', 'readwrite', { durability: last ? 'strict' : 'relaxed' });
    const store = transaction.objectStore('chunks');
    for (let i = first; i < Math.min(first + batch, chunks); i++) {
      store.put(data.slice((i % 64) * CHUNK, ((i % 64) + 1) * CHUNK), ['0', i]);
    }
    await completed(transaction);
  }
}

/** IndexedDB with nothing around it: transactions of `batch` puts, the last one strict; 64 gets at a time. */
export async function rawStore(mib: number, batch: number): Promise<Throughput> {
  const db = await openRaw();
  const chunks = (mib * MIB) / CHUNK;
  const write = (): Promise<void> => writeRaw(db, mib, batch);
  const read = async (): Promise<void> => {
    for (let first = 0; first < chunks; first += 64) {
      const store = db.transaction('chunks').objectStore('chunks');
      await Promise.all(Array.from({ length: 64 }, (_, i) => settled(store.get(['0', first + i]))));
    }
  };
  const result = { write: await timed(mib, write), overwrite: await timed(mib, write), read: await timed(mib, read) };
  await deleteRaw(db);
  return result;
}

/** Seconds of one strict transaction that deletes so much. */
export async function rawDelete(mib: number): Promise<number> {
  const db = await openRaw();
  await writeRaw(db, mib, 64);
  const start = performance.now();
  const transaction = db.transaction('chunks', 'readwrite', { durability: 'strict' });
  transaction.objectStore('chunks').delete(IDBKeyRange.bound(['0', 0], ['0', (mib * MIB) / CHUNK]));
  await completed(transaction);
  const seconds = (performance.now() - start) / 1000;
  await deleteRaw(db);
  return seconds;
}

/** A disk as a guest uses it with `dd conv=fsync`: 8 requests of 256 KiB at a time, then a flush. */
export async function disk(mib: number, limits: Partial<CacheLimits>): Promise<Throughput> {
  const id = 'bench';
  const request = 256 * 1024;
  const size = mib * MIB;
  const data = noise(2 * MIB);
  let { backend } = await openDisk({ id, size, limits });
  const queued = async (action: (offset: number) => Promise<void>): Promise<void> => {
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let offset = next; offset < size; offset = next) {
        next += request;
        await action(offset);
      }
    };
    await Promise.all(Array.from({ length: 8 }, lane));
  };
  const write = async (): Promise<void> => {
    await queued((offset) => backend.write(offset, data.slice(offset % (2 * MIB), (offset % (2 * MIB)) + request)));
    await backend.flush();
  };
  const result = { write: await timed(mib, write), overwrite: await timed(mib, write) };
  await backend.close();
  ({ backend } = await openDisk({ id, limits }));
  const target = new Uint8Array(size);
  const read = await timed(mib, () => queued((at) => backend.read(at, target.subarray(at, at + request))));
  await backend.close();
  await deleteDisk(id);
  return { ...result, read };
}

/** Milliseconds of the median small write that is flushed, taking turns: raw in one strict transaction, and on a disk. */
export async function smallWrites(count: number): Promise<{ readonly raw: number; readonly disk: number }> {
  const db = await openRaw();
  const { backend } = await openDisk({ id: 'bench', size: 16 * CHUNK });
  const chunk = noise(CHUNK);
  const times: { raw: number[]; disk: number[] } = { raw: [], disk: [] };
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    const transaction = db.transaction('chunks', 'readwrite', { durability: 'strict' });
    transaction.objectStore('chunks').put(chunk, ['0', i % 16]);
    await completed(transaction);
    const middle = performance.now();
    await backend.write((i % 16) * CHUNK, chunk.slice(0, 4096));
    await backend.flush();
    times.raw.push(middle - start);
    times.disk.push(performance.now() - middle);
  }
  await deleteRaw(db);
  await backend.close();
  await deleteDisk('bench');
  const median = (values: number[]): number => values.sort((a, b) => a - b)[count >> 1];
  return { raw: median(times.raw), disk: median(times.disk) };
}

/**
 * Writes `mib`, discards `freed` of them in pieces of `extent` with the kept ones spread between them, and says what
 * the browser's estimate was before and so many seconds after, in MiB.
 */
export async function estimateAfterDiscard(
  mib: number,
  freed: number,
  extent: number,
  seconds: readonly number[],
): Promise<{ readonly written: number; readonly after: number[]; readonly allocated: number }> {
  const usage = async (): Promise<number> => ((await navigator.storage.estimate()).usage ?? 0) / MIB;
  const data = noise(MIB);
  const { backend } = await openDisk({ id: 'bench', size: mib * MIB });
  for (let i = 0; i < mib; i++) await backend.write(i * MIB, data.slice());
  await backend.flush();
  const written = await usage();
  const start = performance.now();
  let gone = 0;
  for (let at = 0; at < mib && gone < freed; at += extent + Math.max(1, Math.round((extent * (mib - freed)) / freed))) {
    const length = Math.min(extent, freed - gone, mib - at);
    await backend.discard(at * MIB, length * MIB);
    gone += length;
  }
  await backend.flush();
  const after: number[] = [];
  for (const second of seconds) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, second * 1000 - (performance.now() - start))));
    after.push(await usage());
  }
  const allocated = backend.usage().allocatedBytes / MIB;
  await backend.close();
  await deleteDisk('bench');
  return { written, after, allocated };
}
