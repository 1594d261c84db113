/** A qcow2 image as a base, read in place: whatever brings its bytes, a person's file or a server. */

import { messageOf } from '../core/shared/message.ts';
import { BlockError } from '../devices/block/backend.ts';
import type { BaseImage } from '../devices/block/base.ts';
import { isQcow2, MAGIC_BYTES } from '../devices/image/qcow2/magic.ts';

/**
 * The disk in an image file: the file itself if it is raw, else what the qcow2 image in it shows. `name` is for messages.
 * Rejects with a BlockError, and has closed the file then.
 */
export async function diskIn(file: BaseImage, name: string): Promise<BaseImage> {
  try {
    const start = new Uint8Array(Math.min(MAGIC_BYTES, file.size));
    await file.read(0, start);
    return isQcow2(start) ? await openQcow2(file, name) : file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openQcow2(file: BaseImage, name: string): Promise<BaseImage> {
  // Few machines need it.
  const { Qcow2Disk } = await import('../devices/image/qcow2/random.ts');
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(length);
    await file.read(offset, bytes);
    return bytes;
  };
  const disk = await Qcow2Disk.open({ name, size: file.size, read }).catch(fail);
  return {
    size: disk.size,
    identity: `qcow2:${file.identity}`,
    read: (offset, target) => disk.read(offset, target).catch(fail),
    isHole: () => false,
    close: () => file.close(),
  };
}

function fail(cause: unknown): never {
  throw cause instanceof BlockError ? cause : new BlockError('store', messageOf(cause), { cause });
}
