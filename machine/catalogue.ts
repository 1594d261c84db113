/** The disks of this origin, as the page manages them. */
import { listDisks, diskExists } from '../devices/block/disk-list.ts';
import { DEPTH_MAX } from '../devices/block/disks.ts';
import { browserHost } from '../devices/block/disk-host.ts';
import type { DiskManifest, StoreKind } from '../devices/block/indexeddb/manifest.ts';
import { lockedDisks, type LockMode } from '../devices/block/locks.ts';
import { removeOldExports } from '../devices/block/transfer/private-export.ts';
import { cloneDisk } from '../devices/block/manage/clone.ts';
import { commitDisk } from '../devices/block/manage/commit.ts';
import { createDisk } from '../devices/block/manage/create.ts';
import { deleteDisk } from '../devices/block/manage/delete.ts';
import { inspectDisk, mapDisk } from '../devices/block/manage/inspect.ts';
import { deleteUnmade } from '../devices/block/manage/making.ts';
import { moveDisk } from '../devices/block/manage/move.ts';
import { createOver } from '../devices/block/manage/overlay.ts';
import { renameDisk } from '../devices/block/manage/rename.ts';
import { resetDisk } from '../devices/block/manage/reset.ts';
import { resizeDisk } from '../devices/block/manage/resize.ts';
import type { DiskCatalogue, DiskEntry, Proceed } from './api-disks.ts';
import { fileNameOf } from './file-base.ts';
import { imageOpener } from './image-opener.ts';

/** The disks of a browser; `host` is what there is of one in a test. */
export function diskCatalogue(host = browserHost): DiskCatalogue {
  const entries = async (): Promise<DiskEntry[]> => {
    // What tabs that have ended left behind; that it fails is of no consequence here.
    await Promise.allSettled([deleteUnmade(host()), removeOldExports()]);
    const [manifests, locks] = await Promise.all([listDisks(host()), lockedDisks(host().locks)]);
    return manifests.map((manifest) => entryOf(manifest, manifests, locks));
  };
  const entry = async ({ id }: DiskManifest): Promise<DiskEntry> => {
    const found = (await entries()).find((each) => each.id === id);
    if (found === undefined) throw new Error('The disk was deleted while it was made.');
    return found;
  };
  return {
    list: entries,
    exists: (id) => diskExists(id, host()),
    inspect: (id) => inspectDisk(id, host()),
    map: (id, cells, base) => mapDisk(id, cells, imageOpener(base), host()),
    create: async (disk) => entry(await createDisk(disk, host())),
    import: async (file, fileName, options, proceed) => {
      const { blobSource, importImage } = await loadTransfer();
      const { manifest, warnings } = await importImage(blobSource(file, fileName), { ...options, proceed }, host());
      return { ...(await entry(manifest)), warnings };
    },
    export: async (id, options, proceed) => (await loadTransfer()).exportStored(id, options, proceed, host()),
    delete: (id) => deleteDisk(id, host()),
    rename: (id, name) => renameDisk(id, name, host()),
    clone: async (id: string, name: string, proceed: Proceed) => entry(await cloneDisk(id, name, proceed, host())),
    createOver: async (id: string, name: string, store?: StoreKind) => entry(await createOver(id, name, store, host())),
    reset: (id) => resetDisk(id, host()),
    commit: (id, proceed) => commitDisk(id, proceed, host()),
    resize: (id, size) => resizeDisk(id, size, host()),
    move: (id, store, proceed) => moveDisk(id, store, proceed, host()),
  };
}

/** Few visits need the formats of images: the machine starts sooner without them. */
async function loadTransfer() {
  const [importing, exporting, sources] = await Promise.all([
    import('../devices/block/transfer/import.ts'),
    import('./export-disk.ts'),
    import('../devices/image/source.ts'),
  ]);
  return { ...importing, ...exporting, ...sources };
}

function entryOf(
  manifest: DiskManifest,
  all: readonly DiskManifest[],
  locks: ReadonlyMap<string, LockMode>,
): DiskEntry {
  const { id, name, size, created, store = 'indexeddb', base, committing } = manifest;
  const overlays = all.filter((other) => other.base?.disk === id).map((other) => other.id);
  const lock = locks.get(id);
  const baseFile = baseFileOf(manifest, all);
  return {
    ...{ id, name, size, created, store, overlays },
    ...(base?.url !== undefined && { baseUrl: base.url }),
    ...(baseFile !== undefined && { baseFile }),
    ...(base?.disk !== undefined && { over: base.disk }),
    ...(lock && { use: lock === 'exclusive' ? ('writing' as const) : ('reading' as const) }),
    ...(committing !== undefined && { committing }),
  };
}

/** The name of the person's file that lies at the bottom. */
function baseFileOf({ base }: DiskManifest, all: readonly DiskManifest[], depth = 0): string | undefined {
  if (base?.disk === undefined) return fileNameOf(base?.identity ?? '');
  const lower = all.find(({ id }) => id === base.disk);
  return lower === undefined || depth >= DEPTH_MAX ? undefined : baseFileOf(lower, all, depth + 1);
}
