/**
 * What a disk has where, known without asking its store.
 *
 * One byte for each chunk, in pages that exist as soon as a bit in them is set:
 *
 *     bit 0  TOP      the top layer has the chunk's bytes
 *     bit 1  HIDDEN   the top layer hides what lies below the chunk (a tombstone)
 *     bit 2  STORED   the store may hold the chunk's key in the top layer
 *     bit 3  LOWER    a frozen layer has the chunk's bytes
 *     bit 4  COVERED  a frozen layer hides the base below the chunk
 *
 * Bytes win over the tombstone of their own layer. So a tombstone may stay when bytes are written over it, and hides
 * again when they are discarded.
 */

const TOP = 1;
const HIDDEN = 2;
const STORED = 4;
const LOWER = 8;
const COVERED = 16;

/** Chunks in a page: 128 MiB of disk; a page of tombstones is one record of 512 bytes. */
export const PAGE_CHUNKS = 4096;
const PAGE_BYTES = PAGE_CHUNKS / 8;

/** What is seen of a chunk: bytes of a layer, nothing (a tombstone), or what the base has there. */
export type Seen = 'bytes' | 'nothing' | 'base';

/** Is told of each chunk of which something else is seen than before. */
export type SeenListener = (index: number, before: Seen, after: Seen) => void;

/** By the bits of a chunk. */
const SEEN = Array.from({ length: 32 }, (_, bits): Seen => {
  if (bits & TOP) return 'bytes';
  if (bits & HIDDEN) return 'nothing';
  return bits & LOWER ? 'bytes' : bits & COVERED ? 'nothing' : 'base';
});

export class ChunkMap {
  readonly #pages = new Map<number, Uint8Array>();
  #top = 0;
  #tombstones = 0;
  #listener: SeenListener | undefined;

  /** Chunks whose bytes are in the top layer. */
  get topChunks(): number {
    return this.#top;
  }

  /** Chunks that only record that what lies below must not be seen. */
  get tombstones(): number {
    return this.#tombstones;
  }

  /** True when a layer has the bytes that the chunk reads as. */
  hasBytes(index: number): boolean {
    const bits = this.#bits(index);
    return (bits & TOP) !== 0 || (bits & (LOWER | HIDDEN)) === LOWER;
  }

  /** True when the top layer has the chunk's bytes. */
  inTop(index: number): boolean {
    return (this.#bits(index) & TOP) !== 0;
  }

  /** True when the base is not seen through the chunk. */
  hidesBase(index: number): boolean {
    return (this.#bits(index) & (TOP | HIDDEN | LOWER | COVERED)) !== 0;
  }

  /** What would be seen of the chunk, did the top layer not exist. */
  below(index: number): Seen {
    return SEEN[this.#bits(index) & (LOWER | COVERED)];
  }

  /** Visits all chunks of which something else is seen than the base. */
  visit(visitor: (index: number, seen: Seen) => void): void {
    for (const [number, page] of this.#pages) {
      for (let i = 0; i < PAGE_CHUNKS; i++) {
        if (SEEN[page[i]] !== 'base') visitor(number * PAGE_CHUNKS + i, SEEN[page[i]]);
      }
    }
  }

  /** Has one listener told of changes from now on; or none. */
  watch(listener: SeenListener | undefined): void {
    this.#listener = listener;
  }

  isStored(index: number): boolean {
    return (this.#bits(index) & STORED) !== 0;
  }

  setStored(index: number, stored: boolean): void {
    this.#change(index, stored ? STORED : 0, STORED);
  }

  /** The top layer has the chunk's bytes from now on. */
  allocate(index: number): void {
    this.#change(index, TOP, TOP);
  }

  /** The top layer has the chunk's bytes no more; with `hide`, nothing below is seen either. Says if that is news. */
  free(index: number, hide: boolean): boolean {
    const news = hide && (this.#bits(index) & HIDDEN) === 0;
    this.#change(index, hide ? HIDDEN : 0, hide ? TOP | HIDDEN : TOP);
    return news;
  }

  /** A key that was found in the store. */
  foundTop(index: number): void {
    this.#change(index, TOP | STORED, TOP | STORED);
  }

  foundLower(index: number): void {
    this.#change(index, LOWER, LOWER);
  }

  /** Chunks that some layer has the bytes of, in ascending order. */
  *withBytes(): Generator<number> {
    for (const index of this.#known()) if (this.hasBytes(index)) yield index;
  }

  /** Chunks that read as zeroes although the base may have something there, in ascending order. */
  *withNothing(): Generator<number> {
    for (const index of this.#known()) if (!this.hasBytes(index) && this.hidesBase(index)) yield index;
  }

  /** Which chunks of a page the top layer hides, one bit for each. */
  tombstonesOf(page: number): Uint8Array {
    const result = new Uint8Array(PAGE_BYTES);
    const bits = this.#pages.get(page);
    if (bits) for (let i = 0; i < PAGE_CHUNKS; i++) if (bits[i] & HIDDEN) result[i >> 3] |= 1 << (i & 7);
    return result;
  }

  /** A page of tombstones that was found in the store: of the top layer, or of a frozen one, lowest layer first. */
  foundTombstones(page: number, hidden: Uint8Array, top: boolean): void {
    for (let i = 0; i < PAGE_CHUNKS; i++) {
      if (((hidden[i >> 3] >> (i & 7)) & 1) === 0) continue;
      if (top) this.#change(page * PAGE_CHUNKS + i, HIDDEN, HIDDEN);
      else this.#change(page * PAGE_CHUNKS + i, COVERED, COVERED | LOWER);
    }
  }

  *#known(): Generator<number> {
    for (const number of [...this.#pages.keys()].sort((a, b) => a - b)) {
      for (let i = 0; i < PAGE_CHUNKS; i++) yield number * PAGE_CHUNKS + i;
    }
  }

  #bits(index: number): number {
    const page = this.#pages.get(Math.floor(index / PAGE_CHUNKS));
    return page ? page[index % PAGE_CHUNKS] : 0;
  }

  #change(index: number, set: number, mask: number): void {
    const number = Math.floor(index / PAGE_CHUNKS);
    let page = this.#pages.get(number);
    if (!page) {
      if (set === 0) return;
      this.#pages.set(number, (page = new Uint8Array(PAGE_CHUNKS)));
    }
    const before = page[index % PAGE_CHUNKS];
    const after = (before & ~mask) | set;
    page[index % PAGE_CHUNKS] = after;
    this.#top += (after & TOP) - (before & TOP);
    this.#tombstones += Number((after & (TOP | HIDDEN)) === HIDDEN) - Number((before & (TOP | HIDDEN)) === HIDDEN);
    if (this.#listener && SEEN[before] !== SEEN[after]) this.#listener(index, SEEN[before], SEEN[after]);
  }
}
