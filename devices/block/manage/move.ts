import { openStore } from '../chunk-stores.ts';
import { browserHost, type DiskHost } from '../disk-host.ts';
import { holdDisk, upgradeHeld, type HeldDisk } from '../hold.ts';
import { completed, FILE_SCHEMA_VERSION } from '../indexeddb/database.ts';
import { deleteLeftover, freshLayer, leaveLayers } from '../indexeddb/leftover.ts';
import { changeIn, readManifest } from '../indexeddb/manifest-record.ts';
import type { DiskManifest, StoreKind } from '../indexeddb/manifest.ts';
import { copyChunks } from './copy.ts';
import type { Proceed } from './progress.ts';

/**
 * Moves a disk to another store: into a layer of its own there, with its content still in the old one, until one transaction makes
 * the new layer the disk's. Cancelled or interrupted before that, it is where it was.
 */
export async function moveDisk(id: string, store: StoreKind, proceed: Proceed, host = browserHost()): Promise<void> {
  let held = await holdDisk(id, host, { mode: 'exclusive', keepsContent: true });
  try {
    if ((held.manifest.store ?? 'indexeddb') === store) return;
    if (store === 'opfs') held = await upgradeHeld(held, FILE_SCHEMA_VERSION, host);
    await move(held, moved(held.manifest, store), host, proceed);
  } finally {
    await held.release();
  }
}

function moved({ store: _, ...manifest }: DiskManifest, store: StoreKind): DiskManifest {
  return { ...manifest, ...(store === 'opfs' && { store }), layers: [freshLayer(manifest.layers)] };
}

async function move(held: HeldDisk, target: DiskManifest, host: DiskHost, proceed: Proceed): Promise<void> {
  const { database, manifest } = held;
  const { id } = manifest;
  await database.strict('readwrite', (records) => {
    leaveLayers(records, target.layers);
    return completed(records.transaction);
  });
  try {
    await copy(held, target, host, proceed);
    await database.strict('readwrite', (records) => {
      leaveLayers(records, manifest.layers);
      return changeIn(records, id, ({ name }) => ({ ...target, name }));
    });
  } finally {
    // What is not the disk's, before or after. Where this fails, who holds the disk next does it.
    const known = await readManifest(database, id).catch(() => undefined);
    if (known !== undefined) {
      if (known.store !== 'opfs') await host.files.delete(id);
      await deleteLeftover(database, id, host.factory);
    }
  }
}

async function copy(held: HeldDisk, target: DiskManifest, host: DiskHost, proceed: Proceed): Promise<void> {
  const from = await openStore(held, host, { readOnly: true, lent: true });
  try {
    const map = await from.load();
    const to = await openStore({ ...held, manifest: target }, host, { lent: true });
    try {
      await copyChunks({ from, map, to, target: await to.load(), hide: true, proceed });
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}
