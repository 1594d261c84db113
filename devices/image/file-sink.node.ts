/** Writes a file whole or not at all. */

import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ImageError } from './errors.ts';
import { lengthOf, type Extent } from './extent.ts';
import { fileError } from './source.node.ts';

/**
 * Writes extents to a file of another name beside `path`, with holes for zeroes, and renames it when all of it is
 * durable. When that fails, nothing is left. Returns the bytes of the file. Rejects with {@link ImageError}, or with
 * what `extents` reject with.
 */
export async function writeFileWhole(path: string, extents: AsyncIterable<Extent>, replace: boolean): Promise<number> {
  const temporary = `${path}.${process.pid}.part`;
  const failed = (error: unknown): never => {
    throw fileError('write', path, error);
  };
  if (!replace) await refuseExisting(path);
  const file = await open(temporary, 'wx').catch(failed);
  try {
    let size = 0;
    for await (const extent of extents) {
      if (extent.kind === 'data') await writeAll(file, extent.offset, extent.bytes).catch(failed);
      size = extent.offset + lengthOf(extent);
    }
    await file.truncate(size).catch(failed);
    await file.sync().catch(failed);
    if (!replace) await refuseExisting(path);
    await rename(temporary, path).catch(failed);
    await syncFolder(dirname(path));
    return size;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function refuseExisting(path: string): Promise<void> {
  const exists = await stat(path).then(
    () => true,
    () => false,
  );
  if (exists) throw new ImageError('write', `${path} is there already: choose another name, or add --force.`);
}

async function writeAll(file: FileHandle, offset: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await file.write(bytes, at, bytes.length - at, offset + at)).bytesWritten;
  }
}

/** The new name is durable when its folder is; some file systems do not sync folders, and need not. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
