/** Writes disks of the browser's store to files. */
import { BlockError } from '../devices/block/backend.ts';
import type { BaseImage } from '../devices/block/base.ts';
import type { DiskHost } from '../devices/block/disk-host.ts';
import { openDisk, type Disk } from '../devices/block/disks.ts';
import type { BaseReference } from '../devices/block/indexeddb/manifest.ts';
import type { Proceed } from '../devices/block/manage/progress.ts';
import { exportDisk } from '../devices/block/transfer/export.ts';
import { beginPrivateExport } from '../devices/block/transfer/private-export.ts';
import { chosenFile } from '../devices/block/transfer/sink.ts';
import type { ExportedDisk, ExportOptions } from './api-disks.ts';
import { fileBase, fileNameOf } from './file-base.ts';
import { openBase } from './open-disks.ts';

export async function exportStored(
  id: string,
  { format, fileName, file, base }: ExportOptions,
  proceed: Proceed,
  host: DiskHost,
): Promise<ExportedDisk> {
  const { backend } = await openSteady(id, base, host);
  try {
    if (file) return { size: await exportDisk(backend, await chosenFile(file), { format, proceed }) };
    const copy = await beginPrivateExport(fileName);
    const size = await exportDisk(backend, copy.sink, { format, proceed });
    return { size, file: await copy.file() };
  } finally {
    await backend.close();
  }
}

/** Opens the image that a manifest names, or the person's file. */
export function imageOpener(file: Blob | undefined): (reference: BaseReference) => Promise<BaseImage | undefined> {
  return async ({ identity, url }) => {
    if (fileNameOf(identity) === undefined) return openBase(url, undefined, identity);
    if (file) return fileBase(file);
    const message =
      'This disk holds the changes to a file on your computer, and is nothing without it. Choose that file under Files, ' +
      'then export the disk.';
    throw new BlockError('base', message);
  };
}

/** Opens a disk that nobody changes meanwhile. */
async function openSteady(id: string, file: Blob | undefined, host: DiskHost): Promise<Disk> {
  return openDisk({ id, readOnly: true, steady: true, openImage: imageOpener(file) }, host).catch((error: unknown) => {
    if (!(error instanceof BlockError) || error.reason !== 'locked') throw error;
    const message =
      'A machine, in this tab or another, writes to this disk, so that it changes while it is read. Power that machine ' +
      'off, then export the disk.';
    throw new BlockError('locked', message, { cause: error });
  });
}
