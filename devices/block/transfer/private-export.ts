/**
 * Files of exported disks in the origin private file system, for browsers in which a page cannot write to a file of the
 * person's. The page offers such a file as a download. It is kept as long as this thread lives, since nobody learns when a
 * download is complete, and is removed by whoever exports or lists disks next.
 */

import { ImageError } from '../../image/errors.ts';
import type { Locks } from '../locks.ts';
import { privateFolder } from '../opfs/private-folder.ts';
import { privateFile, type FileSink } from './sink.ts';

const FOLDER = 'tabhyve-exports';

const folder = (): Promise<FileSystemDirectoryHandle> => privateFolder(FOLDER);

const lockName = (file: string): string => `tabhyve-export-${file}`;

export interface PrivateExport {
  readonly sink: FileSink;
  /** What was written, when it is complete. */
  file(): Promise<File>;
}

/** Makes a file for a disk; `name` is for messages. Rejects with ImageError. */
export async function beginPrivateExport(name: string): Promise<PrivateExport> {
  await removeOldExports().catch(() => undefined);
  const id = crypto.randomUUID();
  const locks = navigator.locks as Locks;
  const held = new Promise<() => void>((resolve) => {
    void locks.request(lockName(id), { ifAvailable: true }, () => new Promise<void>((release) => resolve(release)));
  });
  const release = await held;
  try {
    const parent = await folder();
    const entry = await parent.getFileHandle(id, { create: true });
    const remove = async (): Promise<void> => {
      await parent.removeEntry(id);
      release();
    };
    const sink = privateFile(await entry.createSyncAccessHandle(), name, remove);
    return { sink, file: () => entry.getFile() };
  } catch (cause) {
    release();
    const message = `This browser keeps no files here (a private window?), so it cannot make ${name}. Use another window.`;
    throw new ImageError('write', message, { cause });
  }
}

/** Removes the files whose thread has ended. */
export async function removeOldExports(): Promise<void> {
  const parent = await folder();
  const locks = navigator.locks as Locks;
  for await (const id of parent.keys()) {
    await locks.request(lockName(id), { ifAvailable: true }, async (lock) => {
      // It may be in use yet by a download.
      if (lock !== null) await parent.removeEntry(id).catch(() => undefined);
    });
  }
}
