import type { ChunkMap } from './chunk-map.ts';

/** What one transaction changes in the top layer. Put buffers are copied before `commit` returns its promise. */
export interface ChunkChanges {
  readonly puts: readonly (readonly [index: number, bytes: Uint8Array])[];
  /** Indexes of chunks whose keys go. */
  readonly deletes: readonly number[];
  /** Pages of tombstones, see {@link ChunkMap.tombstonesOf}. */
  readonly tombstones: readonly (readonly [page: number, hidden: Uint8Array])[];
}

/** Changes nothing: made durable, it makes all before it so. */
export const NOTHING: ChunkChanges = { puts: [], deletes: [], tombstones: [] };

/** Chunks that one transaction puts, at most; docs/storage.md says why no more. */
export const BATCH = 28;

/**
 * Keeps the chunks of one disk, and their layers. What is cached, ordered, counted and retried is decided above it
 * (store-backend.ts), so a store of another kind needs no more than this.
 *
 * Transactions take effect in the order in which `commit` was called, each wholly or not at all. One that is `durable`
 * makes all before it durable, too, when it resolves. Every method rejects with a `BlockError` only.
 */
export interface ChunkStore {
  /** Reads the keys of all layers: what the disk has where. Called once, first. */
  load(): Promise<ChunkMap>;
  /** Keys of chunks in frozen layers; they change with the layers only. */
  readonly frozenChunks: number;
  /** The bytes of chunks that some layer has, in buffers of their own; as no later `commit` has changed them. */
  read(indexes: readonly number[]): Promise<Uint8Array[]>;
  commit(changes: ChunkChanges, durable: boolean): Promise<void>;
  close(): Promise<void>;
}
