import { checkSize } from '../backend.ts';
import { browserHost } from '../disk-host.ts';
import { newManifest } from '../indexeddb/manifest-record.ts';
import type { DiskManifest, StoreKind } from '../indexeddb/manifest.ts';
import { freshId, makeDisk } from './making.ts';
import { checkName } from './rename.ts';

export interface CreateOptions {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly store?: StoreKind | undefined;
}

/** Makes an empty disk over nothing. */
export async function createDisk({ name, size, store }: CreateOptions, host = browserHost()): Promise<DiskManifest> {
  checkSize(size);
  const disk = { id: await freshId(name, host), name: checkName(name), size, store, base: undefined };
  return makeDisk(newManifest({ ...disk, created: host.now() }), host, async () => undefined);
}
