/** Opens the disks of this origin. What else is done with them is in manage/. */

import { BlockError, checkSize } from './backend.ts';
import type { BaseImage } from './base.ts';
import { giveUpBaseCache } from './base-cache/shared.ts';
import { openStore } from './chunk-stores.ts';
import type { ChunkStore } from './chunk-store.ts';
import { browserHost, checkId, type DiskHost } from './disk-host.ts';
import { halfCommitted, holdDisk, type HeldDisk } from './hold.ts';
import { changeManifest, newManifest } from './indexeddb/manifest-record.ts';
import type { BaseReference } from './indexeddb/manifest.ts';
import type { DiskManifest, StoreKind } from './indexeddb/manifest.ts';
import { StoreBackend, type CacheLimits } from './store-backend.ts';

export { diskExists, findDisk, listDisks } from './disk-list.ts';
export { deleteDisk } from './manage/delete.ts';

export interface OpenDiskOptions {
  /** Letters, digits, `.`, `_` and `-`. */
  readonly id: string;
  /** In bytes; of a disk that exists, what it was made with is used. Default: the base's size. */
  readonly size?: number | undefined;
  /** What the person calls it; default: its id. */
  readonly name?: string | undefined;
  /** Where a disk that is made keeps its chunks. Default: `indexeddb`. */
  readonly store?: StoreKind | undefined;
  /**
   * The image that it lies over, or that the lowest of the disks lies over on which it is. Closed with the disk. It has to
   * be given again whenever an overlay is opened, unless `openImage` finds it.
   */
  readonly base?: BaseImage | undefined;
  /** Where the base came from; remembered in the manifest. */
  readonly baseUrl?: string | undefined;
  /** Opens the image that a manifest names, where no `base` is given. */
  readonly openImage?: ((reference: BaseReference) => Promise<BaseImage | undefined>) | undefined;
  /**
   * Any number of tabs may open a disk read-only. They see one in IndexedDB as it was then, and what is written since as
   * it comes; one in a file is not written meanwhile.
   */
  readonly readOnly?: boolean | undefined;
  /** Of a disk that is opened read-only: nobody writes to it as long as it is open. */
  readonly steady?: boolean | undefined;
  /** False: a disk that does not exist is an error, and not made. */
  readonly create?: boolean | undefined;
  /** Waits for a disk that is in use until it is aborted. Without it, such a disk is an error. */
  readonly wait?: AbortSignal | undefined;
  /** Called once if another tab deletes the disk, or the browser clears it. From then on, every call is rejected. */
  readonly onLost?: ((error: BlockError) => void) | undefined;
  readonly limits?: Partial<CacheLimits> | undefined;
}

/** A disk in the store, and what it is. */
export interface Disk {
  readonly backend: StoreBackend;
  readonly manifest: DiskManifest;
}

/** Disks that may lie over each other. Each has a cache and a map of its own in memory. */
export const DEPTH_MAX = 8;

/** Opens a disk, and makes it if there is none of that id. Reasons to reject: locked, frozen, version, base, missing, store. */
export async function openDisk(options: OpenDiskOptions, host = browserHost()): Promise<Disk> {
  const { id, readOnly = false, steady = false, wait } = options;
  checkId(id);
  const make = readOnly || options.create === false ? undefined : () => freshManifest(options, host);
  const mode = !readOnly ? 'exclusive' : steady ? 'shared' : 'none';
  const held = await holdDisk(id, host, { mode, wait, make });
  return openHeld(held, options, host, 1);
}

/** Opens a disk that is held; lets go of it if that fails. */
async function openHeld(held: HeldDisk, options: OpenDiskOptions, host: DiskHost, depth: number): Promise<Disk> {
  const { database, manifest } = held;
  const { readOnly = false, limits, onLost } = options;
  if (onLost) database.onLost = onLost;
  const saveSize = async (size: number): Promise<void> => {
    await changeManifest(database, manifest.id, (known) => ({ ...known, size: Math.max(known.size, size) }));
  };
  let base: BaseImage | undefined;
  let store: ChunkStore | undefined;
  try {
    if (depth === 1 && manifest.committing !== undefined) throw halfCommitted(manifest);
    base = await openBase(manifest, options, host, depth);
    store = await openStore(held, host, { readOnly });
    const { size } = manifest;
    const makeRoom = giveUpBaseCache;
    const backend = await StoreBackend.open({ size, store, base, readOnly, saveSize, limits, makeRoom });
    return { backend, manifest };
  } catch (error) {
    await store?.close().catch(() => undefined);
    // What was given is closed by who gave it.
    if (base !== options.base) await base?.close();
    await held.release();
    throw error;
  }
}

async function openBase(
  manifest: DiskManifest,
  options: OpenDiskOptions,
  host: DiskHost,
  depth: number,
): Promise<BaseImage | undefined> {
  const reference = manifest.base;
  if (reference?.disk !== undefined) return openLower(reference, reference.disk, options, host, depth + 1);
  const given = options.base ?? (reference && (await options.openImage?.(reference)));
  try {
    checkBase(manifest, given);
  } catch (error) {
    if (given !== options.base) await given?.close();
    throw error;
  }
  return given;
}

/** A disk as what another lies over: nobody writes to it meanwhile. */
async function openLower(
  reference: BaseReference,
  id: string,
  { base, openImage, onLost, limits, wait }: OpenDiskOptions,
  host: DiskHost,
  depth: number,
): Promise<BaseImage> {
  if (depth > DEPTH_MAX) throw new BlockError('base', `More than ${DEPTH_MAX} disks lie over each other.`);
  const held = await holdDisk(id, host, { mode: 'shared', wait }).catch((error: unknown) => {
    if (!(error instanceof BlockError) || error.reason !== 'missing') throw error;
    throw new BlockError('base', `The disk "${id}", which this one lies over, is gone. Delete this one too.`);
  });
  if (held.manifest.frozen !== reference.identity) {
    await held.release();
    const message = `The disk "${id}" was changed since this one was made over it, and cannot be read with it.`;
    throw new BlockError('base', message);
  }
  const { backend } = await openHeld(held, { id, base, openImage, onLost, limits, readOnly: true }, host, depth);
  return {
    size: backend.geometry.size,
    identity: reference.identity,
    read: (offset, target) => backend.read(offset, target),
    isHole: (offset, length) => backend.isHole(offset, length),
    close: () => backend.close(),
  };
}

function freshManifest({ id, size, name, base, baseUrl, store }: OpenDiskOptions, host: DiskHost): DiskManifest {
  const bytes = size ?? base?.size ?? 0;
  checkSize(bytes);
  const reference = base && { identity: base.identity, size: base.size, ...(baseUrl && { url: baseUrl }) };
  return newManifest({ id, name: name ?? id, size: bytes, store, base: reference, created: host.now() });
}

function checkBase({ id, base: reference }: DiskManifest, base: BaseImage | undefined): void {
  if (reference?.identity === base?.identity) return;
  const message = !reference
    ? `The disk "${id}" holds a whole image of its own, and lies over no base. Open it without one.`
    : base
      ? `The disk "${id}" was made over another version of its base image, and cannot be read with this one. ` +
        'Delete the disk to begin again from the new image, or bring the old image back.'
      : `The disk "${id}" is an overlay: open it together with its base image${reference.url ? ` (${reference.url})` : ''}.`;
  throw new BlockError('base', message);
}
