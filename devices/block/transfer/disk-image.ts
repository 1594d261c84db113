/** A disk of the store as an image that is read. */

import { splitZeroes } from '../../image/extent.ts';
import type { Extent, ImageReader } from '../../image/index.ts';
import { CHUNK_SIZE } from '../chunks.ts';
import type { StoreBackend } from '../store-backend.ts';

/** Bytes that are read at a time. */
const PIECE = 32 * CHUNK_SIZE;

/**
 * The whole disk, over its base, which nobody may change meanwhile. What is known to be zeroes is not read. `step` is told
 * of each piece: from the beginning again when the extents are asked for again.
 */
export function diskImage(disk: StoreBackend, step: (done: number) => Promise<void>): ImageReader {
  const { size } = disk.geometry;
  const buffer = new Uint8Array(PIECE);
  async function* extents(): AsyncGenerator<Extent> {
    for (let offset = 0; offset < size;) {
      await step(offset);
      const end = endOfRun(disk, offset);
      if (disk.isHole(offset, Math.min(CHUNK_SIZE, size - offset))) {
        yield { kind: 'zero', offset, length: end - offset };
      } else {
        const bytes = buffer.subarray(0, end - offset);
        await disk.read(offset, bytes);
        yield* splitZeroes(offset, bytes);
      }
      offset = end;
    }
  }
  return { format: 'raw', virtualSize: size, warnings: [], extents };
}

/** Chunks of a hole that are looked at before the next step: a tebibyte of nothing has 32 million. */
const MOST_LOOKED_AT = 1 << 16;

/** Where the piece ends that begins with this chunk: holes or not, all of them. */
function endOfRun(disk: StoreBackend, offset: number): number {
  const { size } = disk.geometry;
  const isHole = (at: number): boolean => disk.isHole(at, Math.min(CHUNK_SIZE, size - at));
  const first = isHole(offset);
  const most = Math.min(size, offset + (first ? MOST_LOOKED_AT * CHUNK_SIZE : PIECE));
  let end = Math.min(size, offset + CHUNK_SIZE);
  while (end < most && isHole(end) === first) end = Math.min(size, end + CHUNK_SIZE);
  return end;
}
