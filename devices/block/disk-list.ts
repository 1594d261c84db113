/** Which disks this origin has, and which lie over which. */

import { BlockError } from './backend.ts';
import { browserHost, type DiskHost } from './disk-host.ts';
import { databaseNames, diskIdOf, openDatabase } from './indexeddb/database.ts';
import { readManifest } from './indexeddb/manifest-record.ts';
import type { DiskManifest } from './indexeddb/manifest.ts';

/** The manifests of all disks, in the order in which they were made. */
export async function listDisks(host = browserHost()): Promise<DiskManifest[]> {
  const manifests: DiskManifest[] = [];
  for (const id of await diskIds(host)) {
    const manifest = await manifestOf(id, host).catch(() => undefined);
    if (manifest) manifests.push(manifest);
  }
  return manifests.sort((a, b) => a.created - b.created);
}

/** The manifest of a disk; undefined if there is none of that id. Rejects when it cannot be read. */
export async function findDisk(id: string, host = browserHost()): Promise<DiskManifest | undefined> {
  return (await diskExists(id, host)) ? manifestOf(id, host) : undefined;
}

export async function diskExists(id: string, host = browserHost()): Promise<boolean> {
  return (await diskIds(host)).includes(id);
}

/** Ids of the disks that lie over one. A disk that a newer tabhyve wrote might: rejects if there is one. */
export async function disksOver(id: string, host: DiskHost): Promise<string[]> {
  const over: string[] = [];
  for (const other of await diskIds(host)) {
    const manifest = await manifestOf(other, host).catch((error: unknown) => {
      if (!(error instanceof BlockError) || error.reason !== 'version') return undefined;
      const message = `The disk "${other}" was written by a newer tabhyve, and may lie over "${id}". Reload the page to get it.`;
      throw new BlockError('version', message, { cause: error });
    });
    if (manifest?.base?.disk === id) over.push(other);
  }
  return over;
}

async function manifestOf(id: string, host: DiskHost): Promise<DiskManifest> {
  const database = await openDatabase({ id, factory: host.factory });
  try {
    return await readManifest(database, id);
  } finally {
    database.close();
  }
}

export async function diskIds(host: DiskHost): Promise<string[]> {
  return (await databaseNames(host.factory)).map(diskIdOf).filter((id) => id !== undefined);
}
