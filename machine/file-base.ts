/** A person's disk image as a base, read in place: raw, or qcow2. */

import { messageOf } from '../core/shared/message.ts';
import { BlockError } from '../devices/block/backend.ts';
import { blobBase, type BaseImage } from '../devices/block/base.ts';

type ImageFile = Blob & { readonly name?: string; readonly lastModified?: number };

const QCOW2_MAGIC = 0x5146_49fb;

/** Rejects with a BlockError. */
export async function fileBase(file: ImageFile): Promise<BaseImage> {
  const raw = blobBase(file);
  const head = new Uint8Array(Math.min(4, raw.size));
  await raw.read(0, head);
  const isQcow2 = head.length === 4 && new DataView(head.buffer).getUint32(0) === QCOW2_MAGIC;
  return isQcow2 ? qcow2Base(file, raw) : raw;
}

async function qcow2Base(file: ImageFile, { identity }: BaseImage): Promise<BaseImage> {
  // Few machines need them.
  const [{ Qcow2Disk }, { blobSource }] = await Promise.all([
    import('../devices/image/qcow2/random.ts'),
    import('../devices/image/source.ts'),
  ]);
  const disk = await Qcow2Disk.open(blobSource(file, file.name)).catch(fail);
  return {
    size: disk.size,
    identity: `qcow2:${identity}`,
    read: (offset, target) => disk.read(offset, target).catch(fail),
    isHole: () => false,
    close: async () => {},
  };
}

function fail(cause: unknown): never {
  throw new BlockError('store', messageOf(cause), { cause });
}

/** The name of the file that a base of this identity is; undefined if it is another. */
export function fileNameOf(identity: string): string | undefined {
  return /^(?:qcow2:)?file:(.*):\d+:\d+$/s.exec(identity)?.[1];
}
