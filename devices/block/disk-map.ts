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
import type { ChunkMap, Seen } from './chunk-map.ts';
import { CHUNK_SIZE, spans } from './chunks.ts';

/** What a disk has where. */
export interface ChunkLayout {
  /** In bytes. */
  readonly size: number;
  readonly chunks: ChunkMap;
  readonly base: BaseImage | undefined;
}

/** True when the range is known, without reading, to hold zeroes only. */
export function isHole({ size, chunks, base }: ChunkLayout, offset: number, length: number): boolean {
  for (const { index } of spans(offset, length, CHUNK_SIZE)) {
    if (chunks.hasBytes(index)) return false;
    const start = index * CHUNK_SIZE;
    if (!chunks.hidesBase(index) && !isBaseHole(base, start, Math.min(CHUNK_SIZE, size - start))) return false;
  }
  return true;
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

/** So many chunks of the base are first looked at together. */
const HOLE_CHUNKS = 64;

/** The map of a disk that nobody writes to, in at most `cells` cells. */
export function diskMap(layout: ChunkLayout, cells: number): DiskMap {
  return new CellCounts(layout, cells).map();
}

/** The power of two that the chunks of a cell are. */
function shiftFor(size: number, cells: number): number {
  const most = Math.max(1, Math.min(MAX_CELLS, Math.floor(cells)));
  return Math.max(0, Math.ceil(Math.log2(Math.ceil(size / CHUNK_SIZE) / most)));
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
    this.#shift = shiftFor(size, cells);
    const [allocated, ofBase, tombstones] = [0, 1, 2].map(() => new Uint32Array(this.cells));
    this.#allocated = allocated;
    this.#base = ofBase;
    this.#tombstones = tombstones;
    const baseChunks = Math.min(this.#chunks, Math.ceil((base?.size ?? 0) / CHUNK_SIZE));
    this.#based = new Uint8Array(Math.ceil(baseChunks / 8));
    if (base) this.#countBase(base, baseChunks);
    map.visit((index, seen) => {
      if (index < this.#chunks) this.move(index, 'base', seen);
    });
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

  /** Counts the chunks where the base has something. Large holes are seen as wholes. */
  #countBase(base: BaseImage, chunks: number): void {
    const isHole = (first: number, count: number): boolean => isBaseHole(base, first * CHUNK_SIZE, count * CHUNK_SIZE);
    for (let first = 0; first < chunks; first += HOLE_CHUNKS) {
      const count = Math.min(HOLE_CHUNKS, chunks - first);
      if (isHole(first, count)) continue;
      for (let index = first; index < first + count; index++) {
        if (isHole(index, 1)) continue;
        this.#based[index >> 3] |= 1 << (index & 7);
        this.#base[index >>> this.#shift]++;
      }
    }
  }
}

/** The map of a disk in use. Nobody else may watch the disk's chunks at the same time. */
export class LiveDiskMap {
  readonly #disk: Pick<MappedBackend, 'layout'>;
  #most: number;
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

  /** Goes on in at most so many cells. */
  resize(cells: number): void {
    const isSame = shiftFor(this.#size, cells) === shiftFor(this.#size, this.#most);
    this.#most = cells;
    if (!isSame) [this.#size, this.#counts, this.#activity] = this.#begin();
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
