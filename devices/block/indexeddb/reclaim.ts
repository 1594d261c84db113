/**
 * Makes the engine give back what deleted chunks occupied.
 *
 * Chromium keeps IndexedDB in LevelDB, which forgets a deleted record only when it compacts the file that holds it,
 * and an idle database is never compacted: 60 s after 224 of 256 MiB were deleted, `navigator.storage.estimate()` had
 * not fallen at all. LevelDB does compact a file that many reads had to pass in vain. Counting the keys of a range
 * reads past everything deleted in it, so a few counts of the ranges in which chunks were deleted bring the space
 * back; then one small write makes the engine measure itself again. Engines on SQLite (Firefox, Safari, Chromium to
 * come) reuse or return pages at once, and count quickly. docs/storage.md has the figures.
 */

import { completed, type DiskDatabase } from './database.ts';

/** Chunks in a segment, which is counted in one transaction: 4 MiB of disk, so that writers need not wait for long. */
const SEGMENT = 128;
const SEGMENT_BYTES = SEGMENT * 32 * 1024;
/** Less than this is kept for the next time: too few reads pass it. */
const WORTHWHILE = SEGMENT / 4;
/** LevelDB compacts a file after 100 or so passing reads, of which it samples about one in a MiB, level by level. */
const BYTES_TO_PASS = 8 * 2 ** 30;
const MIN_PASSES = 10;
const MAX_PASSES = 300;

/** The record of segments that are still to be reclaimed, by whoever opens the disk next if need be. */
export const UNRECLAIMED = 'unreclaimed';

/** Milliseconds without a deletion before it begins, and between two passes. */
const QUIET = 1_000;
const PAUSE = 20;

export class Reclaimer {
  readonly #database: DiskDatabase;
  readonly #keyOf: (index: number) => IDBValidKey;
  /** Chunks deleted in each segment since it was last reclaimed. */
  readonly #segments = new Map<number, number>();
  /** Segments that are being reclaimed. */
  #current: readonly number[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | undefined;
  #ended = false;

  constructor(database: DiskDatabase, keyOf: (index: number) => IDBValidKey) {
    this.#database = database;
    this.#keyOf = keyOf;
  }

  /** Notes that the keys of these chunks are being deleted; returns what {@link resume} must be given otherwise. */
  note(indexes: readonly number[]): number[] {
    for (const index of indexes) {
      const segment = Math.floor(index / SEGMENT);
      this.#segments.set(segment, (this.#segments.get(segment) ?? 0) + 1);
    }
    return this.#all();
  }

  /** What was noted is deleted now: begins when no more is for a while. */
  schedule(): void {
    if (this.#ended) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#running ??= this.#reclaim().finally(() => (this.#running = undefined));
    }, QUIET);
  }

  /** Goes on with what an earlier writer of this disk was not done with. */
  resume(segments: readonly number[]): void {
    for (const segment of segments) this.#segments.set(segment, SEGMENT);
    if (segments.length > 0) this.schedule();
  }

  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #all(): number[] {
    return [...new Set([...this.#segments.keys(), ...this.#current])];
  }

  async #reclaim(): Promise<void> {
    const freed = [...this.#segments.values()].reduce((sum, count) => sum + count, 0);
    if (freed < WORTHWHILE) return;
    const segments = [...this.#segments.keys()].sort((a, b) => a - b);
    this.#current = segments;
    this.#segments.clear();
    const passes = Math.ceil(BYTES_TO_PASS / (segments.length * SEGMENT_BYTES));
    try {
      for (let pass = 0; pass < Math.min(MAX_PASSES, Math.max(MIN_PASSES, passes)); pass++) {
        for (const segment of segments) {
          if (this.#ended) return;
          await this.#count(segment);
        }
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
      this.#current = [];
      await this.#done();
    } catch {
      // Only the quota suffers. Whoever uses the disk next learns what is wrong with the store.
    }
    if (this.#segments.size > 0) this.schedule();
  }

  #count(segment: number): Promise<void> {
    const first = segment * SEGMENT;
    const range = IDBKeyRange.bound(this.#keyOf(first), this.#keyOf(first + SEGMENT - 1));
    return this.#database.relaxed('readonly', (store) => {
      store.count(range);
      return completed(store.transaction);
    });
  }

  /** The engine says what it occupies as of the last write, which is this one. */
  #done(): Promise<void> {
    return this.#database.relaxed('readwrite', (store) => {
      store.put(this.#all(), UNRECLAIMED);
      return completed(store.transaction);
    });
  }
}
