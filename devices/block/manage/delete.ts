import { BlockError } from '../backend.ts';
import { browserHost, type DiskHost } from '../disk-host.ts';
import { disksOver, findDisk } from '../disk-list.ts';
import { deleteDatabase } from '../indexeddb/database.ts';
import { halfCommitted } from '../hold.ts';
import { lockDisk } from '../locks.ts';

/**
 * Deletes a disk and all that is on it. Rejects when one writes to it, and when others lie over it; who reads it without
 * that loses it.
 */
export async function deleteDisk(id: string, host = browserHost()): Promise<void> {
  await refuseUnder(id, host);
  const release = await lockDisk(host.locks, id);
  try {
    // As long as it is locked, none comes to lie over it.
    await refuseUnder(id, host);
    await refuseHalf(id, host);
    await deleteDatabase(id, host.factory);
    await host.files.delete(id);
  } finally {
    await release();
  }
}

/** What is damaged, or a newer tabhyve wrote, is a person's to delete. */
async function refuseUnder(id: string, host: DiskHost): Promise<void> {
  const manifest = await findDisk(id, host).catch(() => undefined);
  const over = manifest?.frozen === undefined ? [] : await disksOver(id, host);
  if (over.length === 0) return;
  const named = over.map((other) => `"${other}"`).join(', ');
  throw new BlockError('frozen', `The disk "${id}" is needed by others that lie over it: delete ${named} first.`);
}

/** Without the rest of its changes, the disk below it would be neither old nor new. */
async function refuseHalf(id: string, host: DiskHost): Promise<void> {
  const below = (await findDisk(id, host).catch(() => undefined))?.base?.disk;
  if (below === undefined) return;
  const manifest = await findDisk(below, host).catch(() => undefined);
  if (manifest?.committing === id) throw halfCommitted(manifest);
}
