/** Writes disks of the browser's store to files. */
import { BlockError } from '../devices/block/backend.ts';
import type { DiskHost } from '../devices/block/disk-host.ts';
import { openDisk, type Disk } from '../devices/block/disks.ts';
import type { Proceed } from '../devices/block/manage/progress.ts';
import { exportDisk } from '../devices/block/transfer/export.ts';
import { beginPrivateExport } from '../devices/block/transfer/private-export.ts';
import { chosenFile } from '../devices/block/transfer/sink.ts';
import type { ExportedDisk, ExportOptions } from './api-disks.ts';
import { imageOpener } from './image-opener.ts';

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
