import { browserHost, type DiskHost } from '../disk-host.ts';
import { disksOver, findDisk } from '../disk-list.ts';
import { deleteDatabase } from '../indexeddb/database.ts';
import { BlockError } from '../backend.ts';
import { halfCommitted } from '../hold.ts';
import { lockDisk } from '../locks.ts';

/**
 * Deletes a disk and all that is on it. Rejects when one writes to it, and when others lie over it; who reads it without
 * that loses it.
 */
export async function deleteDisk(id: string, host = browserHost()): Promise<void> {
  const over = await disksOver(id, host);
  if (over.length > 0) throw liesUnder(id, over);
  const release = await lockDisk(host.locks, id);
  try {
    // As long as it is locked, none comes to lie over it.
    const since = await disksOver(id, host);
    if (since.length > 0) throw liesUnder(id, since);
    await refuseHalf(id, host);
    await deleteDatabase(id, host.factory);
    await host.files.delete(id);
  } finally {
    await release();
  }
}

/** Without the rest of its changes, the disk below it would be neither old nor new. */
async function refuseHalf(id: string, host: DiskHost): Promise<void> {
  const below = (await findDisk(id, host).catch(() => undefined))?.base?.disk;
  if (below === undefined) return;
  const manifest = await findDisk(below, host).catch(() => undefined);
  if (manifest?.committing === id) throw halfCommitted(manifest);
}

function liesUnder(id: string, over: readonly string[]): BlockError {
  const named = over.map((other) => `"${other}"`).join(', ');
  return new BlockError('frozen', `The disk "${id}" is needed by others that lie over it: delete ${named} first.`);
}
