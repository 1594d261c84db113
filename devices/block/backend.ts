/**
 * The one seam between block devices and what stores their bytes.
 *
 * Threading contract: one `BlockBackend` is used by one thread; calls may overlap, and calls on overlapping ranges
 * take effect in the order in which they were made.
 */

/** The unit of every offset and length, in bytes. */
export const SECTOR = 512;

/** What a disk looks like. All values are in bytes. */
export interface BlockGeometry {
  /** A multiple of 512. */
  readonly size: number;
  /** The unit of allocation and of discard: a discard of whole, aligned chunks frees them. */
  readonly chunkSize: number;
  readonly readOnly: boolean;
}

/** What a disk occupies in its store. */
export interface BlockUsage {
  readonly allocatedBytes: number;
  readonly allocatedChunks: number;
  /** Chunks that only record that a lower layer must not shine through. */
  readonly tombstones: number;
}

/**
 * What kind of host failure it was:
 *
 * - `quota`: the origin's quota or the host's disk is full; room can be made, and the same call tried again;
 * - `network`, `hash`: a part of the base image did not arrive, or is not the one that its manifest names;
 * - `store`: the store itself failed, or holds what cannot be;
 * - `locked`: another tab uses this disk;
 * - `version`: the store was written by a newer tabhyve;
 * - `base`: the disk was made over another base image, or the image changed while it was in use;
 * - `frozen`: other disks lie over it, so that it can only be read;
 * - `missing`: there is no such disk;
 * - `read-only`, `range`, `closed`: the caller's own mistakes.
 */
export type BlockErrorReason =
  | 'quota'
  | 'network'
  | 'hash'
  | 'store'
  | 'locked'
  | 'version'
  | 'base'
  | 'frozen'
  | 'missing'
  | 'read-only'
  | 'range'
  | 'closed';

/**
 * A host failure while serving the disk (quota, lost network, failed transaction, bad hash). The message is for the
 * person: what failed and what to do. The guest sees an I/O error.
 */
export class BlockError extends Error {
  override readonly name = 'BlockError';
  readonly reason: BlockErrorReason;

  constructor(reason: BlockErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/**
 * Stores the bytes of one disk. Offsets and lengths are in bytes and multiples of 512 within the disk; anything else
 * rejects with a `BlockError` of reason `range`. Every method rejects with a {@link BlockError} only.
 */
export interface BlockBackend {
  readonly geometry: BlockGeometry;
  /** Fills `target` from `offset`. It is the backend's until this resolves; if it rejects, for ever. */
  read(offset: number, target: Uint8Array): Promise<void>;
  /** `data` is the backend's until this resolves; if it rejects, for ever. Resolved: later reads see it; not yet durable. */
  write(offset: number, data: Uint8Array): Promise<void>;
  /** Resolves when all writes, discards and zeroes that resolved before the call are durable. */
  flush(): Promise<void>;
  /** The range may read as anything afterwards (here: zeroes), and whole chunks in it are freed. */
  discard(offset: number, length: number): Promise<void>;
  /** The range reads as zeroes afterwards; whole chunks in it are freed when `mayUnmap`. */
  writeZeroes(offset: number, length: number, mayUnmap: boolean): Promise<void>;
  usage(): BlockUsage;
  /** Flushes, then lets go of the store and its lock. */
  close(): Promise<void>;
}

/** A backend that says when its usage changes. */
export interface WatchedBackend extends BlockBackend {
  /** Calls `listener` when the usage has changed, a few times a second at most. Returns what ends the watch. */
  onUsage(listener: (usage: BlockUsage) => void): () => void;
}

/** A backend that can become larger. */
export interface GrowableBackend extends BlockBackend {
  /** Makes the disk larger, durably: what is new reads as what it lies over, or as zeroes. */
  grow(size: number): Promise<void>;
}

export function isGrowable(backend: BlockBackend): backend is GrowableBackend {
  return typeof (backend as Partial<GrowableBackend>).grow === 'function';
}

/** Throws unless `offset` and `length` are whole sectors within the disk. */
export function checkRange(geometry: BlockGeometry, offset: number, length: number): void {
  const inside = offset >= 0 && length >= 0 && offset + length <= geometry.size;
  if (inside && offset % SECTOR === 0 && length % SECTOR === 0) return;
  throw new BlockError(
    'range',
    `Bytes ${offset} to ${offset + length} are not whole sectors of a disk of ${geometry.size} bytes.`,
  );
}

/** Throws when the disk must not be changed. */
export function checkWritable(geometry: BlockGeometry): void {
  if (geometry.readOnly)
    throw new BlockError('read-only', 'This disk was opened read-only: nothing can be written to it.');
}

/** Throws unless `size` can be the size of a disk. */
export function checkSize(size: number): void {
  if (Number.isSafeInteger(size) && size > 0 && size % SECTOR === 0) return;
  throw new BlockError('range', `A disk cannot have ${size} bytes: its size is a multiple of ${SECTOR}, and not 0.`);
}

/** Throws unless a disk of this geometry can become one of `size` bytes. */
export function checkGrowth(geometry: BlockGeometry, size: number): void {
  checkWritable(geometry);
  checkSize(size);
  if (size >= geometry.size) return;
  const message = `This disk has ${geometry.size} bytes, and cannot become smaller: its end may hold data.`;
  throw new BlockError('range', message);
}
