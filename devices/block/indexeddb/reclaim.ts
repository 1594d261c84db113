/**
 * Makes the engine give back what deleted chunks occupied.
 *
 * Chromium keeps IndexedDB in LevelDB, which forgets a deleted record only when it compacts the file that holds it,
 * and an idle database is never compacted: 60 s after 224 of 256 MiB were deleted, `navigator.storage.estimate()` had
 * not fallen at all. LevelDB does compact a file that many reads had to pass in vain. Counting the keys of a range
 * reads past everything deleted in it, so counts of the ranges in which chunks were deleted bring the space back. Which
 * reads LevelDB takes into account is chance, so they go on until the estimate has fallen, in rounds, at whose end one
 * small write makes the engine measure itself again. Engines on SQLite (Firefox, Safari, Chromium to come) reuse or
 * return pages at once, and count quickly. docs/storage.md has the figures.
 */

import { CHUNK_SIZE } from '../chunks.ts';
import { completed, type DiskDatabase } from './database.ts';

/** Chunks in a segment, which is counted in one transaction: 4 MiB of disk, so that writers need not wait for long. */
const SEGMENT = 128;
const SEGMENT_BYTES = SEGMENT * CHUNK_SIZE;
/** Less than this is kept for the next time: too few reads pass it. */
const WORTHWHILE = SEGMENT / 4;
/**
 * Bytes that the reads of a round pass. LevelDB compacts a file after 100 or so passing reads, of which it samples about
 * one in a MiB, level by level.
 */
const ROUND_BYTES = 2 * 2 ** 30;
const MIN_PASSES = 3;
const MAX_PASSES = 75;
const MAX_ROUNDS = 16;
/** So many rounds that give nothing back, one after the other, are the last. */
const VAIN_ROUNDS = 8;
/** Bytes; less is nothing. */
const NOTHING = 256 * 1024;

/** The record of segments that are still to be reclaimed, by whoever opens the disk next if need be. */
export const UNRECLAIMED = 'unreclaimed';

/** Milliseconds without a deletion before it begins, and between two passes. */
const QUIET = 1_000;
const PAUSE = 20;

export const segmentOf = (index: number): number => Math.floor(index / SEGMENT);

export class Reclaimer {
  readonly #database: DiskDatabase;
  readonly #keyOf: (index: number) => IDBValidKey;
  readonly #usage: () => Promise<number>;
  readonly #record: string;
  /** Chunks deleted in each segment since it was last reclaimed. */
  readonly #segments = new Map<number, number>();
  /** Segments that are being reclaimed. */
  #current: readonly number[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | undefined;
  #ended = false;

  /**
   * `usage`: what all storage of this origin occupies, in bytes; `NaN` when nobody can say. `record`: where it keeps what is
   * still to be reclaimed.
   */
  constructor(
    database: DiskDatabase,
    keyOf: (index: number) => IDBValidKey,
    usage = originUsage,
    record = UNRECLAIMED,
  ) {
    this.#record = record;
    this.#database = database;
    this.#keyOf = keyOf;
    this.#usage = usage;
  }

  /** Notes that the keys of these chunks are being deleted; returns what {@link resume} must be given otherwise. */
  note(indexes: readonly number[]): number[] {
    for (const index of indexes) {
      const segment = segmentOf(index);
      this.#segments.set(segment, (this.#segments.get(segment) ?? 0) + 1);
    }
    return this.#all();
  }

  /** What was noted is deleted now: begins when no more is for a while. */
  schedule(): void {
    if (this.#ended) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.reclaim();
    }, QUIET);
  }

  /** Reclaims what was noted. Never rejects. */
  reclaim(): Promise<void> {
    return (this.#running ??= this.#reclaim().finally(() => (this.#running = undefined)));
  }

  /** Goes on with what an earlier writer of this disk was not done with. */
  resume(segments: readonly number[]): void {
    this.add(segments);
    if (segments.length > 0) this.schedule();
  }

  /** Notes that chunks of these segments were deleted. */
  add(segments: readonly number[]): void {
    for (const segment of segments) this.#segments.set(segment, SEGMENT);
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
    try {
      await this.#measured();
      const before = await this.#usage();
      let [least, vain] = [before, 0];
      for (let round = 0; round < MAX_ROUNDS && vain < VAIN_ROUNDS; round++) {
        await this.#pass(segments);
        if (this.#ended) return;
        await this.#measured();
        const now = await this.#usage();
        if (before - now >= freed * CHUNK_SIZE) break;
        vain = least - now >= NOTHING ? 0 : vain + 1;
        least = Math.min(least, now);
      }
      this.#current = [];
      await this.#measured();
    } catch {
      // Only the quota suffers. Whoever uses the disk next learns what is wrong with the store.
    }
    if (this.#segments.size > 0) this.schedule();
  }

  /** Reads past what was deleted in these segments, for a round. */
  async #pass(segments: readonly number[]): Promise<void> {
    const passes = Math.ceil(ROUND_BYTES / (segments.length * SEGMENT_BYTES));
    for (let pass = 0; pass < Math.min(MAX_PASSES, Math.max(MIN_PASSES, passes)); pass++) {
      for (const segment of segments) {
        if (this.#ended) return;
        await this.#count(segment);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  #count(segment: number): Promise<void> {
    const first = segment * SEGMENT;
    const range = IDBKeyRange.bound(this.#keyOf(first), this.#keyOf(first + SEGMENT - 1));
    return this.#database.relaxed('readonly', (store) => {
      store.count(range);
      return completed(store.transaction);
    });
  }

  /** The engine says what it occupies as of the last write, which is this one, of what is still to be reclaimed. */
  #measured(): Promise<void> {
    return this.#database.relaxed('readwrite', (store) => {
      store.put(this.#all(), this.#record);
      return completed(store.transaction);
    });
  }
}

/** What the browser says that this origin occupies. */
export async function originUsage(): Promise<number> {
  try {
    return (await navigator.storage.estimate()).usage ?? NaN;
  } catch {
    return NaN;
  }
}
