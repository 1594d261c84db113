import { BlockError } from '../devices/block/backend.ts';
import type { BaseImage } from '../devices/block/base.ts';
import type { BaseReference } from '../devices/block/indexeddb/manifest.ts';
import { fileBase, fileNameOf } from './file-base.ts';
import { openBase } from './open-disks.ts';

/** Opens the image that a manifest names, or the person's file. */
export function imageOpener(file: Blob | undefined): (reference: BaseReference) => Promise<BaseImage | undefined> {
  return async ({ identity, url }) => {
    if (fileNameOf(identity) === undefined) return openBase(url, undefined, identity);
    if (file) return fileBase(file);
    const message =
      'This disk holds the changes to a file on your computer, and is nothing without it. Choose that file under Files, ' +
      'then export the disk.';
    throw new BlockError('base', message);
  };
}
