import { checkGrowth } from '../backend.ts';
import { browserHost } from '../disk-host.ts';
import { holdDisk } from '../hold.ts';
import { changeManifest } from '../indexeddb/manifest-record.ts';

/** Makes a disk larger that is not in use. What is new reads as what it lies over, or as zeroes. */
export async function resizeDisk(id: string, size: number, host = browserHost()): Promise<void> {
  const { database, manifest, release } = await holdDisk(id, host, { mode: 'exclusive' });
  try {
    checkGrowth({ ...manifest, readOnly: false }, size);
    await changeManifest(database, id, (known) => ({ ...known, size }));
  } finally {
    await release();
  }
}
