/** Disks of the machine in Node: raw files, in place or under an overlay that is thrown away. */
import { open, stat } from 'node:fs/promises';
import { BlockError, SECTOR, type BlockBackend } from '../devices/block/backend.ts';
import { MemoryBackend } from '../devices/block/memory.ts';
import { fileBase, RawFileBackend } from '../devices/block/raw-file.node.ts';
import { isQcow2, MAGIC_BYTES } from '../devices/image/qcow2/magic.ts';
import type { BlockTraits } from '../devices/virtio/index.ts';
import { countRequests, type DiskRequests } from './disk-requests.ts';
import type { MachineDisk } from './machine.ts';

export { BlockError } from '../devices/block/backend.ts';
export type { DiskRequests } from './disk-requests.ts';

export interface FileDisk extends BlockTraits {
  readonly path: string;
  readonly readOnly?: boolean;
  /** Passes by the host's cache: Linux only, and files of whole blocks of 4096 bytes. */
  readonly noCache?: boolean;
  /** Writes go to memory, and are forgotten with the disk. */
  readonly throwAway?: boolean;
}

export interface CountedDisk extends MachineDisk {
  /** What has been asked of it so far. */
  readonly requests: Readonly<DiskRequests>;
  /** Calls `listener` when the disk has become larger, since its file has. A disk that is thrown away stays as it is. */
  readonly onGrown: (listener: () => void) => void;
}

/** Opens a file as a disk. `warn` is told once if discarded space cannot be given back. Rejects with BlockError. */
export async function openFileDisk(disk: FileDisk, id: string, warn: (line: string) => void): Promise<CountedDisk> {
  const { path, readOnly: _readOnly, noCache: _noCache, throwAway: _throwAway, ...traits } = disk;
  const logical = traits.sectorSize?.logical ?? SECTOR;
  const backend = await openBackend(disk, warn);
  const { size } = backend.geometry;
  if (size % logical === 0) {
    const onGrown = (listener: () => void): void => {
      if (backend instanceof RawFileBackend) backend.onGrown(listener, logical);
    };
    return { id, ...traits, ...countRequests(backend), onGrown };
  }
  await backend.close();
  throw new BlockError('range', `${path} has ${size} bytes, which are no whole sectors of ${logical}: make it larger.`);
}

async function openBackend(disk: FileDisk, warn: (line: string) => void): Promise<BlockBackend> {
  const { path, readOnly = false, noCache = false } = disk;
  await refuseOther(path);
  if (disk.throwAway !== true) return RawFileBackend.open({ path, readOnly, noCache, warn });
  const base = await fileBase(path, { noCache });
  return new MemoryBackend({ base, readOnly });
}

/** Refuses what would be taken for a raw disk although it is something else. What cannot be opened is for the backend. */
async function refuseOther(path: string): Promise<void> {
  if ((await stat(path).catch(() => undefined))?.isDirectory() === true) {
    throw new BlockError('store', `${path} is a folder; a disk is a file.`);
  }
  const file = await open(path, 'r').catch(() => undefined);
  try {
    const start = Buffer.alloc(MAGIC_BYTES);
    await file?.read(start, 0, start.length, 0);
    if (!isQcow2(start)) return;
  } finally {
    await file?.close();
  }
  const advice = `npx tabhyve disk convert ${path} disk.img`;
  throw new BlockError('store', `${path} is a qcow2 image, and disks are raw: convert it (${advice}).`);
}
