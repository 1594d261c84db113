/** Extents, cut at the boundaries of blocks. */

import { isAllZero, lengthOf, type Extent } from './extent.ts';

/**
 * The same disk, such that an extent of data is one block, and one of zeroes is whole blocks. A block of nothing but
 * zeroes is zeroes. The last block may be a part of one. Data is valid until the next extent is asked for.
 */
export async function* inBlocks(extents: AsyncIterable<Extent>, blockSize: number): AsyncGenerator<Extent> {
  const block = new Uint8Array(blockSize);
  let start = 0;
  let filled = 0;
  const flush = (): Extent => {
    const bytes = block.subarray(0, filled);
    const extent: Extent = isAllZero(bytes)
      ? { kind: 'zero', offset: start, length: filled }
      : { kind: 'data', offset: start, bytes };
    start += filled;
    filled = 0;
    return extent;
  };
  for await (const extent of extents) {
    const length = lengthOf(extent);
    for (let at = 0; at < length;) {
      const whole = Math.floor((length - at) / blockSize) * blockSize;
      if (extent.kind === 'zero' && filled === 0 && whole > 0) {
        yield { kind: 'zero', offset: start, length: whole };
        start += whole;
        at += whole;
        continue;
      }
      const count = Math.min(blockSize - filled, length - at);
      if (extent.kind === 'data') block.set(extent.bytes.subarray(at, at + count), filled);
      else block.fill(0, filled, filled + count);
      filled += count;
      at += count;
      if (filled === blockSize) yield flush();
    }
  }
  if (filled > 0) yield flush();
}
