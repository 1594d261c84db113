/** A disk of the store, held: its lock, its database, and what its manifest says. */

import { BlockError } from './backend.ts';
import type { DiskHost } from './disk-host.ts';
import { diskExists, disksOver } from './disk-list.ts';
import { openDatabase, type DiskDatabase } from './indexeddb/database.ts';
import { deleteLeftover, hasLeftover } from './indexeddb/leftover.ts';
import { changeManifest, readManifest } from './indexeddb/manifest-record.ts';
import type { DiskManifest } from './indexeddb/manifest.ts';
import { lockDisk, type LockMode, type Release } from './locks.ts';

export interface HoldOptions {
  /**
   * `exclusive`: to change it; `shared`: while it must stay as it is; `none`: to look at it as it changes, which of a
   * disk in a file nobody can.
   */
  readonly mode: LockMode | 'none';
  /** Waits for the lock until it is aborted. Without it, a lock that is not free is an error. */
  readonly wait?: AbortSignal | undefined;
  /** The first record of a disk that does not exist; without it, that is an error. */
  readonly make?: (() => DiskManifest) | undefined;
  /** The one disk that may lie over it although it is changed: what this one reads does not change by that. */
  readonly for?: string;
  /** What it reads as is not changed, so that others may lie over it. */
  readonly keepsContent?: boolean;
}

export interface HeldDisk {
  readonly database: DiskDatabase;
  readonly manifest: DiskManifest;
  /** Nobody else changes it while it is held. */
  readonly isLocked: boolean;
  /** Closes the database, and lets go of the lock. */
  readonly release: Release;
}

/**
 * Holds a disk. One that is held exclusively has no records but its own, and nothing lies over it. Reasons to reject:
 * locked, frozen, version, missing, store.
 */
export async function holdDisk(id: string, host: DiskHost, options: HoldOptions): Promise<HeldDisk> {
  const { mode, wait, make } = options;
  let unlock = mode === 'none' ? undefined : await lock(id, host, options);
  let database: DiskDatabase | undefined;
  try {
    const fresh = make && !(await diskExists(id, host)) ? make() : undefined;
    database = await openDatabase({
      ...{ id, factory: host.factory },
      ...(fresh && { version: fresh.schemaVersion, create: (store) => void store.put(fresh, 'manifest') }),
    });
    const found = await readManifest(database, id);
    // Whoever else wrote to the file would move chunks under a reader.
    if (found.store === 'opfs') unlock ??= await lockDisk(host.locks, id, { mode: 'shared', wait }).catch(sayWhy);
    const manifest = mode === 'exclusive' ? await cleared(found, database, host, options) : found;
    const opened = database;
    const release = async (): Promise<void> => {
      opened.close();
      await unlock?.();
    };
    return { database, manifest, isLocked: unlock !== undefined, release };
  } catch (error) {
    database?.close();
    await unlock?.();
    throw error;
  }
}

/** Takes the lock. A disk that may never be changed is not said to be in use. */
async function lock(id: string, host: DiskHost, options: HoldOptions): Promise<Release> {
  const { mode, wait, for: overlay, keepsContent = false } = options;
  const exclusive = mode === 'exclusive';
  const refuse = async (): Promise<void> =>
    keepsContent ? undefined : refuseFrozen(id, await disksOver(id, host).catch(() => []), overlay);
  // Else it would wait for them to end, and then be refused.
  if (exclusive && wait) await refuse();
  try {
    return await lockDisk(host.locks, id, { mode: exclusive ? 'exclusive' : 'shared', wait });
  } catch (error) {
    if (exclusive) await refuse();
    throw error;
  }
}

/** The manifest of a disk that may be changed, after all was deleted that is not its own. */
async function cleared(
  manifest: DiskManifest,
  database: DiskDatabase,
  host: DiskHost,
  { for: overlay, keepsContent = false }: HoldOptions,
): Promise<DiskManifest> {
  const { id, frozen, committing } = manifest;
  if (await hasLeftover(database)) {
    if (manifest.store !== 'opfs') await host.files.delete(id);
    await deleteLeftover(database, id, host.factory);
  }
  if (keepsContent) return manifest;
  if (committing !== undefined && committing !== overlay) throw halfCommitted(manifest);
  if (frozen === undefined) return manifest;
  const over = await disksOver(id, host);
  refuseFrozen(id, over, overlay);
  return over.length > 0 ? manifest : changeManifest(database, id, ({ frozen: _, ...rest }) => rest);
}

/** The same disk, held on, in a database of that version at least, so that older tabhyves refuse it. */
export async function upgradeHeld(held: HeldDisk, version: number, host: DiskHost): Promise<HeldDisk> {
  if (held.database.version >= version) return held;
  held.database.close();
  const { id } = held.manifest;
  const database = await openDatabase({ id, factory: host.factory, version });
  const manifest = await changeManifest(database, id, (known) => ({ ...known, schemaVersion: version }));
  const release = async (): Promise<void> => {
    database.close();
    await held.release();
  };
  return { database, manifest, isLocked: held.isLocked, release };
}

function refuseFrozen(id: string, over: readonly string[], overlay: string | undefined): void {
  const others = over.filter((other) => other !== overlay);
  if (others.length === 0) return;
  const named = others.map((other) => `"${other}"`).join(', ');
  const message =
    `The disk "${id}" can only be read, as long as others lie over it (${named}). Delete those, or ` +
    'clone this one and use the clone.';
  throw new BlockError('frozen', message);
}

/** Of a disk into which a part of an overlay's changes was written. */
export function halfCommitted({ id, committing }: DiskManifest): BlockError {
  const message =
    `A part of the changes of "${committing}" was written to the disk "${id}" when that was interrupted. ` +
    `Commit "${committing}" again; nothing is lost.`;
  return new BlockError('frozen', message);
}

/** Other disks can be read while another writes to them. */
function sayWhy(error: unknown): never {
  if (!(error instanceof BlockError && error.reason === 'locked')) throw error;
  const why = "It is kept in a file; only a disk in the browser's database can be read while another writes to it.";
  throw new BlockError('locked', `${error.message} ${why}`, { cause: error });
}
