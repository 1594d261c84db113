/**
 * Keeps blocks of base images between visits, under a budget. What it keeps may go at any time, and whatever fails here
 * only makes it keep less: the source has every block. Disks matter more: where space is short, it is given up.
 *
 * Blocks are checked when they are read. Which were used last is noted by region, some minutes late, with transactions
 * that write anyway; regions that were not used for the longest time go first. Several tabs may use it at once: what they
 * count, they count in transactions.
 */

import { del, get, getMany, set } from 'idb-keyval';
import { sha256Bytes, sha256 } from '../sha256.ts';
import {
  allUses,
  blockKey,
  blocksOf,
  change,
  cacheExists,
  deleteCache,
  imageKey,
  openCache,
  regionOf,
  resultOf,
  useKey,
  type CacheDatabase,
  type KeptBlock,
  type RegionUse,
} from './database.ts';
import { emptyCache } from './empty.ts';

/** The blocks of one image. Nothing here rejects. */
export interface BlockCache {
  /** Blocks as they were put; undefined for those that it does not have. */
  get(indexes: readonly number[]): Promise<(Uint8Array<ArrayBuffer> | undefined)[]>;
  /** Takes a block over. It is written when there is time. */
  put(index: number, bytes: Uint8Array<ArrayBuffer>): void;
  /** Writes what waits. */
  close(): Promise<void>;
}

export interface BaseCacheHost {
  readonly factory: IDBFactory;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** In bytes, of which the cache has `used` already. */
  readonly budget: (used: number) => Promise<number>;
  /** What all storage of this origin occupies, and what it may occupy, in bytes; `NaN` if nobody can say. */
  readonly storage: () => Promise<{ readonly usage: number; readonly quota: number }>;
}

/** Bytes that wait before they are written, and milliseconds after which fewer are. */
const BATCH = 1024 * 1024;
const IDLE = 500;
/** Bytes that have to be free for disks, and milliseconds between two looks. */
const RESERVE = 64 * 1024 * 1024;
const WATCH = 10_000;
/** Milliseconds after which the use of a region is noted again. */
const NOTE = 10 * 60 * 1000;

/** Blocks and notes of one image that wait to be written. */
interface Waiting {
  readonly blocks: Map<number, Uint8Array<ArrayBuffer>>;
  readonly regions: Set<number>;
}

export class BaseCache {
  readonly #host: BaseCacheHost;
  #database: Promise<CacheDatabase | undefined> | undefined;
  #waiting = new Map<string, Waiting>();
  #waitingBytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #budget = Infinity;
  #bytes = 0;
  /** Given up: nothing is kept any more, until the page is loaded again. */
  #off = false;
  #givenUp: Promise<boolean> | undefined;

  constructor(host: BaseCacheHost) {
    this.#host = host;
  }

  /** The blocks of the image of this identity. */
  async of(identity: string): Promise<BlockCache> {
    const image = (await sha256(new TextEncoder().encode(identity))).slice(0, 32);
    // Whoever opens an image does not wait for it.
    void this.#open();
    const watch = setInterval(() => void this.relieve(), WATCH);
    return {
      get: (indexes) => this.#get(image, indexes),
      put: (index, bytes) => this.#put(image, index, bytes),
      close: () => {
        clearInterval(watch);
        return this.#write();
      },
    };
  }

  /** What was known of the image at this address when it was last reached. Believe nothing of it. */
  async recall(address: string): Promise<unknown> {
    const database = await this.#open();
    return database && get(imageKey(address), database.use).catch(() => undefined);
  }

  /** Remembers it; whether that succeeds, nobody needs to know. */
  async remember(address: string, what: unknown): Promise<void> {
    const database = await this.#open();
    if (database) await set(imageKey(address), what, database.use).catch(() => undefined);
  }

  /** Deletes all of it, since the space is wanted for something that matters more. False if there was nothing. */
  giveUp(): Promise<boolean> {
    this.#givenUp ??= this.#delete().finally(() => (this.#givenUp = undefined));
    return this.#givenUp;
  }

  async #delete(): Promise<boolean> {
    this.#off = true;
    this.#drop();
    const { factory, now, storage } = this.#host;
    const usage = async (): Promise<number> => (await storage()).usage;
    try {
      if (!(await cacheExists(factory))) return false;
      const database = await (this.#database ?? this.#connect());
      await this.#writing;
      if (database) {
        await emptyCache(database, this.#bytes, usage, now).catch(() => undefined);
        database.close();
      }
      await deleteCache(factory);
      return true;
    } catch {
      return false;
    }
  }

  /** Gives up while the quota is not yet full: then the engine can still give the space back. */
  async relieve(): Promise<void> {
    if (this.#off || this.#bytes === 0) return;
    const { usage, quota } = await this.#host.storage().catch(() => ({ usage: NaN, quota: NaN }));
    if (quota - usage < RESERVE) await this.giveUp();
  }

  /** In bytes, as far as this tab knows. */
  get bytes(): number {
    return this.#bytes;
  }

  async #open(): Promise<CacheDatabase | undefined> {
    if (this.#off) return undefined;
    this.#database ??= this.#connect().catch(() => {
      this.#off = true;
      return undefined;
    });
    return this.#database;
  }

  async #connect(): Promise<CacheDatabase> {
    const database = await openCache(this.#host.factory, () => {
      this.#off = true;
      this.#drop();
    });
    this.#bytes = sumOf(await usesIn(database));
    this.#budget = await this.#host.budget(this.#bytes);
    return database;
  }

  async #get(image: string, indexes: readonly number[]): Promise<(Uint8Array<ArrayBuffer> | undefined)[]> {
    const database = await this.#open();
    const waiting = this.#waiting.get(image)?.blocks;
    if (!database) return indexes.map((index) => waiting?.get(index));
    const keys = indexes.map((index) => blockKey(image, index));
    const kept = await getMany<KeptBlock>(keys, database.use).catch(() => []);
    return Promise.all(
      indexes.map(async (index, i) => {
        const block: unknown = kept[i];
        if (block === undefined) return waiting?.get(index);
        const bytes = await checked(block);
        if (bytes) this.#note(image, index);
        // So that it can be put again.
        else await del(blockKey(image, index), database.use).catch(() => undefined);
        return bytes;
      }),
    );
  }

  #put(image: string, index: number, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#off) return;
    const { blocks } = this.#waitingOf(image);
    if (!blocks.has(index)) this.#waitingBytes += bytes.length;
    blocks.set(index, bytes);
    if (this.#waitingBytes >= BATCH) void this.#write();
    else this.#timer ??= setTimeout(() => void this.#write(), IDLE);
  }

  /** A use alone is written with the next blocks, or when the image is closed. */
  #note(image: string, index: number): void {
    this.#waitingOf(image).regions.add(regionOf(index));
  }

  #waitingOf(image: string): Waiting {
    let waiting = this.#waiting.get(image);
    if (!waiting) this.#waiting.set(image, (waiting = { blocks: new Map(), regions: new Set() }));
    return waiting;
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = new Map();
    this.#waitingBytes = 0;
  }

  /** Writes what waits, after what is being written. */
  #write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeNow());
    return this.#writing;
  }

  async #writeNow(): Promise<void> {
    const waiting = this.#waiting;
    this.#drop();
    const database = await this.#open();
    if (!database || waiting.size === 0) return;
    try {
      for (const [image, { blocks, regions }] of waiting) await this.#writeImage(database, image, blocks, regions);
      if (this.#bytes > this.#budget) await this.#evict(database, 0.9 * this.#budget);
    } catch (error) {
      await this.#shrink(database, error);
    }
  }

  async #writeImage(
    database: CacheDatabase,
    image: string,
    blocks: ReadonlyMap<number, Uint8Array<ArrayBuffer>>,
    noted: ReadonlySet<number>,
  ): Promise<void> {
    const records = await Promise.all(
      [...blocks].map(async ([index, bytes]) => ({ index, block: { sum: await sha256Bytes(bytes), bytes } })),
    );
    const now = this.#host.now();
    let sum = 0;
    await change(database, async (store) => {
      const added = new Map([...noted].map((region) => [region, 0]));
      await Promise.all(
        records.map(async ({ index, block }) => {
          // Another tab may have put it.
          if ((await resultOf(store.getKey(blockKey(image, index)))) !== undefined) return;
          store.put(block, blockKey(image, index));
          added.set(regionOf(index), (added.get(regionOf(index)) ?? 0) + block.bytes.length);
        }),
      );
      await Promise.all(
        [...added].map(async ([region, bytes]) => {
          const use = (await resultOf(store.get(useKey(image, region)))) as RegionUse | undefined;
          if (bytes === 0 && (use === undefined || now - use.at < NOTE)) return;
          store.put({ bytes: (use?.bytes ?? 0) + bytes, at: now } satisfies RegionUse, useKey(image, region));
          sum += bytes;
        }),
      );
    });
    this.#bytes += sum;
  }

  /** Deletes the regions that were not used for the longest time, until `target` bytes are left. */
  async #evict(database: CacheDatabase, target: number): Promise<void> {
    const uses = (await usesIn(database)).sort(([, a], [, b]) => a.at - b.at);
    this.#bytes = sumOf(uses);
    for (const [key, { bytes }] of uses) {
      if (this.#bytes <= target) return;
      const [, image, region] = key;
      await change(database, async (store) => {
        store.delete(blocksOf(image, region));
        store.delete(key);
      });
      this.#bytes -= bytes;
    }
  }

  /** A full quota halves the cache; if there is nothing to halve, or something else is wrong, it ends. */
  async #shrink(database: CacheDatabase, error: unknown): Promise<void> {
    const full = (error as { readonly name?: string } | null)?.name === 'QuotaExceededError';
    this.#budget = Math.min(this.#budget, this.#bytes) / 2;
    const more = full && this.#budget >= BATCH;
    if (
      more &&
      (await this.#evict(database, this.#budget).then(
        () => true,
        () => false,
      ))
    )
      return;
    this.#off = true;
    this.#drop();
  }
}

async function usesIn(database: CacheDatabase): Promise<[[string, string, number], RegionUse][]> {
  return database.use('readonly', async (store) => {
    const [keys, values] = await Promise.all([
      resultOf(store.getAllKeys(allUses())),
      resultOf(store.getAll(allUses()) as IDBRequest<RegionUse[]>),
    ]);
    return keys.map((key, i) => [key as [string, string, number], values[i]]);
  });
}

function sumOf(uses: readonly (readonly [unknown, RegionUse])[]): number {
  return uses.reduce((sum, [, { bytes }]) => sum + bytes, 0);
}

/** The bytes of a record; undefined if they are not what was put. */
async function checked(record: unknown): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { sum, bytes } = (record ?? {}) as Partial<Record<keyof KeptBlock, unknown>>;
  if (!(sum instanceof Uint8Array) || !(bytes instanceof Uint8Array)) return undefined;
  const found = bytes as Uint8Array<ArrayBuffer>;
  const expected = await sha256Bytes(found);
  return sum.length === expected.length && expected.every((byte, i) => byte === sum[i]) ? found : undefined;
}
