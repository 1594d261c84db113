/** Where the bytes of an image file come from. */

import { damaged, ImageError } from './errors.ts';

/** An image file, read in pieces. Nobody changes it meanwhile. */
export interface ImageSource {
  /** For messages. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /**
   * The bytes from `offset`; the caller keeps within the file, and may keep them until the next call.
   * Rejects with {@link ImageError}.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A file in memory. */
export function memorySource(bytes: Uint8Array, name = 'image'): ImageSource {
  return { name, size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

/** A file that a person chose. */
export function blobSource(blob: Blob, name = 'image'): ImageSource {
  return {
    name,
    size: blob.size,
    async read(offset, length) {
      try {
        return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
      } catch (cause) {
        const message = `Could not read ${name}. It was moved, changed or removed since it was chosen: choose it again.`;
        throw new ImageError('read', message, { cause });
      }
    },
  };
}

/** Exactly these bytes; `what` says in a message what they are, such as "its L1 table". */
export async function readWithin(
  source: ImageSource,
  offset: number,
  length: number,
  what: string,
): Promise<Uint8Array> {
  if (!(offset >= 0 && offset + length <= source.size)) {
    throw damaged(`${source.name}: ${what} lies beyond the end of the file.`);
  }
  return readAll(source, offset, length);
}

/** These bytes; zeroes stand for those beyond the end of the file. */
export async function readPadded(source: ImageSource, offset: number, length: number): Promise<Uint8Array> {
  const inside = Math.max(0, Math.min(length, source.size - offset));
  if (inside === length && length > 0) return readAll(source, offset, length);
  const padded = new Uint8Array(length);
  if (inside > 0) padded.set(await readAll(source, offset, inside));
  return padded;
}

async function readAll(source: ImageSource, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await source.read(offset, length);
  if (bytes.length === length) return bytes;
  throw new ImageError('read', `${source.name} became shorter while it was read: try again.`);
}

/** Bytes in a piece of a file that is read from beginning to end. */
export const PIECE = 1 << 20;

/** All of a file, in order. */
export async function* pieces(source: ImageSource, from = 0): AsyncGenerator<Uint8Array> {
  for (let offset = from; offset < source.size; offset += PIECE) {
    yield await readAll(source, offset, Math.min(PIECE, source.size - offset));
  }
}
