/// <reference lib="webworker" />
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, test } from 'vitest';
import { memoryBase } from '../base.ts';
import { CHUNK_SIZE } from '../chunks.ts';
import type { DiskHost } from '../disk-host.ts';
import { findDisk, listDisks, openDisk, type OpenDiskOptions } from '../disks.ts';
import { STACK_SCHEMA_VERSION } from '../indexeddb/database.ts';
import type { StoreKind } from '../indexeddb/manifest.ts';
import { LocalLocks } from '../locks.ts';
import { FakeFiles } from '../testing/fake-files.ts';
import { cloneDisk } from './clone.ts';
import { commitDisk } from './commit.ts';
import { deleteDisk } from './delete.ts';
import { moveDisk } from './move.ts';
import { createOver } from './overlay.ts';
import { renameDisk } from './rename.ts';
import { resetDisk } from './reset.ts';
import { resizeDisk } from './resize.ts';

const CHUNKS = 6;
const size = CHUNKS * CHUNK_SIZE;
const goOn = (): boolean => true;
const image = memoryBase(new Uint8Array(size).fill(9), 'nines');

let host: DiskHost & { readonly files: FakeFiles };
beforeEach(() => {
  let now = 0;
  host = { factory: new IDBFactory(), locks: new LocalLocks(), now: () => ++now, files: new FakeFiles() };
});

/** Writes chunks that are full of a byte each; 0 discards. */
async function write(id: string, chunks: Readonly<Record<number, number>>, options: Partial<OpenDiskOptions> = {}) {
  const { backend } = await openDisk({ id, size, ...options }, host);
  for (const [index, value] of Object.entries(chunks)) {
    const at = Number(index) * CHUNK_SIZE;
    if (value === 0) await backend.discard(at, CHUNK_SIZE);
    else await backend.write(at, new Uint8Array(CHUNK_SIZE).fill(value));
  }
  await backend.close();
}

/** The byte that each chunk is full of. */
async function values(id: string, options: Partial<OpenDiskOptions> = {}): Promise<number[]> {
  const { backend } = await openDisk({ id, readOnly: true, ...options }, host);
  const bytes = new Uint8Array(backend.geometry.size);
  await backend.read(0, bytes);
  await backend.close();
  return Array.from({ length: bytes.length / CHUNK_SIZE }, (_, i) => {
    const chunk = bytes.subarray(i * CHUNK_SIZE, (i + 1) * CHUNK_SIZE);
    expect(chunk.every((byte) => byte === chunk[0])).toBe(true);
    return chunk[0];
  });
}

const chunksOf = async (id: string): Promise<number> => {
  const { backend } = await openDisk({ id, readOnly: true }, host);
  await backend.close();
  return backend.usage().allocatedChunks;
};

const stores: StoreKind[] = ['indexeddb', 'opfs'];
const pairs = stores.flatMap((lower) => stores.map((upper) => [lower, upper] as const));

describe.each(pairs)('over a disk in %s, disks in %s', (lower, upper) => {
  test('have what it has, and what is written to each', async () => {
    await write('low', { 0: 1, 1: 2, 2: 3 }, { store: lower });
    const [a, b] = [await createOver('low', 'A', upper, host), await createOver('low', 'B', upper, host)];
    await write(a.id, { 1: 7, 2: 0, 4: 8 });
    expect(await values(a.id)).toEqual([1, 7, 0, 0, 8, 0]);
    expect(await values(b.id)).toEqual([1, 2, 3, 0, 0, 0]);
    expect(await chunksOf(a.id)).toBe(2);
    const top = await createOver(a.id, 'A', upper, host);
    await write(top.id, { 0: 0, 2: 5 });
    expect(await values(top.id)).toEqual([0, 7, 5, 0, 8, 0]);
    expect(await values(a.id)).toEqual([1, 7, 0, 0, 8, 0]);
  });

  test('are emptied by a reset, and by a commit, which changes it', async () => {
    await write('low', { 0: 1, 1: 2 }, { store: lower });
    const { id } = await createOver('low', 'A', upper, host);
    await write(id, { 0: 0, 3: 4 });
    await resetDisk(id, host);
    expect(await values(id)).toEqual([1, 2, 0, 0, 0, 0]);
    await write(id, { 0: 0, 1: 6, 3: 5 });
    await commitDisk(id, goOn, host);
    expect(await chunksOf(id)).toBe(0);
    expect(await values(id)).toEqual([0, 6, 0, 5, 0, 0]);
    await deleteDisk(id, host);
    expect(await values('low')).toEqual([0, 6, 0, 5, 0, 0]);
    expect(await chunksOf('low')).toBe(2);
  });
});

describe('a disk that others lie over', () => {
  beforeEach(() => write('low', { 0: 1 }));

  test('is only read, and not deleted, emptied or resized, until they are gone', async () => {
    const { id } = await createOver('low', 'Over it', undefined, host);
    expect(id).toBe('over-it');
    const frozen = { name: 'BlockError', reason: 'frozen', message: expect.stringContaining('"over-it"') as string };
    await expect(openDisk({ id: 'low' }, host)).rejects.toMatchObject(frozen);
    const wait = new AbortController().signal;
    await expect(openDisk({ id: 'low', wait }, host)).rejects.toMatchObject(frozen);
    await expect(deleteDisk('low', host)).rejects.toMatchObject(frozen);
    await expect(resetDisk('low', host)).rejects.toMatchObject(frozen);
    await expect(resizeDisk('low', 2 * size, host)).rejects.toMatchObject(frozen);
    expect((await findDisk('low', host))?.schemaVersion).toBe(STACK_SCHEMA_VERSION);
    await deleteDisk(id, host);
    await write('low', { 0: 2 });
    expect((await findDisk('low', host))?.frozen).toBeUndefined();
  });

  test('is under all of them at the same time, and nobody writes to it meanwhile', async () => {
    const ids = [
      (await createOver('low', 'A', undefined, host)).id,
      (await createOver('low', 'A', undefined, host)).id,
    ];
    expect(new Set(ids).size).toBe(2);
    const open = await Promise.all(ids.map((id) => openDisk({ id }, host)));
    const third = await createOver('low', 'C', undefined, host);
    for (const { backend } of open) await backend.close();
    for (const id of ids) await deleteDisk(id, host);
    expect(await values(third.id)).toEqual([1, 0, 0, 0, 0, 0]);
  });

  test('is not taken for what it was when it is made anew', async () => {
    const { id } = await createOver('low', 'A', undefined, host);
    await new Promise((resolve) => (host.factory.deleteDatabase('tabhyve-disk-low').onsuccess = resolve));
    await expect(openDisk({ id }, host)).rejects.toMatchObject({ reason: 'base', message: /"low".* is gone/ });
    await write('low', { 0: 1 });
    await expect(openDisk({ id }, host)).rejects.toMatchObject({ reason: 'base', message: /was changed/ });
    await deleteDisk(id, host);
  });

  test('is not taken for one that is under none because a newer tabhyve wrote what might be over it', async () => {
    const { id } = await createOver('low', 'A', undefined, host);
    await write('other', { 0: 1 });
    await new Promise<void>((resolve) => {
      const request = host.factory.open(`tabhyve-disk-${id}`, STACK_SCHEMA_VERSION + 1);
      request.onsuccess = () => {
        request.result.close();
        resolve();
      };
    });
    const newer = { reason: 'version', message: /"a" was written by a newer tabhyve/ };
    await expect(openDisk({ id: 'low' }, host)).rejects.toMatchObject(newer);
    await expect(deleteDisk('low', host)).rejects.toMatchObject(newer);
    await deleteDisk('other', host);
    await deleteDisk(id, host);
    await write('low', { 0: 2 });
  });

  test('takes no commit while another lies over it, or from what lies over an image', async () => {
    const { id } = await createOver('low', 'A', undefined, host);
    await createOver('low', 'B', undefined, host);
    await write(id, { 0: 5 });
    await expect(commitDisk(id, goOn, host)).rejects.toMatchObject({ reason: 'frozen', message: /"b"/ });
    await write('image', { 0: 5 }, { base: image });
    await expect(commitDisk('image', goOn, host)).rejects.toMatchObject({ reason: 'base', message: /an image/ });
    await expect(commitDisk('low', goOn, host)).rejects.toMatchObject({ reason: 'frozen' });
  });

  test('takes a commit again that found no room', async () => {
    await moveDisk('low', 'opfs', goOn, host);
    const { id } = await createOver('low', 'A', undefined, host);
    await write(id, { 1: 5, 2: 6, 3: 7 });
    const file = host.files.files.get('low');
    expect(file).toBeDefined();
    Object.assign(file ?? {}, { failures: 1 });
    await expect(commitDisk(id, goOn, host)).rejects.toMatchObject({ reason: 'quota' });
    expect(await values(id)).toEqual([1, 5, 6, 7, 0, 0]);
    await commitDisk(id, goOn, host);
    await deleteDisk(id, host);
    expect(await values('low')).toEqual([1, 5, 6, 7, 0, 0]);
  });

  test('grows with a commit of what grew', async () => {
    const { id } = await createOver('low', 'A', undefined, host);
    await resizeDisk(id, size + CHUNK_SIZE, host);
    await write(id, { [CHUNKS]: 5 });
    expect(await values(id)).toEqual([1, 0, 0, 0, 0, 0, 5]);
    await commitDisk(id, goOn, host);
    await deleteDisk(id, host);
    expect(await values('low')).toEqual([1, 0, 0, 0, 0, 0, 5]);
  });

  test('may be at most so many deep', async () => {
    let id = 'low';
    for (let depth = 2; depth <= 8; depth++) ({ id } = await createOver(id, 'A', undefined, host));
    expect(await values(id)).toEqual([1, 0, 0, 0, 0, 0]);
    await expect(createOver(id, 'A', undefined, host)).rejects.toMatchObject({ reason: 'base' });
  });
});

describe.each(stores)('a disk in %s', (store) => {
  test('is cloned over an image that need not be there, tombstones and all', async () => {
    await write('a', { 0: 1, 1: 0 }, { store, base: image });
    const seen: number[] = [];
    const proceed = ({ done, total }: { done: number; total: number | undefined }): boolean => {
      seen.push(done);
      return total === CHUNK_SIZE;
    };
    const { id, name } = await cloneDisk('a', 'The clone ', proceed, host);
    expect([id, name]).toEqual(['the-clone', 'The clone']);
    expect(seen.at(0)).toBe(0);
    expect(seen.at(-1)).toBe(CHUNK_SIZE);
    await write('a', { 0: 3, 2: 3 }, { base: image });
    expect(await values(id, { base: image })).toEqual([1, 0, 9, 9, 9, 9]);
    expect((await findDisk(id, host))?.store).toBe(store === 'opfs' ? store : undefined);
  });

  test('is cloned by two tabs at once under two ids, or one of them is refused', async () => {
    await write('a', { 0: 1 }, { store });
    const results = await Promise.allSettled([cloneDisk('a', 'Copy', goOn, host), cloneDisk('a', 'Copy', goOn, host)]);
    const made = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.id] : []));
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(made).size).toBe(made.length);
    for (const id of made) expect(await values(id)).toEqual([1, 0, 0, 0, 0, 0]);
    const refused = results.filter((result) => result.status === 'rejected');
    for (const { reason } of refused) expect(reason).toMatchObject({ reason: 'locked' });
  });

  test('has no clone when that is cancelled', async () => {
    await write('a', { 0: 1 }, { store });
    for (const cancelAt of [0, CHUNK_SIZE]) {
      const cloning = cloneDisk('a', 'B', ({ done }) => done < cancelAt, host);
      await expect(cloning).rejects.toMatchObject({ name: 'AbortError' });
    }
    expect((await host.factory.databases()).map(({ name }) => name)).toEqual(['tabhyve-disk-a']);
    expect([...host.files.files.keys()]).toEqual(store === 'opfs' ? ['a'] : []);
    await write('a', { 0: 2 });
  });

  test('is moved to the other and back, under another disk too', async () => {
    await write('a', { 0: 1, 1: 0, 5: 4 }, { store, base: image });
    const top = await createOver('a', 'Top', store, host);
    const other = store === 'opfs' ? 'indexeddb' : 'opfs';
    const inFile = [store === 'opfs' ? ['a', 'top'] : [], store === 'opfs' ? ['top'] : ['a']];
    for (const [i, to] of [other, store, other].entries()) {
      await moveDisk('a', to as StoreKind, goOn, host);
      expect((await findDisk('a', host))?.store ?? 'indexeddb').toBe(to);
      expect([...host.files.files.keys()].sort()).toEqual(inFile[(i + 1) % 2]);
      expect(await values('a', { base: image })).toEqual([1, 0, 9, 9, 9, 4]);
      expect(await values(top.id, { base: image })).toEqual([1, 0, 9, 9, 9, 4]);
    }
    const cancelled = moveDisk('a', store, () => false, host);
    await expect(cancelled).rejects.toMatchObject({ name: 'AbortError' });
    expect([...host.files.files.keys()].sort()).toEqual(inFile[1]);
    expect(await values('a', { base: image })).toEqual([1, 0, 9, 9, 9, 4]);
    const records = await keysOf('a');
    expect(records.filter((key) => Array.isArray(key)).map((key) => (key as string[])[0])).toEqual(
      store === 'opfs' ? ['3', '3', '3'] : ['3', '3'],
    );
  });

  test('is made larger, and shows zeroes there', async () => {
    await write('a', { 0: 1 }, { store, base: image });
    await expect(resizeDisk('a', size - CHUNK_SIZE, host)).rejects.toMatchObject({ reason: 'range' });
    await expect(resizeDisk('a', size + 1, host)).rejects.toMatchObject({ reason: 'range' });
    await resizeDisk('a', size + CHUNK_SIZE, host);
    expect(await values('a', { base: image })).toEqual([1, 9, 9, 9, 9, 9, 0]);
    const { backend } = await openDisk({ id: 'a', base: image }, host);
    await backend.grow(size + 2 * CHUNK_SIZE);
    await backend.write(size + CHUNK_SIZE, new Uint8Array(CHUNK_SIZE).fill(3));
    await expect(backend.grow(size)).rejects.toMatchObject({ reason: 'range' });
    await backend.close();
    expect(await values('a', { base: image })).toEqual([1, 9, 9, 9, 9, 9, 0, 3]);
  });

  test('is renamed while it is in use, and nothing else of it changes', async () => {
    const { backend, manifest } = await openDisk({ id: 'a', size, store }, host);
    await renameDisk('a', ' Homework ', host);
    await expect(renameDisk('a', ' ', host)).rejects.toMatchObject({ reason: 'range' });
    await expect(renameDisk('b', 'B', host)).rejects.toMatchObject({ reason: 'missing' });
    expect(await listDisks(host)).toEqual([{ ...manifest, name: 'Homework' }]);
    await backend.close();
  });

  test('is left alone while it is in use', async () => {
    const { backend } = await openDisk({ id: 'a', size, store }, host);
    const locked = { reason: 'locked' };
    await expect(resetDisk('a', host)).rejects.toMatchObject(locked);
    await expect(resizeDisk('a', 2 * size, host)).rejects.toMatchObject(locked);
    await expect(createOver('a', 'B', undefined, host)).rejects.toMatchObject(locked);
    await expect(cloneDisk('a', 'B', goOn, host)).rejects.toMatchObject(locked);
    for (const to of stores.filter((kind) => kind !== store)) {
      await expect(moveDisk('a', to, goOn, host)).rejects.toMatchObject(locked);
    }
    await backend.close();
    expect((await host.factory.databases()).length).toBe(1);
  });
});

test('who reads a disk without its lock is told when it was reset', async () => {
  await write('a', { 0: 1, 1: 2 });
  const { backend } = await openDisk({ id: 'a', readOnly: true }, host);
  await resetDisk('a', host);
  const lost = { reason: 'closed', message: expect.stringContaining('open it again') as string };
  await expect(backend.read(0, new Uint8Array(512))).rejects.toMatchObject(lost);
  await backend.close();
});

async function keysOf(id: string): Promise<IDBValidKey[]> {
  const db = await new Promise<IDBDatabase>((resolve) => {
    const request = host.factory.open(`tabhyve-disk-${id}`);
    request.onsuccess = () => resolve(request.result);
  });
  const keys = await new Promise<IDBValidKey[]>((resolve) => {
    const request = db.transaction('disk').objectStore('disk').getAllKeys();
    request.onsuccess = () => resolve(request.result);
  });
  db.close();
  return keys;
}
