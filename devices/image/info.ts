/** What an image file says of itself. */

import { lengthOf } from './extent.ts';
import { detectFormat, type ImageFormat } from './format.ts';
import { readHeader, whyUnreadable, type CompressionType, type Qcow2Header } from './qcow2/header.ts';
import { readSnapshots } from './qcow2/snapshots.ts';
import { openImage } from './reader.ts';
import type { ImageSource } from './source.ts';

/** What only qcow2 has. */
export interface Qcow2Info {
  readonly version: 2 | 3;
  /** In bytes. */
  readonly clusterSize: number;
  /** How clusters are compressed, if any is. */
  readonly compression: CompressionType;
  readonly encryption: Qcow2Header['encryption'] | null;
  readonly backingFile: string | null;
  readonly dirty: boolean;
  readonly corrupt: boolean;
  readonly snapshots: readonly { readonly id: string; readonly name: string }[];
}

export interface ImageInfo {
  readonly format: ImageFormat;
  /** Of the disk, in bytes. */
  readonly virtualSize: number;
  /** Of the file, in bytes. */
  readonly fileSize: number;
  readonly qcow2: Qcow2Info | null;
  /** Why the disk cannot be read here, and what to do. */
  readonly unreadable: string | null;
}

/**
 * Looks at an image, also at one that cannot be read for its features. A compressed one is decompressed to its end,
 * since no format says surely how long that is. Rejects with ImageError, or the signal's reason.
 */
export async function imageInfo(source: ImageSource, signal?: AbortSignal): Promise<ImageInfo> {
  const format = await detectFormat(source);
  const file = { format, fileSize: source.size };
  if (format === 'qcow2') {
    const header = await readHeader(source);
    const { version, clusterSize, compression, encryption = null, backingFile = null, dirty, corrupt } = header;
    const snapshots = (await readSnapshots(source, header)).snapshots.map(({ id, name }) => ({ id, name }));
    const qcow2 = { version, clusterSize, compression, encryption, backingFile, dirty, corrupt, snapshots };
    const unreadable = whyUnreadable(header, source.name)?.message ?? null;
    return { ...file, virtualSize: header.size, qcow2, unreadable };
  }
  const image = await openImage(source);
  let virtualSize = image.virtualSize ?? 0;
  if (image.virtualSize === undefined) {
    for await (const extent of image.extents()) {
      signal?.throwIfAborted();
      virtualSize = extent.offset + lengthOf(extent);
    }
  }
  return { ...file, virtualSize, qcow2: null, unreadable: null };
}
