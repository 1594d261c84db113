/** What disks need of the browser. */

import { BlockError } from './backend.ts';
import { LocalLocks, type Locks } from './locks.ts';
import { deleteSlotFile, listSlotFiles, openSlotFile } from './opfs/slot-file.ts';
import type { OpenFileOptions, SlotFile } from './opfs/slot-file.ts';

/** What the browser provides; injected in tests. */
export interface DiskHost {
  readonly factory: IDBFactory;
  readonly locks: Locks;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly files: DiskFiles;
}

/** Files that hold the chunks of disks, by the disks' ids. */
export interface DiskFiles {
  open(id: string, options?: OpenFileOptions): Promise<SlotFile>;
  delete(id: string): Promise<void>;
  /** Ids of all disks that have one. */
  list(): Promise<string[]>;
}

const localLocks = new LocalLocks();

export function browserHost(): DiskHost {
  if (typeof indexedDB === 'undefined') {
    const message = 'This browser has no IndexedDB here (a private window?), so it cannot keep a disk.';
    throw new BlockError('store', message);
  }
  const { navigator } = globalThis as { readonly navigator?: { readonly locks?: Locks } };
  const files = { open: openSlotFile, delete: deleteSlotFile, list: listSlotFiles };
  return { factory: indexedDB, locks: navigator?.locks ?? localLocks, now: () => Date.now(), files };
}

/** Throws unless `id` can be the id of a disk. */
export function checkId(id: string): void {
  if (/^[\w.-]{1,100}$/.test(id)) return;
  throw new BlockError('range', `"${id}" cannot name a disk: use up to 100 letters, digits, ".", "_" and "-".`);
}
