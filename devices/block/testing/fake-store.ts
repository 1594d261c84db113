/** A chunk store in memory that crashes and fails on demand. */

import { BlockError } from '../backend.ts';
import { ChunkMap } from '../chunk-map.ts';
import type { ChunkChanges, ChunkStore } from '../chunk-store.ts';

interface Content {
  readonly chunks: Map<number, Uint8Array>;
  readonly tombstones: Map<number, Uint8Array>;
}

interface Pending {
  readonly changes: ChunkChanges;
  readonly durable: boolean;
  readonly resolve: () => void;
  readonly reject: (error: BlockError) => void;
}

const apply = (content: Content, { puts, deletes, tombstones }: ChunkChanges): void => {
  for (const index of deletes) content.chunks.delete(index);
  for (const [index, bytes] of puts) content.chunks.set(index, bytes);
  for (const [page, hidden] of tombstones) content.tombstones.set(page, hidden);
};

/** The medium, which outlives the stores that are opened on it. */
export class FakeMedium {
  /** As a reader sees it now, and as it is after a crash. */
  seen: Content = { chunks: new Map(), tombstones: new Map() };
  #safe: Content = { chunks: new Map(), tombstones: new Map() };
  /** Complete, but lost in a crash, from the last one to any. */
  #unsafe: ChunkChanges[] = [];
  #store: FakeStore | undefined;
  /** How many of the next transactions fail, and why. */
  failures: BlockError['reason'][] = [];
  /** Transactions that were complete, durable ones among them. */
  commits: { readonly durable: boolean; readonly puts: number; readonly deletes: number }[] = [];

  open(): FakeStore {
    return (this.#store = new FakeStore(this));
  }

  commit(changes: ChunkChanges, durable: boolean): void {
    apply(this.seen, changes);
    this.#unsafe.push(changes);
    this.commits.push({ durable, puts: changes.puts.length, deletes: changes.deletes.length });
    if (!durable) return;
    for (const each of this.#unsafe) apply(this.#safe, each);
    this.#unsafe = [];
  }

  /** Loses what is under way, and all but the first `kept` transactions that no durable one has followed. */
  crash(kept: number): void {
    this.#store?.kill();
    for (const each of this.#unsafe.slice(0, kept)) apply(this.#safe, each);
    this.#unsafe = [];
    this.seen = { chunks: new Map(this.#safe.chunks), tombstones: new Map(this.#safe.tombstones) };
  }
}

export class FakeStore implements ChunkStore {
  readonly frozenChunks = 0;
  readonly #medium: FakeMedium;
  readonly #queue: Pending[] = [];
  #dead = false;

  constructor(medium: FakeMedium) {
    this.#medium = medium;
  }

  async load(): Promise<ChunkMap> {
    const map = new ChunkMap();
    for (const [page, hidden] of this.#medium.seen.tombstones) map.foundTombstones(page, hidden, true);
    for (const index of this.#medium.seen.chunks.keys()) map.foundTop(index);
    return map;
  }

  async read(indexes: readonly number[]): Promise<Uint8Array[]> {
    const chunks = indexes.map((index) => {
      const bytes = this.#medium.seen.chunks.get(index);
      if (!bytes) throw new BlockError('store', `chunk ${index} was read, and is not there`);
      return bytes.slice();
    });
    await new Promise((resolve) => setImmediate(resolve));
    return chunks;
  }

  commit({ puts, deletes, tombstones }: ChunkChanges, durable: boolean): Promise<void> {
    const changes = { puts: puts.map(([index, bytes]) => [index, bytes.slice()] as const), deletes, tombstones };
    return new Promise((resolve, reject) => {
      this.#queue.push({ changes, durable, resolve, reject });
      setImmediate(() => this.#complete());
    });
  }

  async close(): Promise<void> {
    this.#dead = true;
  }

  kill(): void {
    this.#dead = true;
    this.#queue.length = 0;
  }

  #complete(): void {
    const next = this.#queue.shift();
    if (!next || this.#dead) return;
    const reason = this.#medium.failures.shift();
    if (reason) return next.reject(new BlockError(reason, 'injected'));
    this.#medium.commit(next.changes, next.durable);
    next.resolve();
  }
}
