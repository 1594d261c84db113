/**
 * A disk over a chunk store and, if it is an overlay, over a base image: cached, ordered and counted.
 *
 *     read, write, flush, discard …
 *               │
 *          StoreBackend ── slots: chunks in memory; clean ones in a bounded LRU
 *           │    │    └─── BaseImage: what no layer has
 *           │    └──────── WriteBack: dirty ones, on their way to the store
 *           └───────────── ChunkStore
 *
 * A call takes effect when it is made, on the slots; what it waits for is only bytes that it needs (slot.ts keeps the
 * order then), and room in the write-back cache.
 */

import { BlockError, checkGrowth, checkRange, checkSize, checkWritable } from './backend.ts';
import type { BlockGeometry, BlockUsage, GrowableBackend } from './backend.ts';
import { isBaseHole, readBase, type BaseImage } from './base.ts';
import type { ChunkMap } from './chunk-map.ts';
import { BATCH, type ChunkStore } from './chunk-store.ts';
import { isHole, type ChunkLayout, type MappedBackend } from './disk-map.ts';
import { CHUNK_SIZE, isWhole, isZero, spans, type ChunkSpan } from './chunks.ts';
import { withRoom } from './room.ts';
import { Slot } from './slot.ts';
import { UsageWatch } from './usage.ts';
import { WriteBack, type WriteBackLimits } from './write-back.ts';

/** docs/storage.md says how these were found. */
export interface CacheLimits extends WriteBackLimits {
  /** Clean chunks kept in memory. */
  readonly clean: number;
  /** Chunks read ahead of a sequential reader, at most. */
  readonly ahead: number;
}

export const defaultLimits: CacheLimits = { dirty: 1024, batch: BATCH, depth: 2, idle: 300, clean: 512, ahead: 64 };

export interface StoreBackendOptions {
  readonly size: number;
  readonly store: ChunkStore;
  /** Closed with the disk. */
  readonly base?: BaseImage | undefined;
  readonly readOnly?: boolean;
  /** Remembers another size, durably. */
  readonly saveSize?: (size: number) => Promise<void>;
  readonly limits?: Partial<CacheLimits> | undefined;
  /** Called when the quota is full: frees what matters less than this disk, and resolves to whether there was any. */
  readonly makeRoom?: (() => Promise<boolean>) | undefined;
}

export class StoreBackend implements MappedBackend, GrowableBackend {
  readonly #options: StoreBackendOptions;
  readonly #store: ChunkStore;
  readonly #base: BaseImage | undefined;
  readonly #limits: CacheLimits;
  readonly #map: ChunkMap;
  readonly #slots = new Map<number, Slot>();
  /** Slots that are as in the store, the least recently used one first. */
  readonly #clean = new Map<number, Slot>();
  readonly #writes: WriteBack;
  readonly #watch = new UsageWatch(() => this.usage());
  /** Slots that the next read of the store fills. */
  #wanted = new Map<number, Slot>();
  #sequential = { next: -1, window: 0 };
  #gate: Promise<void> | undefined;
  #geometry: BlockGeometry;
  #closed = false;

  static async open(options: StoreBackendOptions): Promise<StoreBackend> {
    checkSize(options.size);
    return new StoreBackend(options, await options.store.load());
  }

  private constructor(options: StoreBackendOptions, map: ChunkMap) {
    const { size, store, base, readOnly = false, limits } = options;
    this.#options = options;
    this.#geometry = { size, chunkSize: CHUNK_SIZE, readOnly };
    this.#store = store;
    this.#base = base;
    this.#limits = { ...defaultLimits, ...limits };
    this.#map = map;
    const commit: ChunkStore['commit'] = (changes, durable) => {
      // What was asked for before must not see what is written now.
      void this.#fetchWanted();
      return store.commit(changes, durable);
    };
    this.#writes = new WriteBack(commit, map, this.#limits, (index, slot) => this.#keep(index, slot));
  }

  get geometry(): BlockGeometry {
    return this.#geometry;
  }

  async read(offset: number, target: Uint8Array): Promise<void> {
    this.#check(offset, target.length, false);
    const turn = this.#enter(false);
    if (turn) await turn;
    const pending: Promise<void>[] = [];
    let below: { readonly from: number; to: number } | undefined;
    const readBelow = (): void => {
      if (below && this.#base)
        pending.push(readBase(this.#base, offset + below.from, target.subarray(below.from, below.to)));
      below = undefined;
    };
    for (const span of spans(offset, target.length, CHUNK_SIZE)) {
      const to = span.at + span.end - span.start;
      const slot = this.#present(span.index);
      if (slot) slot.run(pending, ({ bytes }) => target.set(bytes.subarray(span.start, span.end), span.at));
      else if (!this.#shines(span.index)) target.fill(0, span.at, to);
      else if (below?.to === span.at) below.to = to;
      else {
        readBelow();
        below = { from: span.at, to };
      }
    }
    readBelow();
    this.#readAhead(offset, target.length);
    await Promise.all(pending);
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    this.#check(offset, data.length, true);
    const turn = this.#enter(true);
    if (turn) await turn;
    const pending: Promise<void>[] = [];
    for (const span of spans(offset, data.length, CHUNK_SIZE)) {
      const part = data.subarray(span.at, span.at + span.end - span.start);
      const whole = isWhole(span, this.geometry.size, CHUNK_SIZE);
      const slot = whole ? this.#fresh(span.index) : this.#changing(span.index);
      slot.run(pending, () => {
        slot.writable().set(part, span.start);
        this.#changed(span.index, slot);
      });
    }
    await Promise.all(pending);
    await this.#withRoom(() => this.#writes.room());
  }

  async flush(): Promise<void> {
    this.#checkOpen();
    if (this.geometry.readOnly) return;
    const turn = this.#enter(false);
    if (turn) await turn;
    await this.#withRoom(() => this.#writes.flush());
  }

  async discard(offset: number, length: number): Promise<void> {
    this.#check(offset, length, true);
    const turn = this.#enter(false);
    if (turn) await turn;
    await this.#zero(offset, length, true);
  }

  async writeZeroes(offset: number, length: number, mayUnmap: boolean): Promise<void> {
    this.#check(offset, length, true);
    const turn = this.#enter(!mayUnmap);
    if (turn) await turn;
    await this.#zero(offset, length, mayUnmap);
  }

  async grow(size: number): Promise<void> {
    this.#checkOpen();
    checkGrowth(this.geometry, size);
    await this.#options.saveSize?.(size);
    this.#geometry = { ...this.#geometry, size: Math.max(this.#geometry.size, size) };
  }

  /** True when the range is known to hold zeroes only. */
  isHole(offset: number, length: number): boolean {
    return isHole(this.layout, offset, length);
  }

  usage(): BlockUsage {
    const allocatedChunks = this.#map.topChunks + this.#store.frozenChunks;
    return { allocatedBytes: allocatedChunks * CHUNK_SIZE, allocatedChunks, tombstones: this.#map.tombstones };
  }

  get layout(): ChunkLayout {
    return { size: this.geometry.size, chunks: this.#map, base: this.#base };
  }

  onUsage(listener: (usage: BlockUsage) => void): () => void {
    return this.#watch.add(listener);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#gate;
      if (!this.geometry.readOnly) await this.#withRoom(() => this.#writes.flush());
    } finally {
      this.#writes.end();
      this.#watch.end();
      await this.#store.close();
      await this.#base?.close();
    }
  }

  async #zero(offset: number, length: number, mayUnmap: boolean): Promise<void> {
    const pending: Promise<void>[] = [];
    for (const span of spans(offset, length, CHUNK_SIZE)) {
      const { index } = span;
      const whole = isWhole(span, this.geometry.size, CHUNK_SIZE);
      if (whole && (mayUnmap || !(this.#slots.has(index) || this.#map.inTop(index)))) this.#drop(index);
      else if (whole) this.#changed(index, this.#replace(index, Slot.zero(CHUNK_SIZE)));
      else if (this.#slots.has(index) || this.#map.hasBytes(index) || this.#shines(index)) {
        this.#zeroPart(pending, span, mayUnmap);
      }
    }
    this.#watch.touch();
    await Promise.all(pending);
    await this.#withRoom(() => this.#writes.room());
  }

  #zeroPart(pending: Promise<void>[], span: ChunkSpan, mayUnmap: boolean): void {
    const slot = this.#changing(span.index);
    slot.run(pending, () => {
      slot.writable().fill(0, span.start, span.end);
      this.#changed(span.index, slot);
      slot.settled(() => {
        if (mayUnmap && this.#slots.get(span.index) === slot && isZero(slot.bytes)) this.#drop(span.index);
      });
    });
  }

  /** The slot of a chunk that is to be read, fetched if a layer has its bytes; undefined if none has. */
  #present(index: number): Slot | undefined {
    const slot = this.#slots.get(index);
    if (!slot) return this.#map.hasBytes(index) ? this.#fetch(index) : undefined;
    if (this.#clean.delete(index)) this.#clean.set(index, slot);
    return slot;
  }

  /** The slot of a chunk that is about to be changed in part. */
  #changing(index: number): Slot {
    const slot = this.#present(index);
    if (slot) return slot;
    if (!this.#base || !this.#shines(index)) return this.#fresh(index);
    const bytes = new Uint8Array(CHUNK_SIZE);
    const fetched = this.#replace(index, new Slot());
    readBase(this.#base, index * CHUNK_SIZE, bytes).then(
      () => this.#arrived(index, fetched, bytes),
      (error: unknown) => this.#lost(index, fetched, error),
    );
    return fetched;
  }

  /** A loaded slot for a chunk that is about to be changed, and of which nothing is wanted. */
  #fresh(index: number): Slot {
    const slot = this.#slots.get(index);
    return slot?.loaded ? slot : this.#replace(index, new Slot(new Uint8Array(CHUNK_SIZE)));
  }

  #replace(index: number, slot: Slot): Slot {
    this.#slots.set(index, slot);
    this.#clean.delete(index);
    return slot;
  }

  /** The bytes of a slot changed. If another has taken its place, they matter to nobody. */
  #changed(index: number, slot: Slot): void {
    if (this.#slots.get(index) !== slot) return;
    this.#clean.delete(index);
    this.#map.allocate(index);
    this.#writes.put(index, slot);
    this.#watch.touch();
  }

  #drop(index: number): void {
    this.#slots.delete(index);
    this.#clean.delete(index);
    const below = this.#map.below(index);
    const hole = below === 'base' ? isBaseHole(this.#base, index * CHUNK_SIZE, CHUNK_SIZE) : below === 'nothing';
    this.#writes.drop(index, this.#map.free(index, !hole));
  }

  /** A slot that will be filled from the store, together with all others that are asked for in this turn. */
  #fetch(index: number): Slot {
    const slot = this.#replace(index, new Slot());
    if (this.#wanted.size === 0) queueMicrotask(() => void this.#fetchWanted());
    this.#wanted.set(index, slot);
    return slot;
  }

  async #fetchWanted(): Promise<void> {
    const wanted = [...this.#wanted];
    if (wanted.length === 0) return;
    this.#wanted = new Map();
    await this.#fetchAll(wanted);
  }

  async #fetchAll(wanted: readonly (readonly [number, Slot])[]): Promise<void> {
    try {
      const chunks = await this.#store.read(wanted.map(([index]) => index));
      wanted.forEach(([index, slot], i) => this.#arrived(index, slot, chunks[i]));
    } catch (error) {
      // One that is lost must not take those with it that were read together with it, or ahead of it.
      if (wanted.length > 1) await Promise.all(wanted.map((one) => this.#fetchAll([one])));
      else for (const [index, slot] of wanted) this.#lost(index, slot, error);
    }
  }

  #arrived(index: number, slot: Slot, bytes: Uint8Array): void {
    slot.arrived(bytes);
    if (!this.#writes.holds(index)) this.#keep(index, slot);
  }

  #lost(index: number, slot: Slot, error: unknown): void {
    if (this.#slots.get(index) === slot) this.#slots.delete(index);
    slot.failed(error);
  }

  /** Keeps a slot that is as in the store, and forgets the one that was not used for the longest time. */
  #keep(index: number, slot: Slot): void {
    if (this.#slots.get(index) !== slot) return;
    this.#clean.set(index, slot);
    if (this.#clean.size <= this.#limits.clean) return;
    const [oldest] = this.#clean.keys();
    this.#clean.delete(oldest);
    this.#slots.delete(oldest);
  }

  /** Who reads in sequence finds the next chunks in memory. The window doubles as long as that goes on. */
  #readAhead(offset: number, length: number): void {
    const end = offset + length;
    const { next, window } = this.#sequential;
    const grown = offset === next ? Math.min(this.#limits.ahead, Math.max(4, window * 2)) : 0;
    this.#sequential = { next: end, window: grown };
    const first = Math.ceil(end / CHUNK_SIZE);
    const last = Math.min(first + grown, Math.ceil(this.geometry.size / CHUNK_SIZE));
    for (let index = first; index < last; index++) {
      if (!this.#slots.has(index) && this.#map.hasBytes(index)) this.#fetch(index);
    }
  }

  /** True when the base is seen through a chunk that has no slot. */
  #shines(index: number): boolean {
    return !this.#map.hidesBase(index) && !isBaseHole(this.#base, index * CHUNK_SIZE, CHUNK_SIZE);
  }

  /**
   * Lets calls in. As long as the store takes nothing (a full quota) and no more may be kept here, a write first has
   * to see whether it takes something now; and all calls that come after it wait behind it.
   */
  #enter(needsRoom: boolean): Promise<void> | undefined {
    if (!this.#gate && !(needsRoom && this.#writes.stuck)) return undefined;
    const turn = (this.#gate ?? Promise.resolve()).then(async () => {
      if (needsRoom && this.#writes.stuck) await this.#withRoom(() => this.#writes.retry());
    });
    const gate = turn.catch(() => {});
    this.#gate = gate;
    void gate.then(() => {
      if (this.#gate === gate) this.#gate = undefined;
    });
    return turn;
  }

  /** What the store refused is dirty again, and so is sent again. */
  #withRoom(action: () => Promise<void>): Promise<void> {
    return withRoom(action, this.#options.makeRoom);
  }

  #check(offset: number, length: number, write: boolean): void {
    this.#checkOpen();
    checkRange(this.geometry, offset, length);
    if (write) checkWritable(this.geometry);
  }

  #checkOpen(): void {
    if (this.#closed) throw new BlockError('closed', 'This disk is closed.');
  }
}
