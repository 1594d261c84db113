/**
 * A disk in memory, sparse: what was never written occupies nothing. Over a base image it is an overlay that is thrown
 * away at the end. Nothing survives it, so its flush has nothing to do.
 */

import {
  BlockError,
  checkGrowth,
  checkRange,
  checkSize,
  checkWritable,
  type BlockGeometry,
  type BlockUsage,
  type GrowableBackend,
} from './backend.ts';
import { isBaseHole, readBase, type BaseImage } from './base.ts';
import { ChunkMap } from './chunk-map.ts';
import { CHUNK_SIZE, isWhole, isZero, spans, type ChunkSpan } from './chunks.ts';
import type { ChunkLayout, MappedBackend } from './disk-map.ts';
import { Slot } from './slot.ts';
import { UsageWatch } from './usage.ts';

export interface MemoryOptions {
  /** In bytes; default: that of the base. */
  readonly size?: number;
  /** Closed with the disk. */
  readonly base?: BaseImage;
  readonly readOnly?: boolean;
}

export class MemoryBackend implements MappedBackend, GrowableBackend {
  #geometry: BlockGeometry;
  readonly #base: BaseImage | undefined;
  /** Written chunks, and those that wait for the base to be partly written. */
  readonly #slots = new Map<number, Slot>();
  /** Which chunks have slots, and through which the base must not shine. */
  readonly #map = new ChunkMap();
  readonly #watch = new UsageWatch(() => this.usage());
  #closed = false;

  constructor({ size, base, readOnly = false }: MemoryOptions) {
    this.#geometry = { size: size ?? base?.size ?? 0, chunkSize: CHUNK_SIZE, readOnly };
    checkSize(this.geometry.size);
    this.#base = base;
  }

  get geometry(): BlockGeometry {
    return this.#geometry;
  }

  async read(offset: number, target: Uint8Array): Promise<void> {
    this.#check(offset, target.length, false);
    const pending: Promise<void>[] = [];
    for (const span of spans(offset, target.length, CHUNK_SIZE)) {
      const part = target.subarray(span.at, span.at + span.end - span.start);
      const slot = this.#slots.get(span.index);
      if (slot) slot.run(pending, ({ bytes }) => part.set(bytes.subarray(span.start, span.end)));
      else if (this.#base && this.#shines(span.index)) pending.push(readBase(this.#base, offset + span.at, part));
      else part.fill(0);
    }
    await Promise.all(pending);
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    this.#check(offset, data.length, true);
    const pending: Promise<void>[] = [];
    for (const span of spans(offset, data.length, CHUNK_SIZE)) {
      const part = data.subarray(span.at, span.at + span.end - span.start);
      const slot = isWhole(span, this.geometry.size, CHUNK_SIZE) ? this.#fresh(span.index) : this.#slot(span.index);
      slot.run(pending, () => slot.writable().set(part, span.start));
    }
    this.#watch.touch();
    await Promise.all(pending);
  }

  async flush(): Promise<void> {
    this.#checkOpen();
  }

  async discard(offset: number, length: number): Promise<void> {
    await this.#zero(offset, length, true);
  }

  async writeZeroes(offset: number, length: number, mayUnmap: boolean): Promise<void> {
    await this.#zero(offset, length, mayUnmap);
  }

  async grow(size: number): Promise<void> {
    this.#checkOpen();
    checkGrowth(this.geometry, size);
    this.#geometry = { ...this.#geometry, size };
  }

  usage(): BlockUsage {
    const { topChunks: allocatedChunks, tombstones } = this.#map;
    return { allocatedBytes: allocatedChunks * CHUNK_SIZE, allocatedChunks, tombstones };
  }

  get layout(): ChunkLayout {
    return { size: this.geometry.size, chunks: this.#map, base: this.#base };
  }

  onUsage(listener: (usage: BlockUsage) => void): () => void {
    return this.#watch.add(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watch.end();
    await this.#base?.close();
  }

  async #zero(offset: number, length: number, mayUnmap: boolean): Promise<void> {
    this.#check(offset, length, true);
    const pending: Promise<void>[] = [];
    for (const span of spans(offset, length, CHUNK_SIZE)) {
      const whole = isWhole(span, this.geometry.size, CHUNK_SIZE);
      if (whole && (mayUnmap || !this.#slots.has(span.index))) this.#drop(span.index);
      else if (whole) this.#put(span.index, Slot.zero(CHUNK_SIZE));
      else if (this.#slots.has(span.index) || this.#shines(span.index)) this.#zeroPart(pending, span, mayUnmap);
    }
    this.#watch.touch();
    await Promise.all(pending);
  }

  #zeroPart(pending: Promise<void>[], span: ChunkSpan, mayUnmap: boolean): void {
    const slot = this.#slot(span.index);
    slot.run(pending, () => {
      slot.writable().fill(0, span.start, span.end);
      slot.settled(() => {
        if (mayUnmap && this.#slots.get(span.index) === slot && isZero(slot.bytes)) this.#drop(span.index);
      });
    });
  }

  /** The slot of a chunk that is about to be changed in part. */
  #slot(index: number): Slot {
    const present = this.#slots.get(index);
    if (present) return present;
    const base = this.#base;
    if (!base || !this.#shines(index)) return this.#fresh(index);
    const slot = this.#put(index, new Slot());
    const bytes = new Uint8Array(CHUNK_SIZE);
    readBase(base, index * CHUNK_SIZE, bytes).then(
      () => slot.arrived(bytes),
      (error: unknown) => {
        if (this.#slots.get(index) === slot && this.#slots.delete(index)) this.#map.free(index, false);
        slot.failed(error);
      },
    );
    return slot;
  }

  /** A loaded slot for a chunk that is about to be changed, and of which nothing is wanted. */
  #fresh(index: number): Slot {
    const present = this.#slots.get(index);
    if (present?.loaded) return present;
    return this.#put(index, Slot.zero(CHUNK_SIZE));
  }

  #put(index: number, slot: Slot): Slot {
    this.#slots.set(index, slot);
    this.#map.allocate(index);
    return slot;
  }

  #drop(index: number): void {
    this.#slots.delete(index);
    this.#map.free(index, !isBaseHole(this.#base, index * CHUNK_SIZE, CHUNK_SIZE));
  }

  /** True when the base is seen through a chunk that has no slot. */
  #shines(index: number): boolean {
    return !this.#map.hidesBase(index) && !isBaseHole(this.#base, index * CHUNK_SIZE, CHUNK_SIZE);
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
