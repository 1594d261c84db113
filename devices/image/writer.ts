/** Writes a disk in a format, from the beginning of the file to its end: into a file, a download, or anything. */

import { lengthOf, type Extent } from './extent.ts';
import type { ImageFormat } from './format.ts';
import { packGzip } from './gzip.ts';
import { planQcow2 } from './qcow2/layout.ts';
import { writeQcow2 } from './qcow2/writer.ts';
import type { ImageReader } from './reader.ts';
import { packZstd } from './zstd.ts';

/** How far the reading of the disk is. For qcow2 it is read twice: which clusters hold data has to be known first. */
export interface ImageProgress {
  readonly step: 'looking' | 'writing';
  /** Bytes of the disk. */
  readonly done: number;
  /** Undefined while it is not known. */
  readonly total: number | undefined;
}

export interface WriteOptions {
  readonly format: ImageFormat;
  /** Aborted, it makes the next extent reject with its reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ImageProgress) => void;
}

/**
 * The file, as extents: zeroes of a raw image may become holes. Data is valid until the next extent is asked for.
 * Rejects with ImageError, or the signal's reason.
 */
export async function* writeImage(image: ImageReader, options: WriteOptions): AsyncGenerator<Extent> {
  const { format, signal } = options;
  let total = image.virtualSize;
  const disk = async function* (step: ImageProgress['step']): AsyncGenerator<Extent> {
    let done = 0;
    for await (const extent of image.extents()) {
      signal?.throwIfAborted();
      yield extent;
      done += lengthOf(extent);
      options.onProgress?.({ step, done, total });
    }
    total = done;
    signal?.throwIfAborted();
  };
  switch (format) {
    case 'raw':
      yield* disk('writing');
      return;
    case 'qcow2':
      yield* inARow(writeQcow2(await planQcow2(disk('looking')), disk('writing')));
      return;
    case 'gzip':
      yield* inARow(packGzip(disk('writing')));
      return;
    case 'zstd':
      yield* inARow(packZstd(disk('writing')));
      return;
  }
}

async function* inARow(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Extent> {
  let offset = 0;
  for await (const piece of bytes) {
    yield { kind: 'data', offset, bytes: piece };
    offset += piece.length;
  }
}
