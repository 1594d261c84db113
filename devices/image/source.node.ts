/** An image file in Node. */

import { open } from 'node:fs/promises';
import { ImageError } from './errors.ts';
import type { ImageSource } from './source.ts';

export interface FileSource extends ImageSource {
  /** What it occupies on its file system, in bytes. */
  readonly allocated: number;
  close(): Promise<void>;
}

/** Opens a file for reading. Rejects with {@link ImageError}. */
export async function openFileSource(path: string): Promise<FileSource> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw fileError('read', path, error);
  });
  const stats = await file.stat();
  if (!stats.isFile()) {
    await file.close();
    const what = stats.isDirectory() ? 'a folder' : 'no regular file';
    throw new ImageError('read', `${path} is ${what}; an image is a file.`);
  }
  return {
    name: path,
    size: stats.size,
    allocated: stats.blocks * 512,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length;) {
        const { bytesRead } = await file.read(bytes, at, length - at, offset + at).catch((error: unknown) => {
          throw fileError('read', path, error);
        });
        // Someone cut the file short.
        if (bytesRead === 0) return bytes.subarray(0, at);
        at += bytesRead;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}

/** What a person is told when a file cannot be used. */
export function fileError(doing: 'read' | 'write', path: string, cause: unknown): ImageError {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  const told: Readonly<Record<string, string>> = {
    ENOENT: doing === 'read' ? `There is no file ${path}.` : `There is no folder for ${path}: make it first.`,
    ENOTDIR: `There is no folder for ${path}: make it first.`,
    EACCES: `${path} cannot be ${doing === 'read' ? 'read' : 'written'}: its permissions forbid it.`,
    EROFS: `${path} cannot be written: its file system is read-only.`,
    ENOSPC: `There is no room left for ${path}. Free some, and try again.`,
    EDQUOT: `There is no room left for ${path}. Free some, and try again.`,
    EFBIG: `${path} would be larger than its file system allows.`,
  };
  return new ImageError(doing, told[code] ?? `${path}: ${message}`, { cause });
}
