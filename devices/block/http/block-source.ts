/** An image elsewhere as a row of blocks, each of which is fetched when it is needed. */

/** A block as it came. */
export interface FetchedBlock {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What it came as, which is worth keeping: `unpack` makes bytes of it. */
  readonly packed: Uint8Array<ArrayBuffer>;
}

/**
 * Where the blocks come from. What is kept, shared, read ahead, and done at the same time is decided above it
 * (block-base.ts). Every method rejects with a `BlockError` only.
 */
export interface BlockSource {
  /** Of the image, in bytes. */
  readonly size: number;
  /** Equal for equal content only. */
  readonly identity: string;
  /** Bytes in each block but the last, which may be shorter. */
  readonly blockSize: number;
  /** Neighbouring blocks that may be fetched by one request. */
  readonly most: number;
  /** Set where the image is known to be raw; else its first bytes tell. */
  readonly isRaw?: boolean;
  /** Blocks that came while the image was opened. */
  readonly first?: readonly FetchedBlock[];
  /** True when the block is known to hold zeroes only; it is not fetched then. */
  isHole(index: number): boolean;
  /** Fetches blocks that are neighbours, none of them a hole. An abort means that nobody waits for them any more. */
  fetch(index: number, count: number, signal: AbortSignal): Promise<FetchedBlock[]>;
  /** The bytes of a block that was kept. Rejects if it is not what it should be. */
  unpack(index: number, packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
}

/** Bytes in a block of an image: the last one may be shorter. */
export function lengthOfBlock({ size, blockSize }: Pick<BlockSource, 'size' | 'blockSize'>, index: number): number {
  return Math.min(blockSize, size - index * blockSize);
}
