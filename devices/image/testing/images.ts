/** Images for tests, made from seeds. */

import { memorySource } from '../source.ts';
import { lengthOf, type Extent } from '../extent.ts';
import type { ImageFormat } from '../format.ts';
import { openImage, type ImageReader } from '../reader.ts';
import { writeImage } from '../writer.ts';

/** Numbers below 2 ** 32 (xorshift32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
}

/** A disk of `size` bytes with pieces of data here and there: random bytes, and some that compress. */
export function sparseDisk(seed: number, size: number, parts = 12): Uint8Array {
  const random = randomNumbers(seed);
  const disk = new Uint8Array(size);
  for (let part = 0; part < parts && size > 0; part++) {
    const start = random() % size;
    const end = Math.min(size, start + (random() % 100_000));
    const mask = part % 2 === 0 ? 0xff : 0x03;
    for (let at = start; at < end; at++) disk[at] = random() & mask;
  }
  return disk;
}

/** All that the extents hold; throws if they have gaps. */
export async function gather(extents: AsyncIterable<Extent>, most = 1 << 28): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const extent of extents) {
    if (extent.offset !== size) throw new Error(`an extent at ${extent.offset} follows what ends at ${size}`);
    parts.push(extent.kind === 'data' ? extent.bytes.slice() : new Uint8Array(extent.length));
    if ((size += lengthOf(extent)) > most) throw new Error(`more than ${most} bytes`);
  }
  return new Uint8Array(Buffer.concat(parts));
}

export function openBytes(bytes: Uint8Array): Promise<ImageReader> {
  return openImage(memorySource(bytes));
}

/** A disk as an image file. */
export async function imageOf(disk: Uint8Array, format: ImageFormat): Promise<Uint8Array> {
  return gather(writeImage(await openBytes(disk), { format }));
}

/** The disk in an image file. */
export async function diskOf(image: Uint8Array): Promise<Uint8Array> {
  return gather((await openBytes(image)).extents());
}

/** Whether both are the same; `expect().toEqual()` takes seconds for so many bytes. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
