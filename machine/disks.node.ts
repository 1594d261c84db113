/** Disks of the machine in Node: raw files, in place or under an overlay that is thrown away. */
import type { BlockBackend } from '../devices/block/backend.ts';
import { MemoryBackend } from '../devices/block/memory.ts';
import { fileBase, RawFileBackend } from '../devices/block/raw-file.node.ts';
import { countRequests, type DiskRequests } from './disk-requests.ts';
import type { MachineDisk } from './machine.ts';

export { BlockError } from '../devices/block/backend.ts';
export type { DiskRequests } from './disk-requests.ts';

export interface FileDisk {
  readonly path: string;
  readonly readOnly?: boolean;
  /** Writes go to memory, and are forgotten with the disk. */
  readonly throwAway?: boolean;
}

export interface CountedDisk extends MachineDisk {
  /** What has been asked of it so far. */
  readonly requests: Readonly<DiskRequests>;
}

/** Opens a file as a disk. `warn` is told once if discarded space cannot be given back. Rejects with BlockError. */
export async function openFileDisk(disk: FileDisk, id: string, warn: (line: string) => void): Promise<CountedDisk> {
  return { id, ...countRequests(await openBackend(disk, warn)) };
}

async function openBackend(disk: FileDisk, warn: (line: string) => void): Promise<BlockBackend> {
  const { path, readOnly = false } = disk;
  if (disk.throwAway !== true) return RawFileBackend.open({ path, readOnly, warn });
  const base = await fileBase(path);
  return new MemoryBackend({ base, readOnly });
}
