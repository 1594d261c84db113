/**
 * A base image that is fetched as it is read, block by block:
 *
 *     read ──▶ BlockMemory ──▶ on its way? ──▶ BlockCache, in the store ──▶ FetchQueue ──▶ BlockSource
 *
 * A block that several wait for is fetched once. Those that are wanted in the same turn and are neighbours are fetched by
 * one request, if the source can do that.
 */

import { BlockError } from '../backend.ts';
import type { BaseImage } from '../base.ts';
import type { BlockCache } from '../base-cache/base-cache.ts';
import { runs, spans } from '../chunks.ts';
import { BlockMemory } from './block-memory.ts';
import type { BlockSource, FetchedBlock } from './block-source.ts';
import { FetchQueue, type QueuedFetch } from './fetch-queue.ts';
import { ReadAhead, type Reader } from './read-ahead.ts';

/** A block that is on its way. */
class Coming {
  readonly arrived: Promise<Uint8Array>;
  /** For whom it is fetched ahead; undefined once somebody waits for it. */
  reader: Reader | undefined;
  /** The request that brings it, when it is known that the cache does not have it. */
  fetch: RunFetch | undefined;
  resolve: (bytes: Uint8Array) => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;

  constructor(reader: Reader | undefined) {
    this.reader = reader;
    this.arrived = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    // Of a block that is fetched ahead, a failure is met again when it is read.
    this.arrived.catch(() => undefined);
  }
}

/** A request for neighbours. */
interface RunFetch extends QueuedFetch {
  readonly end: AbortController;
}

export interface BlockBaseOptions {
  /** Bytes of blocks kept in memory; default 32 MiB. */
  readonly memoryBytes?: number | undefined;
  /** Called after each fetch with the bytes of all so far, as transferred. */
  readonly onFetched?: ((bytes: number) => void) | undefined;
  readonly cache?: BlockCache | undefined;
}

export class BlockBase implements BaseImage {
  readonly size: number;
  readonly identity: string;
  /** Known without reading. */
  readonly isRaw: boolean;
  readonly #source: BlockSource;
  readonly #cache: BlockCache | undefined;
  readonly #onFetched: ((bytes: number) => void) | undefined;
  readonly #memory: BlockMemory;
  readonly #coming = new Map<number, Coming>();
  readonly #queue = new FetchQueue();
  readonly #readAhead = new ReadAhead();
  /** Blocks that the next look into the cache is for. */
  #needed: number[] = [];
  #fetched = 0;
  #closed = false;

  constructor(source: BlockSource, { memoryBytes = 32 * 1024 * 1024, onFetched, cache }: BlockBaseOptions = {}) {
    this.size = source.size;
    this.identity = source.identity;
    this.isRaw = source.isRaw ?? false;
    this.#source = source;
    this.#cache = cache;
    this.#onFetched = onFetched;
    this.#memory = new BlockMemory(Math.max(memoryBytes, 4 * source.blockSize));
    source.first?.forEach((block, index) => this.#keep(index, block));
  }

  async read(offset: number, target: Uint8Array): Promise<void> {
    if (this.#closed) throw new BlockError('closed', 'This image is closed.');
    const pending: Promise<void>[] = [];
    for (const { index, start, end, at } of spans(offset, target.length, this.#source.blockSize)) {
      const part = target.subarray(at, at + end - start);
      const copy = (bytes: Uint8Array): void => part.set(bytes.subarray(start, end));
      const present = this.#source.isHole(index) ? undefined : this.#memory.get(index);
      if (present) copy(present);
      else if (this.#source.isHole(index)) part.fill(0);
      else pending.push(this.#want(index).then(copy));
    }
    const { reader, from, to, gone } = this.#readAhead.note(offset, target.length);
    if (gone) this.#leave(gone);
    if (to > from) this.#fetchAhead(reader, from, Math.min(to, this.size));
    await Promise.all(pending);
  }

  isHole(offset: number, length: number): boolean {
    const { blockSize } = this.#source;
    for (let index = Math.floor(offset / blockSize); index * blockSize < offset + length; index++) {
      if (!this.#source.isHole(index)) return false;
    }
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const error = new BlockError('closed', 'This image is closed.');
    const coming = [...this.#coming.values()];
    this.#coming.clear();
    for (const { fetch, reject } of coming) {
      reject(error);
      if (fetch) this.#cancel(fetch);
    }
    this.#memory.clear();
    await this.#cache?.close();
  }

  /** A block that somebody waits for. */
  #want(index: number): Promise<Uint8Array> {
    const coming = this.#coming.get(index) ?? this.#begin(index, undefined);
    coming.reader = undefined;
    if (coming.fetch && !coming.fetch.wanted) {
      coming.fetch.wanted = true;
      this.#queue.pump();
    }
    return coming.arrived;
  }

  #fetchAhead(reader: Reader, from: number, to: number): void {
    const { blockSize } = this.#source;
    for (let index = Math.floor(from / blockSize); index * blockSize < to; index++) {
      const known = this.#source.isHole(index) || this.#memory.has(index) || this.#coming.has(index);
      if (!known) this.#begin(index, reader);
    }
  }

  /** The reader is somewhere else by now: requests for it alone are ended. */
  #leave(reader: Reader): void {
    const left = [...this.#coming].filter(([, coming]) => coming.reader === reader);
    const shared = new Set<RunFetch | undefined>();
    for (const coming of this.#coming.values()) if (coming.reader !== reader) shared.add(coming.fetch);
    shared.delete(undefined);
    for (const [index, { fetch, reject }] of left) {
      if (shared.has(fetch)) continue;
      // Who wants it from now on fetches it anew.
      this.#coming.delete(index);
      reject(new BlockError('closed', 'Nobody waits for this block any more.'));
      if (fetch) this.#cancel(fetch);
    }
  }

  #cancel(fetch: RunFetch): void {
    if (!this.#queue.remove(fetch)) fetch.end.abort();
  }

  #begin(index: number, reader: Reader | undefined): Coming {
    const coming = new Coming(reader);
    this.#coming.set(index, coming);
    if (this.#needed.length === 0) queueMicrotask(() => void this.#lookUp());
    this.#needed.push(index);
    return coming;
  }

  /** Takes from the cache what it has of the needed blocks, and asks the source for the rest. */
  async #lookUp(): Promise<void> {
    const needed = this.#needed;
    this.#needed = [];
    const kept = (await this.#cache?.get(needed)) ?? [];
    const missing: number[] = [];
    await Promise.all(
      needed.map(async (index, i) => {
        const packed = kept[i];
        const bytes = packed && (await this.#source.unpack(index, packed).catch(() => undefined));
        if (bytes) this.#arrived(index, bytes);
        else missing.push(index);
      }),
    );
    for (const ahead of [false, true]) {
      const wanted = missing.filter((index) => {
        const coming = this.#coming.get(index);
        // It may have been given up meanwhile, or asked for by another look.
        return coming !== undefined && !coming.fetch && (coming.reader !== undefined) === ahead;
      });
      for (const [first, count] of runs(wanted)) this.#fetchRun(first, count);
    }
  }

  #fetchRun(first: number, count: number): void {
    for (let index = first; index < first + count; index += this.#source.most) {
      this.#fetch(index, Math.min(this.#source.most, first + count - index));
    }
  }

  #fetch(first: number, count: number): void {
    const indexes = Array.from({ length: count }, (_, i) => first + i);
    const end = new AbortController();
    const run = async (): Promise<void> => {
      try {
        const blocks = await this.#source.fetch(first, count, end.signal);
        if (this.#closed) return;
        blocks.forEach((block, i) => this.#keep(first + i, block));
        this.#onFetched?.(this.#fetched);
      } catch (error) {
        for (const index of indexes) {
          const coming = this.#coming.get(index);
          if (coming?.fetch !== fetch) continue;
          this.#coming.delete(index);
          coming.reject(error);
        }
      }
    };
    const comings = indexes.map((index) => this.#coming.get(index));
    const fetch: RunFetch = { wanted: comings.some((coming) => coming?.reader === undefined), run, end };
    for (const coming of comings) if (coming) coming.fetch = fetch;
    this.#queue.add(fetch);
  }

  #keep(index: number, { bytes, packed }: FetchedBlock): void {
    this.#fetched += packed.length;
    this.#cache?.put(index, packed);
    this.#arrived(index, bytes);
  }

  #arrived(index: number, bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#memory.put(index, bytes);
    const coming = this.#coming.get(index);
    this.#coming.delete(index);
    coming?.resolve(bytes);
  }
}
