/** A chunk store in IndexedDB: the records that database.ts draws. */

import { get, getMany } from 'idb-keyval';
import { BlockError } from '../backend.ts';
import { ChunkMap } from '../chunk-map.ts';
import type { ChunkChanges, ChunkStore } from '../chunk-store.ts';
import { CHUNK_SIZE } from '../chunks.ts';
import type { Release } from '../locks.ts';
import { committed, completed, storeError, tombstoneKey, type DiskDatabase } from './database.ts';
import type { DiskManifest } from './manifest.ts';
import { Reclaimer, UNRECLAIMED } from './reclaim.ts';

const keyOf = (layer: string, index: number): IDBValidKey => [layer, index];

export interface IndexedDbStoreOptions {
  readonly database: DiskDatabase;
  /** Names of the layers, the lowest first. */
  readonly layers: readonly string[];
  /** Called when the store is closed: lets go of the lock. */
  readonly release?: Release | undefined;
  /** Makes the engine give back the space of deleted chunks, see reclaim.ts. */
  readonly reclaim?: boolean;
  /** Others may change it meanwhile: a chunk that was there may be gone. */
  readonly isWatching?: boolean;
}

export class IndexedDbStore implements ChunkStore {
  readonly #database: DiskDatabase;
  readonly #layers: readonly string[];
  readonly #top: string;
  readonly #release: Release | undefined;
  readonly #reclaimer: Reclaimer | undefined;
  readonly #isWatching: boolean;
  /** Which frozen layer has the bytes of a chunk: the highest that does. */
  readonly #lower = new Map<number, string>();
  #map = new ChunkMap();
  #frozenChunks = 0;
  #flush = 0;

  constructor({ database, layers, release, reclaim = false, isWatching = false }: IndexedDbStoreOptions) {
    const top = layers.at(-1);
    if (top === undefined) throw new BlockError('store', 'The manifest of this disk names no layer.');
    this.#database = database;
    this.#layers = layers;
    this.#top = top;
    this.#release = release;
    this.#isWatching = isWatching;
    if (reclaim) this.#reclaimer = new Reclaimer(database, (index) => keyOf(top, index));
  }

  get frozenChunks(): number {
    return this.#frozenChunks;
  }

  async load(): Promise<ChunkMap> {
    this.#flush = (await get<number>('flush', this.#database.relaxed)) ?? 0;
    for (const layer of this.#layers) await this.#loadLayer(layer, layer === this.#top);
    this.#reclaimer?.resume((await get<number[]>(UNRECLAIMED, this.#database.relaxed)) ?? []);
    return this.#map;
  }

  async read(indexes: readonly number[]): Promise<Uint8Array[]> {
    const keys = indexes.map((index) => {
      const frozen = this.#map.inTop(index) ? undefined : this.#lower.get(index);
      return keyOf(frozen ?? this.#top, index);
    });
    const chunks = await getMany<Uint8Array | undefined>(keys, this.#database.relaxed).catch((error: unknown) => {
      throw storeError(error);
    });
    if (this.#isWatching && chunks.includes(undefined)) await this.#checkLayer();
    return chunks.map((bytes, i) => {
      if (bytes?.length === CHUNK_SIZE) return bytes;
      // Discarded since the keys were read.
      if (bytes === undefined && this.#isWatching) return new Uint8Array(CHUNK_SIZE);
      const message =
        `The browser's database has lost chunk ${indexes[i]} of this disk, or damaged it. What else is on the disk can still ` +
        'be read: save it. Then delete the disk.';
      throw new BlockError('store', message);
    });
  }

  async commit({ puts, deletes, tombstones }: ChunkChanges, durable: boolean): Promise<void> {
    const use = durable ? this.#database.strict : this.#database.relaxed;
    await use('readwrite', (store) => {
      for (const [page, hidden] of tombstones) store.put(hidden, tombstoneKey(this.#top, page));
      for (const index of deletes) store.delete(keyOf(this.#top, index));
      if (deletes.length > 0 && this.#reclaimer) store.put(this.#reclaimer.note(deletes), UNRECLAIMED);
      for (const [index, bytes] of puts) store.put(bytes, keyOf(this.#top, index));
      if (durable) store.put(++this.#flush, 'flush');
      return committed(store.transaction);
    });
    if (deletes.length > 0) this.#reclaimer?.schedule();
  }

  async close(): Promise<void> {
    await this.#reclaimer?.end();
    this.#database.close();
    await this.#release?.();
  }

  /** A reader has no lock, so that another tab may take the layer from the disk. */
  async #checkLayer(): Promise<void> {
    const manifest = await get<DiskManifest>('manifest', this.#database.relaxed);
    if (manifest === undefined || manifest.layers.includes(this.#top)) return;
    throw new BlockError('closed', 'Another tab reset or moved this disk: open it again to see what it holds now.');
  }

  async #loadLayer(layer: string, top: boolean): Promise<void> {
    const range = IDBKeyRange.bound([layer], [layer, []]);
    const keys = await this.#database.relaxed('readonly', (store) => {
      const request = store.getAllKeys(range);
      return completed(store.transaction).then(() => request.result);
    });
    const pages = (keys as [string, number | 't', number][])
      .filter(([, kind]) => kind === 't')
      .map(([, , page]) => page);
    const hidden = await getMany<Uint8Array>(
      pages.map((page) => tombstoneKey(layer, page)),
      this.#database.relaxed,
    );
    pages.forEach((page, i) => this.#map.foundTombstones(page, hidden[i] ?? new Uint8Array(), top));
    for (const [, index] of keys as [string, number | 't'][]) {
      if (index === 't') continue;
      if (top) this.#map.foundTop(index);
      else {
        this.#map.foundLower(index);
        this.#lower.set(index, layer);
        this.#frozenChunks++;
      }
    }
  }
}
