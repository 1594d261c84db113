/// <reference lib="webworker" />
import { IDBFactory, IDBKeyRange, IDBObjectStore } from 'fake-indexeddb';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { pattern } from '../testing/parts.ts';
import { IMAGE_URL, RangeServer } from '../testing/range-server.ts';
import { openHttpBase, type HttpBaseOptions } from '../http/http-base.ts';
import { RANGE_BLOCK } from '../http/range-source.ts';
import { BaseCache } from './base-cache.ts';
import { REGION } from './database.ts';

vi.stubGlobal('IDBKeyRange', IDBKeyRange);

const BLOCK = RANGE_BLOCK;
let factory: IDBFactory;
let now = 1_000_000_000_000;
const HOUR = 3_600_000;
const UNKNOWN = { usage: NaN, quota: NaN };
let storage = UNKNOWN;

beforeEach(() => {
  factory = new IDBFactory();
  storage = UNKNOWN;
});

const cacheOf = (budget = Infinity): BaseCache =>
  new BaseCache({ factory, now: () => now, budget: async () => budget, storage: async () => storage });
const blockOf = (seed: number): Uint8Array<ArrayBuffer> => pattern(BLOCK, seed);

/** The store, as another program would see it. */
async function withStore<T>(action: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await new Promise<IDBDatabase>((resolve) => {
    const request = factory.open('tabhyve-base-cache');
    request.onsuccess = () => resolve(request.result);
  });
  const transaction = db.transaction('cache', 'readwrite');
  const request = action(transaction.objectStore('cache'));
  await new Promise((resolve) => (transaction.oncomplete = resolve));
  db.close();
  return request.result;
}

describe('blocks of base images', () => {
  test('are there again at the next visit, each under its image', async () => {
    const first = await cacheOf().of('a');
    first.put(3, blockOf(1));
    expect(await first.get([3, 4])).toEqual([blockOf(1), undefined]);
    await first.close();
    const again = cacheOf();
    expect(await (await again.of('a')).get([4, 3])).toEqual([undefined, blockOf(1)]);
    expect(await (await again.of('b')).get([3])).toEqual([undefined]);
    expect(again.bytes).toBe(BLOCK);
  });

  test('that are damaged are not there, and can be kept anew', async () => {
    const first = await cacheOf().of('a');
    for (const index of [0, 1, 2]) first.put(index, blockOf(index));
    await first.close();
    const keys = (await withStore((store) => store.getAllKeys())).filter((key) => (key as string[])[0] === 'block');
    const damaged = { sum: new Uint8Array(32), bytes: blockOf(0) };
    await withStore((store) => (store.put(damaged, keys[0]), store.put('rubbish', keys[1])));
    const again = await cacheOf().of('a');
    expect(await again.get([0, 1, 2])).toEqual([undefined, undefined, blockOf(2)]);
    again.put(0, blockOf(0));
    await again.close();
    expect(await (await cacheOf().of('a')).get([0])).toEqual([blockOf(0)]);
  });

  test('go, those that were not used for the longest time first, when the budget is used up', async () => {
    const budget = 3 * REGION * BLOCK;
    const fill = async (name: string): Promise<void> => {
      const cache = await cacheOf(budget).of(name);
      for (let index = 0; index < REGION; index++) cache.put(index, blockOf(index));
      await cache.close();
      now += HOUR;
    };
    const has = async (name: string): Promise<boolean> => {
      const [block] = await (await cacheOf().of(name)).get([5]);
      return block !== undefined;
    };
    for (const name of ['a', 'b', 'c']) await fill(name);
    // A read is a use.
    const read = await cacheOf(budget).of('a');
    await read.get([7]);
    await read.close();
    now += HOUR;
    await fill('d');
    expect([await has('a'), await has('b'), await has('c'), await has('d')]).toEqual([true, false, false, true]);
    const keys = await withStore((store) => store.getAllKeys());
    expect(keys.filter((key) => (key as string[])[0] === 'block')).toHaveLength(2 * REGION);
  });

  test('are counted once when two tabs keep the same', async () => {
    const [one, two] = [cacheOf(), cacheOf()];
    const [a, b] = [await one.of('x'), await two.of('x')];
    for (const cache of [a, b]) for (let index = 0; index < 8; index++) cache.put(index, blockOf(index));
    await Promise.all([a.close(), b.close()]);
    const later = cacheOf();
    expect(await (await later.of('x')).get([0, 7])).toEqual([blockOf(0), blockOf(7)]);
    expect(later.bytes).toBe(8 * BLOCK);
  });

  test('are given up in all tabs, and nothing is kept any more', async () => {
    const [one, two] = [cacheOf(), cacheOf()];
    const [a, b] = [await one.of('x'), await two.of('x')];
    a.put(0, blockOf(0));
    await a.close();
    expect(await one.giveUp()).toBe(true);
    for (const cache of [a, b]) {
      cache.put(1, blockOf(1));
      await cache.close();
      expect(await cache.get([0, 1])).toEqual([undefined, undefined]);
    }
    expect(await factory.databases()).toEqual([]);
    expect(await cacheOf().giveUp()).toBe(false);
  });

  test('are given up when little is free for disks, and not before', async () => {
    const MIB = 2 ** 20;
    const host = cacheOf();
    const cache = await host.of('x');
    cache.put(0, blockOf(0));
    await cache.close();
    storage = { usage: 900 * MIB, quota: 1000 * MIB };
    await host.relieve();
    expect(await cache.get([0])).toEqual([blockOf(0)]);
    // It waits until the engine has measured less.
    let used = 941 * MIB;
    storage = Object.defineProperty({ ...UNKNOWN, quota: 1000 * MIB }, 'usage', { get: () => (used -= MIB) });
    await host.relieve();
    expect(await factory.databases()).toEqual([]);
  });

  test('are in nobody’s way where nothing can be stored', async () => {
    vi.spyOn(factory, 'open').mockImplementation(() => {
      throw new DOMException('no', 'SecurityError');
    });
    const cache = await cacheOf().of('a');
    cache.put(0, blockOf(0));
    await cache.close();
    expect(await cache.get([0])).toEqual([undefined]);
  });

  test('become fewer when the quota is full, and none if that does not help', async () => {
    const host = cacheOf();
    const cache = await host.of('a');
    for (let index = 0; index < 4 * REGION; index++) {
      cache.put(index, blockOf(index));
      if (index % REGION === REGION - 1) {
        await cache.close();
        now += HOUR;
      }
    }
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    cache.put(1000, blockOf(1));
    await cache.close();
    expect(host.bytes).toBe(2 * REGION * BLOCK);
    for (let i = 0; i < 8; i++) {
      cache.put(1000 + i, blockOf(1));
      await cache.close();
    }
    put.mockRestore();
    cache.put(2000, blockOf(1));
    await cache.close();
    expect(await (await cacheOf().of('a')).get([2000])).toEqual([undefined]);
  });
});

describe('an image over HTTP', () => {
  const SIZE = 64 * BLOCK;
  const bytes = pattern(SIZE);
  const open = (server: RangeServer, options: HttpBaseOptions = {}) =>
    openHttpBase(IMAGE_URL, { host: server, cache: cacheOf(), ...options });

  async function readAt(base: Awaited<ReturnType<typeof open>>, index: number): Promise<void> {
    const target = new Uint8Array(BLOCK);
    await base.read(index * BLOCK, target);
    expect(Buffer.compare(target, bytes.subarray(index * BLOCK, (index + 1) * BLOCK))).toBe(0);
  }

  test('is not fetched twice, and not at all when its server is away', async () => {
    const server = new RangeServer(bytes);
    const first = await open(server);
    for (const index of [2, 9, 30]) await readAt(first, index);
    await first.close();
    const sent = server.sent;
    const second = await open(server);
    for (const index of [30, 2, 9]) await readAt(second, index);
    await second.close();
    expect(server.sent - sent).toBe(BLOCK);

    server.always = () => Promise.reject(new TypeError('Failed to fetch'));
    await expect(open(server)).rejects.toMatchObject({ reason: 'network' });
    const offline = await open(server, { remembered: true });
    expect(offline).toMatchObject({ size: SIZE, identity: first.identity });
    for (const index of [0, 9, 2, 30]) await readAt(offline, index);
    await expect(readAt(offline, 40)).rejects.toMatchObject({ reason: 'network' });
    server.always = undefined;
    await readAt(offline, 40);
  });

  test('of which a kept block is damaged is fetched again', async () => {
    const server = new RangeServer(bytes);
    const first = await open(server);
    await readAt(first, 9);
    await first.close();
    const keys = (await withStore((store) => store.getAllKeys())) as [string, string, number][];
    const key = keys.find(([kind, , index]) => kind === 'block' && index === 9);
    await withStore((store) => store.put({ sum: new Uint8Array(32), bytes: new Uint8Array(BLOCK) }, key));
    const second = await open(server);
    await readAt(second, 9);
    expect(server.asked.at(-1)).toEqual([9 * BLOCK, 10 * BLOCK - 1]);
  });

  test('that is another by now has none of the blocks of the old one', async () => {
    const server = new RangeServer(pattern(SIZE, 2));
    const first = await open(server);
    await first.read(0, new Uint8Array(SIZE));
    await first.close();
    server.bytes = bytes;
    server.version = '"2"';
    const second = await open(server);
    for (let index = 0; index < 64; index++) await readAt(second, index);
  });
});
