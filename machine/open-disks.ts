/** Opens the disks that a machine's description names. */
import { SECTOR, type BlockBackend } from '../devices/block/backend.ts';
import { baseCache } from '../devices/block/base-cache/shared.ts';
import type { BaseImage } from '../devices/block/base.ts';
import { findDisk, openDisk } from '../devices/block/disks.ts';
import { openHttpBase, Unreachable } from '../devices/block/http/http-base.ts';
import { MemoryBackend } from '../devices/block/memory.ts';
import type { DiskSpec } from './api.ts';
import { fileBase } from './file-base.ts';
import type { MachineDisk } from './machine.ts';

/**
 * Opens all of them, or none: what was opened is closed again when another fails. `onLost` is told, for a person, when a
 * disk is taken away later: deleted in another tab, or cleared by the browser.
 */
export async function openDisks(specs: readonly DiskSpec[], onLost: (message: string) => void): Promise<MachineDisk[]> {
  const results = await Promise.allSettled(
    specs.map(async (spec, i) => ({ id: diskId(spec, i), backend: await openBackend(spec, onLost) })),
  );
  const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return opened;
  await closeDisks(opened);
  throw failed.reason;
}

/** Closes disks, flushed; rejects with the first failure, after all were tried. */
export async function closeDisks(disks: readonly MachineDisk[]): Promise<void> {
  const results = await Promise.allSettled(disks.map(({ backend }) => backend.close()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function diskId(spec: DiskSpec, index: number): string {
  return spec.kind === 'store' ? spec.id : `disk${index}`;
}

async function openBackend(spec: DiskSpec, onLost: (message: string) => void): Promise<BlockBackend> {
  switch (spec.kind) {
    case 'memory':
      return new MemoryBackend({ size: spec.size });
    case 'file': {
      const base = await fileBase(spec.file);
      if (spec.overlayId === undefined) return new MemoryBackend({ base, readOnly: spec.readOnly ?? false });
      const disk = await openDisk({
        ...{ id: spec.overlayId, name: spec.name, base, readOnly: spec.readOnly, store: spec.store },
        onLost: ({ message }) => onLost(message),
      });
      return disk.backend;
    }
    case 'store':
      return openStored(spec, onLost);
  }
}

/** A disk of the store. One that exists lies over the image that it was made over, whatever the page offers by now. */
async function openStored(
  { id, size, readOnly, store, base: offered }: Extract<DiskSpec, { kind: 'store' }>,
  onLost: (message: string) => void,
): Promise<BlockBackend> {
  const known = await findDisk(id);
  const baseUrl = known === undefined ? offered : known.base && (known.base.url ?? offered);
  const base = await openBase(baseUrl, offered, known?.base?.identity);
  try {
    const disk = await openDisk({
      ...{ id, size: sizeOver(size, base), store, base, baseUrl, readOnly },
      onLost: ({ message }) => onLost(message),
    });
    return disk.backend;
  } catch (error) {
    await base?.close();
    throw error;
  }
}

/** A disk is not smaller than the image that it lies over: file systems would miss their end. */
function sizeOver(size: number, base: BaseImage | undefined): number {
  return Math.max(size, Math.ceil((base?.size ?? 0) / SECTOR) * SECTOR);
}

/**
 * The base image at `url`; or at `offered`, if the site has moved and what is offered there is the one of `identity`; or, if
 * its server is away, what is kept of it here.
 */
async function openBase(
  url: string | undefined,
  offered: string | undefined,
  identity: string | undefined,
): Promise<BaseImage | undefined> {
  if (url === undefined) return undefined;
  const cache = baseCache();
  try {
    return await openHttpBase(url, { cache });
  } catch (error) {
    const other =
      offered === undefined || offered === url
        ? undefined
        : await openHttpBase(offered, { cache }).catch(() => undefined);
    if (other !== undefined && other.identity === identity) return other;
    await other?.close();
    const kept =
      error instanceof Unreachable
        ? await openHttpBase(url, { cache, remembered: true }).catch(() => undefined)
        : undefined;
    if (kept !== undefined) return kept;
    throw error;
  }
}
