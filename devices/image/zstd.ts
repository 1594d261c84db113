/**
 * zstd, RFC 8878. Frames are read by libzstd in WebAssembly (`zstddec`), and made by it (`@hpcc-js/wasm-zstd`); both are
 * loaded when they are needed.
 *
 *     frame: magic │ descriptor, sizes │ block │ block │ … │ checksum, perhaps
 *     block: last (1 bit) │ type (2) │ size (21) │ data
 */

import type { ZSTDDecoder } from 'zstddec/stream';
import { inBlocks } from './blocks.ts';
import { damaged, ImageError } from './errors.ts';
import type { Extent } from './extent.ts';
import { PIECE } from './source.ts';

/** Loads the decoder. */
export async function loadZstdDecoder(): Promise<ZSTDDecoder> {
  const { ZSTDDecoder } = await import('zstddec/stream');
  const decoder = new ZSTDDecoder();
  await decoder.init();
  return decoder;
}

const RLE = 1;

/** Bytes of the frame that `bytes` begin with (RFC 8878, section 3.1.1); undefined if it does not end there. */
export function zstdFrameLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < 5 || bytes[0] !== 0x28 || bytes[1] !== 0xb5 || bytes[2] !== 0x2f || bytes[3] !== 0xfd)
    return undefined;
  const descriptor = bytes[4];
  const isSingleSegment = (descriptor >> 5) & 1;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3];
  const sizeBytes = [isSingleSegment, 2, 4, 8][descriptor >> 6];
  let at = 5 + (1 - isSingleSegment) + dictionaryBytes + sizeBytes;
  for (let isLast = false; !isLast;) {
    if (at + 3 > bytes.length) return undefined;
    const header = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
    isLast = (header & 1) === 1;
    at += 3 + (((header >> 1) & 3) === RLE ? 1 : header >> 3);
  }
  const end = at + ((descriptor >> 2) & 1) * 4;
  return end <= bytes.length ? end : undefined;
}

/** Results without a byte, one after the other, by which it shows that the decoder has failed: it does not say so. */
const MOST_EMPTY = 8;

/** Hands out one piece at a time; who asks when none waits is told that there are no more. */
class Feed implements Iterable<Uint8Array> {
  waiting: Uint8Array | undefined;
  ended = false;

  *[Symbol.iterator](): Generator<Uint8Array> {
    for (let piece = this.waiting; piece !== undefined; piece = this.waiting) {
      this.waiting = undefined;
      yield piece;
    }
  }
}

/** What the frames in `input` hold. Rejects with ImageError, in which `name` names the file. */
export async function* unpackZstd(input: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const decoder = await loadZstdDecoder();
  const pieces = input[Symbol.asyncIterator]();
  const feed = new Feed();
  const output = decoder.decodeStreaming(feed);
  const next = (): IteratorResult<Uint8Array, void> => {
    try {
      return output.next();
    } catch (cause) {
      throw damaged(`${name} ends too early, or does not decompress.`, { cause });
    }
  };
  try {
    for (let empty = 0; empty <= MOST_EMPTY;) {
      // Between two results the decoder asks for one piece at most, and it cannot wait for one.
      if (feed.waiting === undefined && !feed.ended) {
        const { value, done } = (await pieces.next()) as IteratorResult<Uint8Array, undefined>;
        feed.waiting = value;
        feed.ended = done === true;
      }
      const isFull = feed.waiting !== undefined;
      const { value, done } = next();
      if (done === true) return;
      empty = value.length > 0 || (isFull && feed.waiting === undefined) ? 0 : empty + 1;
      if (value.length > 0) yield value;
    }
    throw damaged(`${name} does not decompress.`);
  } finally {
    release(feed, output);
    await pieces.return?.();
  }
}

/** Lets a decoder that is left halfway come to its end, where it gives its memory back. */
function release(feed: Feed, output: Generator<Uint8Array>): void {
  feed.waiting = undefined;
  try {
    for (let steps = 0; steps < 1000 && output.next().done !== true; steps++);
  } catch {
    // It says that the stream is incomplete.
  }
}

/** Frames of 1 MiB, each for itself: a reader needs no more memory than that, and zeroes are compressed once. */
export async function* packZstd(input: AsyncIterable<Extent>): AsyncGenerator<Uint8Array> {
  const { Zstd } = await import('@hpcc-js/wasm-zstd');
  const zstd = await Zstd.load();
  const pack = (bytes: Uint8Array): Uint8Array => {
    const frame = zstd.compress(bytes);
    if (zstdFrameLength(frame) === frame.length) return frame;
    throw new ImageError('write', 'There is not enough memory to compress by zstd: use gzip, or free some memory.');
  };
  let zeroes: Uint8Array | undefined;
  for await (const block of inBlocks(input, PIECE)) {
    if (block.kind === 'data') {
      yield pack(block.bytes);
      continue;
    }
    zeroes ??= pack(new Uint8Array(PIECE));
    for (let left = block.length; left > 0; left -= PIECE) {
      yield left >= PIECE ? zeroes : pack(new Uint8Array(left));
    }
  }
}
