/** What is in an image, whatever its format. */

import { splitZeroes, mergeZeroes, type Extent } from './extent.ts';
import { detectFormat, type ImageFormat } from './format.ts';
import { unpackGzip } from './gzip.ts';
import { Qcow2Reader } from './qcow2/reader.ts';
import { pieces, type ImageSource } from './source.ts';
import { unpackZstd } from './zstd.ts';

/** An image that is read from the beginning to the end, in bounded memory. */
export interface ImageReader {
  readonly format: ImageFormat;
  /** Of the disk, in bytes; undefined if that is known at its end only. */
  readonly virtualSize: number | undefined;
  /** What a person should know, a sentence each. */
  readonly warnings: readonly string[];
  /** The disk. May be asked for again. Data is valid until the next extent is asked for. Rejects with ImageError. */
  extents(): AsyncGenerator<Extent>;
}

/** Opens an image for reading; its format is told by its content. Rejects with ImageError. */
export async function openImage(source: ImageSource): Promise<ImageReader> {
  const format = await detectFormat(source);
  switch (format) {
    case 'raw':
      return rawReader(source);
    case 'qcow2':
      return Qcow2Reader.open(source);
    case 'gzip':
      return packedReader(source, format, unpackGzip);
    case 'zstd':
      return packedReader(source, format, unpackZstd);
  }
}

function rawReader(source: ImageSource): ImageReader {
  const extents = (): AsyncGenerator<Extent> => mergeZeroes(asExtents(pieces(source)));
  return { format: 'raw', virtualSize: source.size, warnings: [], extents };
}

function packedReader(source: ImageSource, format: ImageFormat, unpack: typeof unpackZstd): ImageReader {
  const extents = (): AsyncGenerator<Extent> => mergeZeroes(asExtents(unpack(pieces(source), source.name)));
  return { format, virtualSize: undefined, warnings: [], extents };
}

async function* asExtents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Extent> {
  let offset = 0;
  for await (const piece of bytes) {
    yield* splitZeroes(offset, piece);
    offset += piece.length;
  }
}
