/// <reference lib="webworker" />
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { describe, test } from 'vitest';
import { BlockError, type BlockBackend } from './backend.ts';
import { memoryBase, type BaseImage } from './base.ts';
import type { DiskHost } from './disk-host.ts';
import { findDisk, openDisk } from './disks.ts';
import { openHttpBase } from './http/http-base.ts';
import { openDatabase } from './indexeddb/database.ts';
import type { StoreKind } from './indexeddb/manifest.ts';
import { cloneDisk } from './manage/clone.ts';
import { commitDisk } from './manage/commit.ts';
import { moveDisk } from './manage/move.ts';
import { createOver } from './manage/overlay.ts';
import { MemoryBackend } from './memory.ts';
import { MAP_CHUNKS, OpfsStore } from './opfs/opfs-store.ts';
import { StoreBackend } from './store-backend.ts';
import { CrashingDisk } from './testing/crashing-disk.ts';
import { FakeFile } from './testing/fake-files.ts';
import { FakeMedium } from './testing/fake-store.ts';
import { MortalHost } from './testing/mortal-host.ts';
import { indexedDbSubject } from './testing/indexeddb-subject.ts';
import type { Subject } from './testing/model.ts';
import { MANIFEST_URL, serveImage } from './testing/parts.ts';
import { checkPrograms, factor } from './testing/programs.ts';
import { image, initial, limits, SECTORS, size } from './testing/small-disk.ts';

/** A base that takes a while. */
const slowBase = (): BaseImage => {
  const base = memoryBase(image);
  const read = async (offset: number, target: Uint8Array): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    await base.read(offset, target);
  };
  return { ...base, read };
};

const check = (subject: () => Subject, numRuns: number): Promise<void> => checkPrograms(SECTORS, subject, numRuns);

function inMemory(base?: BaseImage): Subject {
  const open = async (): Promise<BlockBackend> => new MemoryBackend({ size, ...(base && { base }) });
  return { sectors: SECTORS, initial: base ? initial : () => 0, open };
}

function onFakeStore(base?: () => BaseImage): Subject {
  const medium = new FakeMedium();
  return {
    sectors: SECTORS,
    initial: base ? initial : () => 0,
    open: () => StoreBackend.open({ size, store: medium.open(), base: base?.(), limits }),
    crash: async (kept) => medium.crash(kept),
    fail: (count) => (medium.failures = Array.from({ length: count }, () => 'quota' as const)),
    stored: async () => medium.seen.chunks.size,
  };
}

/** A crash is a worker that ends: what the database has taken is there, and no more comes. */
const onIndexedDb = (base?: () => Promise<BaseImage>): Subject => indexedDbSubject(new IDBFactory(), 'a', base);

/** A crash loses sectors of what was not flushed to the file, and leaves what the database has. Chunks move all the time. */
function onFile(base?: () => BaseImage): Subject {
  const factory = new IDBFactory();
  const file = new FakeFile();
  let random = 1;
  let close = (): void => undefined;
  const open = async (): Promise<BlockBackend> => {
    const database = await openDatabase({ id: 'a', factory, create: () => undefined });
    close = () => database.close();
    const store = new OpfsStore({ database, file: file.open(), layer: '0', compactAfter: 0 });
    return StoreBackend.open({ size, store, base: base?.(), limits });
  };
  return {
    sectors: SECTORS,
    initial: base ? initial : () => 0,
    open,
    crash: async (kept) => {
      close();
      random += kept;
      file.crash(() => ((random = (random * 16807) % 2147483647) % 1000) / 1000);
    },
    fail: (count) => (file.failures = count),
    stored: async () => {
      const database = await openDatabase({ id: 'a', factory });
      const pages = await database.relaxed('readonly', (store) => {
        const request = store.getAll(IDBKeyRange.bound(['0', 'm'], ['0', 'm', []]));
        return new Promise<Uint8Array[]>(
          (resolve) => (request.onsuccess = () => resolve(request.result as Uint8Array[])),
        );
      });
      database.close();
      return pages.flatMap((page) => [...new Uint32Array(page.slice().buffer, 0, MAP_CHUNKS)]).filter(Boolean).length;
    },
  };
}

/** Disks over disks that are moved, cloned, committed and laid over in browsers that may die meanwhile; the topmost is used. */
function managed(first: StoreKind): Subject {
  const store = new MortalHost();
  let host = store.run();
  let id = 'a';
  const goOn = (): boolean => true;
  const other = async (): Promise<StoreKind> => ((await findDisk(id, host))?.store === 'opfs' ? 'indexeddb' : 'opfs');
  const actions = [
    async (mortal: DiskHost) => moveDisk(id, await other(), goOn, mortal),
    async (mortal: DiskHost) => void ({ id } = await cloneDisk(id, 'clone', goOn, mortal)),
    async (mortal: DiskHost) => void ({ id } = await createOver(id, 'over', await other(), mortal)),
    async (mortal: DiskHost) => commitDisk(id, goOn, mortal),
  ];
  const live = (operations?: number): DiskHost => {
    store.kill();
    return (host = store.run(operations));
  };
  return {
    sectors: SECTORS,
    initial,
    open: async () => (await openDisk({ id, size, limits, base: slowBase(), store: first }, host)).backend,
    crash: async () => void live(),
    manage: async (choice, operations) => {
      await actions[choice % actions.length](live(operations)).catch((error: unknown) => {
        // A disk over none that is committed, or too many over each other.
        if (!store.isDead && !(error instanceof BlockError && error.reason === 'base')) throw error;
      });
      live();
    },
  };
}

/** A crash loses what no strict transaction was complete behind, and sectors of what was not flushed to the file. */
function onCrashingDisk(store: StoreKind, base?: () => BaseImage): Subject {
  const options = { store, size, limits, compactAfter: 0, ...(base && { base: async () => base() }) };
  let disk = new CrashingDisk(options);
  let opened: BlockBackend | undefined;
  let random = 1;
  return {
    sectors: SECTORS,
    initial: base ? initial : () => 0,
    open: async () => (opened = await disk.open()),
    crash: async (kept) => {
      random += kept;
      disk = disk.image(() => ((random = (random * 16807) % 2147483647) % 1000) / 1000);
      // What is left of the tab can do no harm any more.
      void opened?.close().catch(() => undefined);
    },
  };
}

const served = serveImage(image, 8192);
const httpBase = (): Promise<BaseImage> =>
  openHttpBase(MANIFEST_URL, { memoryBytes: 1, host: { fetch: served.fetch, sleep: async () => {} } });

describe('random programs read what they must', { timeout: 20_000 * Math.max(1, factor) }, () => {
  test('in memory', () => check(() => inMemory(), 60));
  test('in memory over a base', () => check(() => inMemory(slowBase()), 60));
  test('on a store that crashes and fails', () => check(() => onFakeStore(), 150));
  test('on a store that crashes and fails, over a base', () => check(() => onFakeStore(slowBase), 150));
  test('in a file that crashes and has no room', () => check(() => onFile(), 100));
  test('in a file that crashes and has no room, over a base', () => check(() => onFile(slowBase), 100));
  test('through all that is done with disks in IndexedDB', () => check(() => managed('indexeddb'), 40));
  test('through all that is done with disks in a file', () => check(() => managed('opfs'), 40));
  test('on a database that crashes', () => check(() => onCrashingDisk('indexeddb'), 60));
  test('on a database that crashes, over a base', () => check(() => onCrashingDisk('indexeddb', slowBase), 60));
  test('in a file and a database that crash', () => check(() => onCrashingDisk('opfs'), 60));
  test('on IndexedDB', () => check(() => onIndexedDb(), 30));
  test('on IndexedDB over a base by HTTP', () => check(() => onIndexedDb(httpBase), 20));
});
