/** Opens the disks that a machine's description names. */
import { BlockError, SECTOR } from '../devices/block/backend.ts';
import { baseCache } from '../devices/block/base-cache/shared.ts';
import type { BaseImage } from '../devices/block/base.ts';
import type { MappedBackend } from '../devices/block/disk-map.ts';
import { findDisk, openDisk, type OpenDiskOptions } from '../devices/block/disks.ts';
import { openHttpBase, Unreachable, type HttpBaseOptions } from '../devices/block/http/http-base.ts';
import type { BaseReference } from '../devices/block/indexeddb/manifest.ts';
import { MemoryBackend } from '../devices/block/memory.ts';
import type { DiskSpec } from './api.ts';
import { countRequests, type CountedBackend } from './disk-requests.ts';
import { fileBase } from './file-base.ts';
import type { MachineDisk } from './machine.ts';
import { diskIn } from './qcow2-base.ts';

/** A disk of the machine whose requests are counted, and whose map can be drawn. */
export interface OpenDisk extends MachineDisk, CountedBackend {
  /** The disk itself, behind the counting. */
  readonly mapped: MappedBackend;
}

export interface OpenDisksOptions {
  /** Told, for a person, when a disk is taken away later: deleted in another tab, or cleared by the browser. */
  readonly onLost: (message: string) => void;
  /** Ends the wait for disks that are in use. */
  readonly signal?: AbortSignal;
}

/** Opens all of them, or none: what was opened is closed again when another fails. */
export async function openDisks(specs: readonly DiskSpec[], options: OpenDisksOptions): Promise<OpenDisk[]> {
  const failing = new AbortController();
  const signals = [failing.signal, ...(options.signal ? [options.signal] : [])];
  const opening = { ...options, signal: AbortSignal.any(signals) };
  const open = async (spec: DiskSpec, i: number): Promise<OpenDisk> => {
    const mapped = await openBackend(spec, opening).catch((error: unknown) => {
      // None of the others is worth waiting for.
      failing.abort(error);
      throw error;
    });
    return { id: diskId(spec, i), mapped, ...countRequests(mapped) };
  };
  const results = await Promise.allSettled(specs.map(open));
  const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return opened;
  await closeDisks(opened);
  throw failing.signal.reason;
}

/** Closes disks, flushed; rejects with the first failure, after all were tried. */
export async function closeDisks(disks: readonly MachineDisk[]): Promise<void> {
  const results = await Promise.allSettled(disks.map(({ backend }) => backend.close()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

type Opening = Required<OpenDisksOptions>;

/** Common to all disks of the store. */
function howToOpen(
  { wait }: { readonly wait?: boolean },
  { onLost, signal }: Opening,
): Pick<OpenDiskOptions, 'onLost' | 'wait'> {
  return { onLost: ({ message }) => onLost(message), ...(wait === true && { wait: signal }) };
}

function diskId(spec: DiskSpec, index: number): string {
  return spec.kind === 'store' ? spec.id : `disk${index}`;
}

async function openBackend(spec: DiskSpec, options: Opening): Promise<MappedBackend> {
  switch (spec.kind) {
    case 'memory':
      return new MemoryBackend({ size: spec.size });
    case 'file': {
      const base = await fileBase(spec.file);
      if (spec.overlayId === undefined) return new MemoryBackend({ base, readOnly: spec.readOnly ?? false });
      const disk = await openDisk({
        ...{ id: spec.overlayId, name: spec.name, base, readOnly: spec.readOnly, store: spec.store },
        ...howToOpen(spec, options),
      });
      return disk.backend;
    }
    case 'store':
      return openStored(spec, options);
  }
}

/** A disk of the store. One that exists lies over what it was made over, whatever the page offers by now. */
async function openStored(spec: Extract<DiskSpec, { kind: 'store' }>, options: Opening): Promise<MappedBackend> {
  const { id, size, readOnly, store, mustExist = false, base: offered } = spec;
  const isNew = (await findDisk(id)) === undefined;
  if (isNew && mustExist) {
    throw new BlockError(
      'missing',
      'The disk that was chosen is gone: it was deleted. Choose another one under Disks.',
    );
  }
  const base = isNew ? await openBase(offered, offered, undefined) : undefined;
  const openImage = ({ url = offered, identity }: BaseReference): Promise<BaseImage | undefined> =>
    openBase(url, offered, identity);
  try {
    const disk = await openDisk({
      ...{ id, size: sizeOver(size, base), store, base, baseUrl: offered, openImage, readOnly, create: !mustExist },
      ...howToOpen(spec, options),
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
export async function openBase(
  url: string | undefined,
  offered: string | undefined,
  identity: string | undefined,
): Promise<BaseImage | undefined> {
  if (url === undefined) return undefined;
  const cache = baseCache();
  try {
    return await fetchedDisk(url, { cache });
  } catch (error) {
    const other =
      offered === undefined || offered === url
        ? undefined
        : await fetchedDisk(offered, { cache }).catch(() => undefined);
    if (other !== undefined && other.identity === identity) return other;
    await other?.close();
    const kept =
      error instanceof Unreachable
        ? await fetchedDisk(url, { cache, remembered: true }).catch(() => undefined)
        : undefined;
    if (kept !== undefined) return kept;
    throw error;
  }
}

/** The disk in the image at `url`: raw, or qcow2. */
async function fetchedDisk(url: string, options: HttpBaseOptions): Promise<BaseImage> {
  const image = await openHttpBase(url, options);
  return image.isRaw ? image : diskIn(image, url);
}
