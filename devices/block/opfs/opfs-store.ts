/**
 * A chunk store in a file of the origin private file system. The file holds the chunks' bytes, in slots; the disk's database
 * says which slot a chunk is in, and has the tombstones:
 *
 *     [layer, 'm', page]   512 chunks' slots, plus one, as little-endian words of 32 bits; 0: no bytes
 *     [layer, 't', page]   tombstones, as on a disk in IndexedDB
 *
 * What is durable at any moment is what the database says, so that the order is:
 *
 *     a chunk without a slot    bytes into a free slot; file flushed; then the database says so
 *     a chunk with a slot       bytes into the same slot; file flushed
 *     a chunk that goes         the database says so; then its slot is free for others
 *
 * After a crash, a chunk that was written since the last flush has some of its sectors old and some new, as on any disk. Space
 * goes back to the browser from the file's end: when chunks have gone, the last ones move into free slots, and the
 * file is cut off behind them.
 */

import { getMany } from 'idb-keyval';
import { BlockError } from '../backend.ts';
import { ChunkMap } from '../chunk-map.ts';
import type { ChunkChanges, ChunkStore } from '../chunk-store.ts';
import type { Release } from '../locks.ts';
import { committed, completed, tombstoneKey, type DiskDatabase } from '../indexeddb/database.ts';
import { SharedFlush } from '../shared-flush.ts';
import type { SlotFile } from './slot-file.ts';

/** Chunks of one record: 16 MiB of disk, in 2 KiB. */
export const MAP_CHUNKS = 512;
/** Changes of the map that are kept in memory, at most, before they are made durable unasked. */
const KEPT_CHANGES = 4096;
/** After a discard, milliseconds of quiet before chunks are moved. */
const COMPACT_AFTER = 1000;
/** Chunks moved at a time: who reads or writes waits for so many. */
const MOVED_AT_ONCE = 32;

const mapKey = (layer: string, page: number): IDBValidKey => [layer, 'm', page];

export interface OpfsStoreOptions {
  readonly database: DiskDatabase;
  readonly file: SlotFile;
  readonly layer: string;
  /** Called when the store is closed: lets go of the lock. */
  readonly release?: Release | undefined;
  readonly readOnly?: boolean;
  /** Milliseconds of quiet before space is given back. */
  readonly compactAfter?: number;
}

export class OpfsStore implements ChunkStore {
  readonly frozenChunks = 0;
  readonly #options: OpfsStoreOptions;
  readonly #database: DiskDatabase;
  readonly #file: SlotFile;
  /** By chunk, and back. */
  readonly #slots = new Map<number, number>();
  readonly #chunks: (number | undefined)[] = [];
  /** Slots without a chunk, durably. */
  readonly #free = new Set<number>();
  /** Slots whose chunk went, which the database does not know yet. */
  readonly #leaving = new Set<number>();
  /** Pages of the map, and of tombstones, that the database does not know yet. */
  #changed = new Set<number>();
  #tombstones = new Map<number, Uint8Array>();
  #changes = 0;
  /** Makes durable what was committed. */
  readonly #flushes = new SharedFlush(() => this.#store());
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: OpfsStoreOptions) {
    this.#options = options;
    this.#database = options.database;
    this.#file = options.file;
  }

  async load(): Promise<ChunkMap> {
    const map = new ChunkMap();
    const pages = await this.#pages('t');
    for (const [page, hidden] of pages) map.foundTombstones(page, hidden, true);
    for (const [page, slots] of await this.#pages('m')) this.#loadPage(page, slots, map);
    if (this.#options.readOnly) return map;
    for (let slot = 0; slot < this.#file.slots; slot++) if (this.#chunks[slot] === undefined) this.#free.add(slot);
    if (this.#free.size > 0) this.#scheduleCompaction();
    return map;
  }

  async #pages(kind: 'm' | 't'): Promise<[number, Uint8Array][]> {
    const range = IDBKeyRange.bound([this.#options.layer, kind], [this.#options.layer, kind, []]);
    const keys = await this.#database.relaxed('readonly', (store) => {
      const request = store.getAllKeys(range);
      return completed(store.transaction).then(() => request.result);
    });
    const values = await getMany<Uint8Array>(keys, this.#database.relaxed);
    return keys.map((key, i) => [(key as [string, string, number])[2], values[i] ?? new Uint8Array()]);
  }

  #loadPage(page: number, bytes: Uint8Array, map: ChunkMap): void {
    const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; i < Math.min(MAP_CHUNKS, bytes.length >> 2); i++) {
      const slot = words.getUint32(i * 4, true) - 1;
      if (slot < 0) continue;
      const index = page * MAP_CHUNKS + i;
      if (slot >= this.#file.slots || this.#chunks[slot] !== undefined) {
        const message =
          'The file of this disk does not have what its database says: it was damaged or deleted. ' +
          'Delete the disk to begin again.';
        throw new BlockError('store', message);
      }
      this.#put(index, slot);
      map.foundTop(index);
    }
  }

  async read(indexes: readonly number[]): Promise<Uint8Array[]> {
    return indexes.map((index) => {
      const slot = this.#slots.get(index);
      if (slot === undefined) throw new BlockError('store', `Chunk ${index} of this disk is in no slot.`);
      return this.#file.read(slot);
    });
  }

  async commit({ puts, deletes, tombstones }: ChunkChanges, durable: boolean): Promise<void> {
    this.#writeAll(puts);
    for (const index of deletes) this.#remove(index);
    for (const [page, hidden] of tombstones) this.#tombstones.set(page, hidden.slice());
    this.#changes += tombstones.length;
    if (durable || this.#changes > KEPT_CHANGES) await this.#flushes.flush();
    if (deletes.length > 0) this.#scheduleCompaction();
  }

  /** All, or none that had no slot. */
  #writeAll(puts: ChunkChanges['puts']): void {
    const added: number[] = [];
    try {
      for (const [index, bytes] of puts) {
        const known = this.#slots.get(index);
        const slot = known ?? this.#freeSlot();
        if (known === undefined) {
          added.push(index);
          this.#put(index, slot);
        }
        this.#file.write(slot, bytes);
      }
    } catch (error) {
      for (const index of added) this.#takeBack(index);
      throw error;
    }
    for (const index of added) this.#note(index);
  }

  #freeSlot(): number {
    const [slot] = this.#free;
    if (slot === undefined) return Math.max(this.#file.slots, this.#chunks.length);
    this.#free.delete(slot);
    return slot;
  }

  #put(index: number, slot: number): void {
    this.#slots.set(index, slot);
    this.#chunks[slot] = index;
  }

  #remove(index: number): void {
    const slot = this.#slots.get(index);
    if (slot === undefined) return;
    this.#slots.delete(index);
    this.#chunks[slot] = undefined;
    this.#leaving.add(slot);
    this.#note(index);
  }

  /** The slot of a chunk that was not written, and of which the database has never heard. */
  #takeBack(index: number): void {
    const slot = this.#slots.get(index);
    if (slot === undefined) return;
    this.#slots.delete(index);
    this.#chunks[slot] = undefined;
    if (slot < this.#file.slots) this.#free.add(slot);
    // Behind the file's end nothing is kept: the next new slot would leave a gap, for which there is less room still.
    else while (this.#chunks.length > this.#file.slots && this.#chunks.at(-1) === undefined) this.#chunks.length--;
  }

  #note(index: number): void {
    this.#changed.add(Math.floor(index / MAP_CHUNKS));
    this.#changes++;
  }

  // --- durability ----------------------------------------------------------------------------------------------------

  async #store(): Promise<void> {
    this.#file.flush();
    const [changed, tombstones, leaving] = [this.#changed, this.#tombstones, [...this.#leaving]];
    if (changed.size === 0 && tombstones.size === 0) return;
    const { layer } = this.#options;
    const pages = [...changed].map((page): [number, Uint8Array | undefined] => [page, this.#pageOf(page)]);
    this.#changed = new Set();
    this.#tombstones = new Map();
    this.#changes = 0;
    try {
      await this.#database.strict('readwrite', (store) => {
        for (const [page, hidden] of tombstones) store.put(hidden, tombstoneKey(layer, page));
        for (const [page, slots] of pages) {
          if (slots) store.put(slots, mapKey(layer, page));
          else store.delete(mapKey(layer, page));
        }
        return committed(store.transaction);
      });
    } catch (error) {
      // The next time, with what has come since.
      for (const page of changed) this.#changed.add(page);
      this.#tombstones = new Map([...tombstones, ...this.#tombstones]);
      throw error;
    }
    for (const slot of leaving) {
      this.#leaving.delete(slot);
      this.#free.add(slot);
    }
  }

  /** The record of a page; `undefined` when it would hold nothing. */
  #pageOf(page: number): Uint8Array | undefined {
    const words = new DataView(new ArrayBuffer(MAP_CHUNKS * 4));
    let used = false;
    for (let i = 0; i < MAP_CHUNKS; i++) {
      const slot = this.#slots.get(page * MAP_CHUNKS + i);
      if (slot === undefined) continue;
      words.setUint32(i * 4, slot + 1, true);
      used = true;
    }
    return used ? new Uint8Array(words.buffer) : undefined;
  }

  // --- space -----------------------------------------------------------------------------------------------------------

  #scheduleCompaction(): void {
    clearTimeout(this.#timer);
    if (this.#closed || this.#options.readOnly) return;
    // What fails here is tried again after the next discard; a call of the disk's will say why.
    const compact = (): void => void this.compact().catch(() => undefined);
    this.#timer = setTimeout(compact, this.#options.compactAfter ?? COMPACT_AFTER);
  }

  /** Moves the last chunks into free slots, and cuts the file off behind what is left. */
  async compact(): Promise<void> {
    do await this.#flushes.flush();
    while (!this.#closed && this.#moveSome());
    if (!this.#closed) this.#cutOff();
  }

  /** False when no free slot is before a chunk. */
  #moveSome(): boolean {
    const free = [...this.#free].sort((a, b) => a - b);
    let last = this.#chunks.length - 1;
    let moved = 0;
    while (moved < MOVED_AT_ONCE && moved < free.length) {
      while (last >= 0 && this.#chunks[last] === undefined) last--;
      const to = free[moved];
      if (last < to) break;
      const index = this.#chunks[last] as number;
      this.#file.write(to, this.#file.read(last));
      this.#remove(index);
      this.#free.delete(to);
      this.#put(index, to);
      moved++;
    }
    return moved > 0;
  }

  #cutOff(): void {
    let slots = this.#chunks.length;
    while (slots > 0 && this.#chunks[slots - 1] === undefined && !this.#leaving.has(slots - 1)) slots--;
    if (slots >= this.#file.slots && slots === this.#chunks.length) return;
    this.#chunks.length = slots;
    for (const slot of this.#free) if (slot >= slots) this.#free.delete(slot);
    if (slots < this.#file.slots) this.#file.truncate(slots);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#flushes.idle();
    this.#file.close();
    this.#database.close();
    await this.#options.release?.();
  }
}
