/**
 * What is where on a disk, summed up in a row of cells, so that it can be drawn:
 *
 *     chunks  ▉▉▉▁ ▁▁▁▁ ▒▒▉▉ ▒▒▒▒      of each cell, how many are allocated, the base's, or tombstones
 *     cells      0    1    2    3      a power of two of chunks in each, so that they begin at round offsets
 *
 * The counts follow the disk as its chunks change, so they cost as much as changes; and nothing when nobody looks.
 */

import type { WatchedBackend } from './backend.ts';
import { isBaseHole, type BaseImage } from './base.ts';
import { PAGE_CHUNKS, type ChunkMap, type Seen } from './chunk-map.ts';
import { CHUNK_SIZE } from './chunks.ts';

/** What a disk has where. */
export interface ChunkLayout {
  /** In bytes. */
  readonly size: number;
  readonly chunks: ChunkMap;
  readonly base: BaseImage | undefined;
}

/** A disk whose map can be drawn. */
export interface MappedBackend extends WatchedBackend {
  readonly layout: ChunkLayout;
}

/** A disk in cells. Chunks of a cell that are counted nowhere are empty: they read as zeroes, and occupy nothing. */
export interface DiskMap {
  /** Of the disk, in bytes. */
  readonly size: number;
  readonly chunkSize: number;
  /** A power of two; the last cell may have fewer. */
  readonly chunksPerCell: number;
  /** Of each cell, the chunks whose bytes are in the disk's own layers. */
  readonly allocated: Uint32Array;
  /** Of each cell, the chunks through which the base image is seen. */
  readonly base: Uint32Array;
  /** Of each cell, the chunks that were discarded, and hide what lies below them. */
  readonly tombstones: Uint32Array;
}

/** What requests do to a range. */
export type DiskAction = 'read' | 'written' | 'discarded';

/** Of each cell, whether something was done there since the last look: 0 or 1. */
export type DiskActivity = Readonly<Record<DiskAction, Uint8Array>>;

/** The most cells that a map has. */
export const MAX_CELLS = 4096;

/** The map of a disk that nobody writes to, in at most `cells` cells. */
export function diskMap(layout: ChunkLayout, cells: number): DiskMap {
  return new CellCounts(layout, cells).map();
}

/** Counts of chunks that are kept up to date. */
class CellCounts {
  readonly #size: number;
  readonly #chunks: number;
  readonly #shift: number;
  readonly #allocated: Uint32Array;
  readonly #base: Uint32Array;
  readonly #tombstones: Uint32Array;
  /** One bit for each chunk where the base has something, as it was found at first. */
  readonly #based: Uint8Array;

  constructor({ size, chunks: map, base }: ChunkLayout, cells: number) {
    this.#size = size;
    this.#chunks = Math.ceil(size / CHUNK_SIZE);
    const most = Math.max(1, Math.min(MAX_CELLS, Math.floor(cells)));
    this.#shift = Math.max(0, Math.ceil(Math.log2(this.#chunks / most)));
    const [allocated, ofBase, tombstones] = [0, 1, 2].map(() => new Uint32Array(this.cells));
    this.#allocated = allocated;
    this.#base = ofBase;
    this.#tombstones = tombstones;
    const baseChunks = Math.min(this.#chunks, Math.ceil((base?.size ?? 0) / CHUNK_SIZE));
    this.#based = new Uint8Array(Math.ceil(baseChunks / 8));
    if (base) this.#countBase(base, 0, baseChunks);
    for (const page of map.pages()) {
      const end = Math.min(this.#chunks, (page + 1) * PAGE_CHUNKS);
      for (let index = page * PAGE_CHUNKS; index < end; index++) this.move(index, 'base', map.seen(index));
    }
  }

  get cells(): number {
    return Math.ceil(this.#chunks / this.chunksPerCell);
  }

  get chunksPerCell(): number {
    return 2 ** this.#shift;
  }

  /** Something else is seen of a chunk than before. */
  move(index: number, before: Seen, after: Seen): void {
    if (before === after) return;
    const cell = index >>> this.#shift;
    const from = this.#countsOf(before, index);
    const to = this.#countsOf(after, index);
    if (from) from[cell]--;
    if (to) to[cell]++;
  }

  /** As it is now; it does not change any more. */
  map(): DiskMap {
    return {
      ...{ size: this.#size, chunkSize: CHUNK_SIZE, chunksPerCell: this.chunksPerCell },
      allocated: this.#allocated.slice(),
      base: this.#base.slice(),
      tombstones: this.#tombstones.slice(),
    };
  }

  #countsOf(seen: Seen, index: number): Uint32Array | undefined {
    if (seen === 'bytes') return this.#allocated;
    if (seen === 'nothing') return this.#tombstones;
    return (this.#based[index >> 3] >> (index & 7)) & 1 ? this.#base : undefined;
  }

  /** Counts the chunks from `first` to `end` where the base has something. A hole is seen as a whole. */
  #countBase(base: BaseImage, first: number, end: number): void {
    if (first >= end || isBaseHole(base, first * CHUNK_SIZE, (end - first) * CHUNK_SIZE)) return;
    if (end - first === 1) {
      this.#based[first >> 3] |= 1 << (first & 7);
      this.#base[first >>> this.#shift]++;
      return;
    }
    const middle = (first + end) >>> 1;
    this.#countBase(base, first, middle);
    this.#countBase(base, middle, end);
  }
}

/** The map of a disk in use. Nobody else may watch the disk's chunks at the same time. */
export class LiveDiskMap {
  readonly #disk: Pick<MappedBackend, 'layout'>;
  readonly #most: number;
  #counts: CellCounts;
  #activity: DiskActivity;
  #size: number;
  #changed = true;

  /** In at most `cells` cells. */
  constructor(disk: Pick<MappedBackend, 'layout'>, cells: number) {
    this.#disk = disk;
    this.#most = cells;
    [this.#size, this.#counts, this.#activity] = this.#begin();
  }

  /** A request for a range of the disk. */
  note(action: DiskAction, offset: number, length: number): void {
    if (length === 0) return;
    const cellSize = this.#counts.chunksPerCell * CHUNK_SIZE;
    const first = Math.floor(offset / cellSize);
    this.#activity[action].fill(1, first, Math.floor((offset + length - 1) / cellSize) + 1);
    this.#changed = true;
  }

  /** The map, and what was done since it was last taken; undefined if nothing was, and nothing has changed. */
  take(): { readonly map: DiskMap; readonly activity: DiskActivity } | undefined {
    // A disk may grow.
    if (this.#disk.layout.size !== this.#size) [this.#size, this.#counts, this.#activity] = this.#begin();
    if (!this.#changed) return undefined;
    const activity = this.#activity;
    this.#activity = noActivity(this.#counts.cells);
    this.#changed = false;
    return { map: this.#counts.map(), activity };
  }

  end(): void {
    this.#disk.layout.chunks.watch(undefined);
  }

  #begin(): [number, CellCounts, DiskActivity] {
    const { layout } = this.#disk;
    const counts = new CellCounts(layout, this.#most);
    layout.chunks.watch((index, before, after) => {
      counts.move(index, before, after);
      this.#changed = true;
    });
    this.#changed = true;
    return [layout.size, counts, noActivity(counts.cells)];
  }
}

function noActivity(cells: number): DiskActivity {
  return { read: new Uint8Array(cells), written: new Uint8Array(cells), discarded: new Uint8Array(cells) };
}
