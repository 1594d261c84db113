import { BlockError } from '../backend.ts';
import { browserHost, type DiskHost } from '../disk-host.ts';
import { findDisk } from '../disk-list.ts';
import { DEPTH_MAX } from '../disks.ts';
import { halfCommitted, holdDisk, upgradeHeld, type HeldDisk } from '../hold.ts';
import { STACK_SCHEMA_VERSION } from '../indexeddb/database.ts';
import { changeManifest } from '../indexeddb/manifest-record.ts';
import type { DiskManifest, StoreKind } from '../indexeddb/manifest.ts';
import { makeDisk } from './making.ts';

/** Makes an empty disk over one of the store, to which nothing is written from now on. */
export async function createOver(
  id: string,
  name: string,
  store: StoreKind | undefined,
  host = browserHost(),
): Promise<DiskManifest> {
  const lower = await holdFrozen(id, host);
  try {
    const { size, frozen = '' } = lower.manifest;
    if ((await depthOf(lower.manifest, host)) >= DEPTH_MAX) {
      const message = `More than ${DEPTH_MAX} disks cannot lie over each other: commit or clone one of them.`;
      throw new BlockError('base', message);
    }
    const base = { identity: frozen, size, disk: id };
    return await makeDisk({ name, size, store, base }, host, async () => undefined);
  } finally {
    await lower.release();
  }
}

/** Holds a disk whose content has a name, and does not change. */
async function holdFrozen(id: string, host: DiskHost): Promise<HeldDisk> {
  if ((await findDisk(id, host))?.frozen !== undefined) {
    const held = await holdDisk(id, host, { mode: 'shared' });
    if (held.manifest.committing === undefined && held.manifest.frozen !== undefined) return held;
    await held.release();
    if (held.manifest.committing !== undefined) throw halfCommitted(held.manifest);
  }
  let held = await holdDisk(id, host, { mode: 'exclusive' });
  try {
    // First the version: a tabhyve that knows nothing of frozen disks must not write to this one from here on.
    held = await upgradeHeld(held, STACK_SCHEMA_VERSION, host);
    const frozen = `disk:${crypto.randomUUID()}`;
    return { ...held, manifest: await changeManifest(held.database, id, (known) => ({ ...known, frozen })) };
  } catch (error) {
    await held.release();
    throw error;
  }
}

async function depthOf(manifest: DiskManifest, host: DiskHost): Promise<number> {
  let depth = 1;
  for (let below = manifest.base?.disk; below !== undefined && depth <= DEPTH_MAX; depth++) {
    below = (await findDisk(below, host))?.base?.disk;
  }
  return depth;
}
