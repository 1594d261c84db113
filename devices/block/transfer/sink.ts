/** Files that a disk is exported to: one that the person chose, or one of the origin private file system. */

import { ImageError } from '../../image/errors.ts';
import { lengthOf, type Extent } from '../../image/extent.ts';

/** A file that is written once. One of {@link finish} and {@link abandon} is called, last. */
export interface FileSink {
  /** Ranges do not overlap, and come in order; what lies between them is zeroes. */
  write(offset: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** The file has so many bytes, and is complete. */
  finish(size: number): Promise<void>;
  /** Leaves nothing of it. */
  abandon(): Promise<void>;
}

/** What the page's picker gives. Not all of it is in each browser, nor in the types of each. */
interface ChosenFile extends FileSystemFileHandle {
  remove?(): Promise<void>;
}

/** A file that the person chose. What is written appears in it when it is complete. Rejects with ImageError. */
export async function chosenFile(file: ChosenFile): Promise<FileSink> {
  const failed = (cause: unknown): never => {
    throw writeError(file.name, 'choose another place', cause);
  };
  const stream = await file.createWritable().catch(failed);
  return {
    write: (position, data) => stream.write({ type: 'write', position, data }).catch(failed),
    async finish(size) {
      await stream.truncate(size).catch(failed);
      await stream.close().catch(failed);
    },
    async abandon() {
      await stream.abort().catch(() => undefined);
      // The picker has made it, empty.
      if ((await file.getFile()).size === 0) await file.remove?.();
    },
  };
}

/** The file that `handle` writes to, and what deletes it. Rejects with ImageError. */
export function privateFile(handle: FileSystemSyncAccessHandle, name: string, remove: () => Promise<void>): FileSink {
  const attempt = async <T>(action: () => T): Promise<T> => {
    try {
      return action();
    } catch (cause) {
      throw writeError(name, 'delete disks or site data', cause);
    }
  };
  return {
    write: (at, bytes) =>
      attempt(() => {
        if (handle.write(bytes, { at }) < bytes.length) throw new DOMException('a part', 'QuotaExceededError');
      }),
    finish: (size) =>
      attempt(() => {
        handle.truncate(size);
        handle.flush();
        handle.close();
      }),
    async abandon() {
      handle.close();
      await remove();
    },
  };
}

function writeError(name: string, room: string, cause: unknown): ImageError {
  const why = cause instanceof Error || cause instanceof DOMException ? cause.name : 'unknown';
  const message =
    why === 'QuotaExceededError'
      ? `There is no room for ${name}. Free space on this computer, or ${room}; then export again.`
      : `Could not write ${name} (${why}). Look whether there is room, or ${room}; then export again.`;
  return new ImageError('write', message, { cause });
}

/** Bytes that are written at a time: a call for each cluster would take longer than what it writes. */
const PIECE = 1 << 20;

/** Writes a whole file, zeroes left out. Returns its size in bytes. Rejects with ImageError, or as `extents` do. */
export async function writeExtents(extents: AsyncIterable<Extent>, sink: FileSink): Promise<number> {
  const buffer = new Uint8Array(PIECE);
  let [start, filled, size] = [0, 0, 0];
  const flush = async (): Promise<void> => {
    if (filled > 0) await sink.write(start, buffer.subarray(0, filled));
    filled = 0;
  };
  for await (const extent of extents) {
    size = extent.offset + lengthOf(extent);
    if (extent.kind === 'zero') continue;
    for (let at = 0; at < extent.bytes.length;) {
      const offset = extent.offset + at;
      if (filled === PIECE || offset !== start + filled) await flush();
      if (filled === 0) start = offset;
      const part = extent.bytes.subarray(at, at + PIECE - filled);
      buffer.set(part, filled);
      filled += part.length;
      at += part.length;
    }
  }
  await flush();
  return size;
}
