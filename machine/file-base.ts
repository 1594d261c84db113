/** A person's disk image as a base, read in place: raw, or qcow2. */

import { blobBase, type BaseImage } from '../devices/block/base.ts';
import { diskIn } from './qcow2-base.ts';

type ImageFile = Blob & { readonly name?: string; readonly lastModified?: number };

/** Rejects with a BlockError. */
export function fileBase(file: ImageFile): Promise<BaseImage> {
  return diskIn(blobBase(file), file.name ?? 'the image');
}

/** The name of the file that a base of this identity is; undefined if it is another. */
export function fileNameOf(identity: string): string | undefined {
  return /^(?:qcow2:)?file:(.*):\d+:\d+$/s.exec(identity)?.[1];
}
