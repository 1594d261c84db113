/**
 * A disk as a row of chunks:
 *
 *     offset ┐                 ┌ offset + length
 *     ├──────┼─┼───────┼───────┼┤──────┤
 *     chunk 0  chunk 1  chunk 2  chunk 3
 */

/**
 * Bytes in a chunk. IndexedDB in Chromium wraps values of 64 KiB and more as blobs, which are 2 to 4 times as slow to
 * read and to delete; this is the power of two below (docs/storage.md has the figures).
 */
export const CHUNK_SIZE = 32 * 1024;

/** What a range of the disk has in one chunk. */
export interface ChunkSpan {
  readonly index: number;
  /** Where the span begins in the chunk, and where it ends. */
  readonly start: number;
  readonly end: number;
  /** Where the span begins in the range. */
  readonly at: number;
}

/** The parts of a range, chunk by chunk, in order. */
export function* spans(offset: number, length: number, chunkSize: number): Generator<ChunkSpan> {
  for (let at = 0; at < length;) {
    const index = Math.floor((offset + at) / chunkSize);
    const start = offset + at - index * chunkSize;
    const end = Math.min(chunkSize, start + length - at);
    yield { index, start, end, at };
    at += end - start;
  }
}

/** True when the span is all that the disk has of its chunk; the last chunk of a disk may be a partial one. */
export function isWhole(span: ChunkSpan, size: number, chunkSize: number): boolean {
  return span.start === 0 && span.end >= Math.min(chunkSize, size - span.index * chunkSize);
}

/** True when every byte is zero. `bytes` begins at a multiple of 8 in its buffer, and its length is one. */
export function isZero(bytes: Uint8Array): boolean {
  // As integers: a float's -0 would pass for zero.
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
  for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
  return true;
}

/** Neighbours in a set of chunk indexes, merged to `[first, count]`, in ascending order. */
export function runs(indexes: Iterable<number>): [first: number, count: number][] {
  const result: [number, number][] = [];
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const last = result.at(-1);
    if (last && last[0] + last[1] === index) last[1]++;
    else result.push([index, 1]);
  }
  return result;
}
