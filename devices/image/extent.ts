/**
 * A disk, or a file, in order and without gaps:
 *
 *     ├── data ──┼────── zero ──────┼─ data ─┤
 *     0                                      size
 */
export type Extent =
  | { readonly kind: 'data'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'zero'; readonly offset: number; readonly length: number };

/** In bytes. */
export function lengthOf(extent: Extent): number {
  return extent.kind === 'data' ? extent.bytes.length : extent.length;
}

/** The unit in which zeroes are looked for, in bytes: what file systems allocate, mostly. */
const GRAIN = 4096;

/** True when every byte is zero. */
export function isAllZero(bytes: Uint8Array): boolean {
  const { byteOffset, length } = bytes;
  // By words where they are aligned.
  const head = Math.min(length, -byteOffset & 3);
  const count = (length - head) >> 2;
  for (let i = 0; i < head; i++) if (bytes[i] !== 0) return false;
  if (count > 0) {
    const words = new Uint32Array(bytes.buffer, byteOffset + head, count);
    for (let i = 0; i < count; i++) if (words[i] !== 0) return false;
  }
  for (let i = head + 4 * count; i < length; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** Bytes of a disk, with zeroes told apart: in units of 4 KiB of the disk, of which the last may be a part. */
export function* splitZeroes(offset: number, bytes: Uint8Array): Generator<Extent> {
  let start = 0;
  let isZero: boolean | undefined;
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + GRAIN - ((offset + at) % GRAIN));
    const zero = isAllZero(bytes.subarray(at, end));
    if (isZero !== undefined && zero !== isZero) {
      yield cut(offset, bytes, start, at, isZero);
      start = at;
    }
    isZero = zero;
    at = end;
  }
  if (isZero !== undefined) yield cut(offset, bytes, start, bytes.length, isZero);
}

function cut(offset: number, bytes: Uint8Array, from: number, to: number, isZero: boolean): Extent {
  if (isZero) return { kind: 'zero', offset: offset + from, length: to - from };
  return { kind: 'data', offset: offset + from, bytes: bytes.subarray(from, to) };
}

/** Pieces of zeroes that become one at most: whoever waits for the next extent learns how far the reading is. */
const MOST_MERGED = 64;

/** The same extents, with neighbouring zeroes as few. */
export async function* mergeZeroes(extents: AsyncIterable<Extent>): AsyncGenerator<Extent> {
  let zero: Extract<Extent, { kind: 'zero' }> | undefined;
  let merged = 0;
  for await (const extent of extents) {
    if (extent.kind === 'zero' && merged < MOST_MERGED) {
      zero = { kind: 'zero', offset: zero?.offset ?? extent.offset, length: (zero?.length ?? 0) + extent.length };
      merged++;
      continue;
    }
    if (zero !== undefined) yield zero;
    zero = undefined;
    merged = 0;
    yield extent;
  }
  if (zero !== undefined) yield zero;
}
