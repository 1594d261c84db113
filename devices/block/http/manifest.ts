/**
 * The manifest of an image that is served in parts. A part's file is `parts/<first two digits>/<sha256>.gz`, relative
 * to the manifest; equal parts are one file, and parts that two versions of an image share are fetched once.
 */

import { BlockError, checkSize, SECTOR } from '../backend.ts';

export interface PartReference {
  /** Of the part's bytes before compression, in hexadecimal. */
  readonly sha256: string;
  /** Length of the compressed file. */
  readonly bytes: number;
}

export interface PartsManifest {
  readonly format: 1;
  /** Of the image, in bytes. */
  readonly size: number;
  /** Bytes in each part but the last one, which may be shorter. */
  readonly partSize: number;
  /** null: a part of zeroes, which has no file. */
  readonly parts: readonly (PartReference | null)[];
}

/** Larger parts would be fetched whole for a few bytes. */
const MAX_PART = 16 * 1024 * 1024;

/** Checks what came from a server before anything in it is used. */
export function parseManifest(text: string, url: string): PartsManifest {
  const refuse = (why: string): BlockError =>
    new BlockError('network', `${url} does not describe a disk image (${why}). Was the site deployed completely?`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse('it is no JSON');
  }
  const { format, size, partSize, parts } = (value ?? {}) as Partial<Record<keyof PartsManifest, unknown>>;
  if (format !== 1) throw refuse(`its format is ${JSON.stringify(format) ?? 'missing'}, and not 1`);
  if (typeof size !== 'number') throw refuse('it has no size');
  checkSize(size);
  const fits = typeof partSize === 'number' && partSize >= SECTOR && partSize <= MAX_PART && partSize % SECTOR === 0;
  if (!fits) throw refuse('its parts have no usable size');
  if (!Array.isArray(parts) || parts.length !== Math.ceil(size / partSize)) throw refuse('parts are missing');
  if (!parts.every(isPart)) throw refuse('a part has no hash');
  return { format, size, partSize, parts };
}

function isPart(value: unknown): value is PartReference | null {
  if (value === null) return true;
  const { sha256, bytes } = (value ?? {}) as Partial<Record<keyof PartReference, unknown>>;
  return typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) && Number.isSafeInteger(bytes);
}

export function partUrl(part: PartReference, manifestUrl: string): string {
  return new URL(`parts/${part.sha256.slice(0, 2)}/${part.sha256}.gz`, manifestUrl).href;
}
