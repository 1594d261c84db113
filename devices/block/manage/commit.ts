import { BlockError } from '../backend.ts';
import { openStore } from '../chunk-stores.ts';
import { browserHost, type DiskHost } from '../disk-host.ts';
import { holdDisk, type HeldDisk } from '../hold.ts';
import { changeManifest } from '../indexeddb/manifest-record.ts';
import { copyChunks } from './copy.ts';
import { Progress, type Proceed } from './progress.ts';
import { emptyDisk } from './reset.ts';

/**
 * Writes what an overlay holds into the disk that it lies over, and empties it. At every moment the overlay reads as
 * before, since what it holds is in it until all is in the other. Until then that one says that it is neither old nor new:
 * it can be read through this overlay only, and the commit must be done again, which goes on to the same end.
 */
export async function commitDisk(id: string, proceed: Proceed, host = browserHost()): Promise<void> {
  const overlay = await holdDisk(id, host, { mode: 'exclusive' });
  try {
    const below = overlay.manifest.base?.disk;
    if (below === undefined) throw notOver(overlay);
    const lower = await holdDisk(below, host, { mode: 'exclusive', for: id });
    try {
      await write(overlay, lower, host, proceed);
    } finally {
      await lower.release();
    }
    await emptyDisk(overlay, host);
  } finally {
    await overlay.release();
  }
}

async function write(overlay: HeldDisk, lower: HeldDisk, host: DiskHost, proceed: Proceed): Promise<void> {
  const { id, size, base: reference } = overlay.manifest;
  if (lower.manifest.frozen !== reference?.identity) {
    throw new BlockError('base', `The disk "${lower.manifest.id}" was changed since "${id}" was made over it.`);
  }
  const from = await openStore(overlay, host, { readOnly: true, lent: true });
  try {
    const map = await from.load();
    await new Progress(proceed, 0).finish();
    await changeManifest(lower.database, lower.manifest.id, (known) => ({ ...known, committing: id }));
    const to = await openStore(lower, host, { lent: true });
    try {
      const hide = lower.manifest.base !== undefined || lower.manifest.layers.length > 1;
      await copyChunks({ from, map, to, target: await to.load(), hide, proceed });
    } finally {
      await to.close();
    }
    await changeManifest(lower.database, lower.manifest.id, ({ committing: _, ...known }) => ({
      ...known,
      size: Math.max(known.size, size),
    }));
  } finally {
    await from.close();
  }
}

function notOver({ manifest: { id, base } }: HeldDisk): BlockError {
  const message = base
    ? `The disk "${id}" lies over an image that is not in the store, and an image is never changed. Clone the disk, or export it.`
    : `The disk "${id}" lies over nothing, so there is nothing to write its changes into.`;
  return new BlockError('base', message);
}
