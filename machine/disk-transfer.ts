/** Disks in and out of the browser's store: what the page calls. */
import { BlockError } from '../devices/block/backend.ts';
import { blobBase, type BaseImage } from '../devices/block/base.ts';
import { findDisk, listDisks, openDisk } from '../devices/block/disks.ts';
import type { DiskManifest } from '../devices/block/indexeddb/manifest.ts';
import { removeUnfinished } from '../devices/block/new-disk.ts';
import { exportDisk } from '../devices/block/transfer/export.ts';
import { importImage } from '../devices/block/transfer/import.ts';
import { beginPrivateExport, removeOldExports } from '../devices/block/transfer/private-export.ts';
import type { Proceed } from '../devices/block/transfer/proceed.ts';
import { chosenFile } from '../devices/block/transfer/sink.ts';
import { blobSource } from '../devices/image/index.ts';
import type { DiskEntry, ExportedDisk, ExportOptions, ImportedDisk, ImportOptions } from './api-disks.ts';
import { openBase } from './open-disks.ts';

/** All disks; what earlier visits left half done is removed. */
export async function listEntries(): Promise<DiskEntry[]> {
  await removeUnfinished();
  await removeOldExports().catch(() => undefined);
  return (await listDisks()).map(entryOf);
}

function entryOf({ id, name, size, created, store = 'indexeddb', base }: DiskManifest): DiskEntry {
  const baseFile = /^file:(.*):\d+:\d+$/s.exec(base?.identity ?? '')?.[1];
  return {
    ...{ id, name, size, created, store },
    ...(base?.url !== undefined && { baseUrl: base.url }),
    ...(baseFile !== undefined && { baseFile }),
  };
}

export async function importDisk(
  file: Blob,
  fileName: string,
  options: ImportOptions,
  proceed: Proceed,
): Promise<ImportedDisk> {
  const { manifest, warnings } = await importImage(blobSource(file, fileName), { ...options, proceed });
  return { ...entryOf(manifest), warnings };
}

export async function exportStored(id: string, options: ExportOptions, proceed: Proceed): Promise<ExportedDisk> {
  const { format, fileName, file, base: baseFile } = options;
  const manifest = await findDisk(id);
  if (manifest === undefined) throw new BlockError('missing', 'This disk is gone: it was deleted in another tab.');
  const base = await baseOf(manifest, baseFile);
  const disk = await openDisk({ id, base, readOnly: true, alone: true }).catch(async (error: unknown) => {
    await base?.close();
    throw error instanceof BlockError && error.reason === 'locked' ? inUse(manifest.name, error) : error;
  });
  try {
    if (file) return { size: await exportDisk(disk.backend, await chosenFile(file), { format, proceed }) };
    const copy = await beginPrivateExport(fileName);
    const size = await exportDisk(disk.backend, copy.sink, { format, proceed });
    return { size, file: await copy.file() };
  } finally {
    await disk.backend.close();
  }
}

async function baseOf({ base }: DiskManifest, file: Blob | undefined): Promise<BaseImage | undefined> {
  if (!base) return undefined;
  if (!base.identity.startsWith('file:')) return openBase(base.url, undefined, base.identity);
  if (file) return blobBase(file);
  const message =
    'This disk holds the changes to a file on your computer, and is nothing without it. Choose that file under Files, ' +
    'then export the disk.';
  throw new BlockError('base', message);
}

function inUse(name: string, cause: BlockError): BlockError {
  const message =
    `A machine, in this tab or another, is using the disk "${name}", so that it changes while it is read. Power that ` +
    'machine off, then export the disk.';
  return new BlockError('locked', message, { cause });
}
