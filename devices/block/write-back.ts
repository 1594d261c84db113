/**
 * What was written but is not yet in the store, and how it gets there.
 *
 *     write ──▶ dirty ──▶ transaction in flight ──complete──▶ clean
 *                 ▲                │
 *                 └────abort───────┘
 *
 * Writes are acknowledged when they are here. A bounded number of chunks may be, so who writes faster than the store
 * takes them waits. They leave in transactions of many chunks when there is a batch of them, when the disk was idle
 * for a moment, or when it is flushed.
 *
 * A transaction that fails gives its chunks back: they are dirty again, and go with the next one. If all that they
 * hold had been acknowledged, nobody would learn of it; so the next flush fails.
 */

import type { BlockError } from './backend.ts';
import { PAGE_CHUNKS, type ChunkMap } from './chunk-map.ts';
import type { ChunkChanges, ChunkStore } from './chunk-store.ts';
import type { Slot } from './slot.ts';

export interface WriteBackLimits {
  /** Chunks that may be dirty or in flight before writers wait. */
  readonly dirty: number;
  /** Chunks in a transaction. */
  readonly batch: number;
  /** Transactions that are in flight at once, unless the disk is flushed. */
  readonly depth: number;
  /** Milliseconds after which what is dirty goes to the store unasked. */
  readonly idle: number;
}

/** One transaction under way. */
interface Flight {
  readonly number: number;
  readonly durable: boolean;
  readonly done: Promise<BlockError | undefined>;
  /** Set by the flush that will report this flight's failure. */
  awaited: boolean;
}

/** Keys deleted in one transaction. Chromium logs what a larger one would have to undo: 1024 take 6 times as long. */
const DELETES = 256;

export class WriteBack {
  readonly #commit: ChunkStore['commit'];
  readonly #map: ChunkMap;
  readonly #limits: WriteBackLimits;
  readonly #clean: (index: number, slot: Slot) => void;

  readonly #dirty = new Map<number, Slot>();
  readonly #inFlight = new Map<number, { readonly slot: Slot; readonly flight: number }>();
  readonly #deletes = new Set<number>();
  readonly #pages = new Set<number>();

  readonly #flights = new Map<number, Flight>();
  /** The first one stands for what an earlier writer of this disk may have left behind, complete but not durable. */
  #lastFlight = 1;
  /** All flights up to this one are durable. */
  #durable = 0;
  #failure: BlockError | undefined;
  /** The last transaction failed: only those who ask for it try again. */
  #stalled = false;
  #waiting: { readonly resolve: () => void; readonly reject: (error: BlockError) => void }[] = [];
  #idle: ReturnType<typeof setTimeout> | undefined;

  /** `clean` is told of each chunk that is in the store as it is here. */
  constructor(
    commit: ChunkStore['commit'],
    map: ChunkMap,
    limits: WriteBackLimits,
    clean: (index: number, slot: Slot) => void,
  ) {
    this.#commit = commit;
    this.#map = map;
    this.#limits = limits;
    this.#clean = clean;
  }

  /** True while nothing more may be taken, since the store does not take what is here. */
  get stuck(): boolean {
    return this.#stalled && this.#load >= this.#limits.dirty;
  }

  /** True when the chunk is dirty or in flight. */
  holds(index: number): boolean {
    return this.#dirty.has(index) || this.#inFlight.has(index);
  }

  /** The slot's bytes are newer than the store's. */
  put(index: number, slot: Slot): void {
    this.#dirty.set(index, slot);
    this.#deletes.delete(index);
  }

  /** The chunk's bytes are wanted no more, and its key must go. With `hidden`, its tombstone is new. */
  drop(index: number, hidden: boolean): void {
    this.#dirty.delete(index);
    if (this.#map.isStored(index)) this.#deletes.add(index);
    if (hidden) this.#pages.add(Math.floor(index / PAGE_CHUNKS));
  }

  /** Sends what is worth sending. Resolves when there is room again, or rejects if none can be made. */
  async room(): Promise<void> {
    this.#pump();
    if (this.#load < this.#limits.dirty) return;
    if (this.#flights.size === 0) await this.retry();
    else await new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Sends one batch, and rejects if the store does not take it. */
  async retry(): Promise<void> {
    const flight = this.#send(this.#limits.batch, false);
    if (!flight) return;
    flight.awaited = true;
    const error = await flight.done;
    if (error) throw error;
  }

  async flush(): Promise<void> {
    const earlier = this.#failure;
    this.#failure = undefined;
    while (this.#dirty.size > this.#limits.batch || this.#deletes.size > 0) this.#send(this.#limits.batch, false);
    if (this.#dirty.size > 0 || this.#pages.size > 0 || this.#lastFlight > this.#durable) {
      if (!this.#covered()) this.#send(Infinity, true);
    }
    const flights = [...this.#flights.values()];
    for (const flight of flights) flight.awaited = true;
    const errors = await Promise.all(flights.map((flight) => flight.done));
    const error = earlier ?? errors.find((each) => each !== undefined);
    if (error) throw error;
  }

  end(): void {
    clearTimeout(this.#idle);
  }

  /** Chunks that occupy memory here. */
  get #load(): number {
    return this.#dirty.size + this.#inFlight.size;
  }

  /** True when a durable transaction is on its way already behind all the others. */
  #covered(): boolean {
    const last = this.#flights.get(this.#lastFlight);
    return this.#dirty.size === 0 && this.#pages.size === 0 && last !== undefined && last.durable;
  }

  #pump(): void {
    while (this.#flights.size < this.#limits.depth && !this.#stalled) {
      if (this.#dirty.size < this.#limits.batch && this.#deletes.size < DELETES) break;
      this.#send(this.#limits.batch, false);
    }
    if (this.#dirty.size + this.#deletes.size + this.#pages.size === 0) return;
    this.#idle ??= setTimeout(
      () => {
        this.#idle = undefined;
        if (this.#flights.size === 0) this.#send(this.#limits.batch, false);
        this.#pump();
      },
      this.#limits.idle * (this.#stalled ? 10 : 1),
    );
  }

  /**
   * Sends one transaction: of deletes as long as there are any, since they make room, and must not fail with the puts
   * that need it; else of puts. The tombstones of deleted chunks are in their transaction.
   */
  #send(limit: number, durable: boolean): Flight | undefined {
    const deletes: number[] = [];
    for (const index of this.#deletes) {
      if (deletes.length === DELETES) break;
      deletes.push(index);
    }
    const puts: [number, Slot][] = [];
    for (const entry of this.#dirty) {
      if (deletes.length > 0 || puts.length >= limit) break;
      puts.push(entry);
    }
    const pages = new Set(this.#pages);
    for (const index of deletes) pages.add(Math.floor(index / PAGE_CHUNKS));
    const tombstones: [number, Uint8Array][] = [];
    for (const page of pages) {
      const hidden = this.#map.tombstonesOf(page);
      if (this.#pages.has(page) || hidden.some((byte) => byte !== 0)) tombstones.push([page, hidden]);
    }
    if (!durable && puts.length + deletes.length + tombstones.length === 0) return undefined;

    const number = ++this.#lastFlight;
    this.#pages.clear();
    for (const index of deletes) {
      this.#deletes.delete(index);
      this.#map.setStored(index, false);
    }
    for (const [index, slot] of puts) {
      this.#dirty.delete(index);
      this.#inFlight.set(index, { slot, flight: number });
      this.#map.setStored(index, true);
    }
    const changes: ChunkChanges = { puts: puts.map(([index, slot]) => [index, slot.bytes]), deletes, tombstones };
    const done = this.#commit(changes, durable).then(
      () => this.#landed(number, durable, puts),
      (error: BlockError) => this.#failed(number, error, puts, changes),
    );
    const flight: Flight = { number, durable, done, awaited: false };
    this.#flights.set(number, flight);
    return flight;
  }

  #landed(number: number, durable: boolean, puts: [number, Slot][]): undefined {
    if (durable) this.#durable = Math.max(this.#durable, number);
    this.#stalled = false;
    for (const [index, slot] of puts) {
      if (this.#inFlight.get(index)?.flight !== number) continue;
      this.#inFlight.delete(index);
      if (!this.#dirty.has(index)) this.#clean(index, slot);
    }
    this.#flights.delete(number);
    this.#pump();
    this.#wake();
    return undefined;
  }

  #failed(number: number, error: BlockError, puts: [number, Slot][], changes: ChunkChanges): BlockError {
    for (const [index, slot] of puts) {
      if (this.#inFlight.get(index)?.flight !== number) continue;
      this.#inFlight.delete(index);
      // Dropped since, it is not wanted; written since, it is dirty already.
      if (this.#map.inTop(index) && !this.#dirty.has(index)) this.#dirty.set(index, slot);
    }
    for (const index of changes.deletes) {
      this.#map.setStored(index, true);
      if (!this.#map.inTop(index)) this.#deletes.add(index);
    }
    for (const [page] of changes.tombstones) this.#pages.add(page);
    const flight = this.#flights.get(number);
    this.#flights.delete(number);
    if (!flight?.awaited) this.#failure ??= error;
    this.#stalled = true;
    this.#wake(error);
    return error;
  }

  #wake(error?: BlockError): void {
    if (!error && this.#load >= this.#limits.dirty) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { resolve, reject } of waiting) {
      if (error) reject(error);
      else resolve();
    }
  }
}
