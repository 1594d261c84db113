import { checkSize } from '../backend.ts';
import { browserHost } from '../disk-host.ts';
import type { DiskManifest, StoreKind } from '../indexeddb/manifest.ts';
import { makeDisk } from './making.ts';

export interface CreateOptions {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly store?: StoreKind | undefined;
}

/** Makes an empty disk over nothing. */
export async function createDisk({ name, size, store }: CreateOptions, host = browserHost()): Promise<DiskManifest> {
  checkSize(size);
  return makeDisk({ name, size, store, base: undefined }, host, async () => undefined);
}
