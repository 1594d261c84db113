import { openStore } from '../chunk-stores.ts';
import { browserHost } from '../disk-host.ts';
import { halfCommitted, holdDisk } from '../hold.ts';
import type { DiskManifest } from '../indexeddb/manifest.ts';
import { ChunkMap } from '../chunk-map.ts';
import { lockDisk, type Release } from '../locks.ts';
import { copyChunks } from './copy.ts';
import { makeDisk } from './making.ts';
import type { Proceed } from './progress.ts';

/** Makes a disk with the same content, in chunks of its own, over the same base. Cancelled or interrupted, there is none. */
export async function cloneDisk(
  id: string,
  name: string,
  proceed: Proceed,
  host = browserHost(),
): Promise<DiskManifest> {
  const held = await holdDisk(id, host, { mode: 'shared' });
  let below: Release | undefined;
  try {
    const { manifest } = held;
    if (manifest.committing !== undefined) throw halfCommitted(manifest);
    // Until the clone is a disk, nobody sees that it lies over that.
    if (manifest.base?.disk !== undefined) below = await lockDisk(host.locks, manifest.base.disk, { mode: 'shared' });
    const { size, store, base } = manifest;
    const from = await openStore(held, host, { readOnly: true, lent: true });
    try {
      const map = await from.load();
      const hide = base !== undefined;
      return await makeDisk({ name, size, store, base }, host, (to) =>
        copyChunks({ from, map, to, target: new ChunkMap(), hide, proceed }),
      );
    } finally {
      await from.close();
    }
  } finally {
    await held.release();
    await below?.();
  }
}
