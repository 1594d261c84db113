/**
 * What an overlay lies over: a read-only image, which nobody changes while it is in use.
 */

import { BlockError } from './backend.ts';
import { isZero } from './chunks.ts';

/** A read-only image. Reads may overlap. Every method rejects with a {@link BlockError} only. */
export interface BaseImage {
  /** In bytes. What an overlay has beyond it reads as zeroes. */
  readonly size: number;
  /** Equal for equal content only: an overlay remembers it, and refuses to lie over anything else. */
  readonly identity: string;
  /** Fills `target`, which lies within the image, from `offset`. */
  read(offset: number, target: Uint8Array): Promise<void>;
  /** True when the range is known, without reading, to hold zeroes only. */
  isHole(offset: number, length: number): boolean;
  close(): Promise<void>;
}

/** An image in memory. */
export function memoryBase(bytes: Uint8Array, identity = `memory:${bytes.length}`): BaseImage {
  return {
    size: bytes.length,
    identity,
    read: async (offset, target) => target.set(bytes.subarray(offset, offset + target.length)),
    isHole: (offset, length) =>
      (bytes.byteOffset + offset) % 8 === 0 && length % 8 === 0 && isZero(bytes.subarray(offset, offset + length)),
    close: async () => {},
  };
}

/** A file that a person chose. It is read in place, as its chunks are asked for. */
export function blobBase(blob: Blob & { readonly name?: string; readonly lastModified?: number }): BaseImage {
  return {
    size: blob.size,
    identity: `file:${blob.name ?? ''}:${blob.size}:${blob.lastModified ?? 0}`,
    read: async (offset, target) => {
      try {
        target.set(new Uint8Array(await blob.slice(offset, offset + target.length).arrayBuffer()));
      } catch (cause) {
        const name = blob.name ?? 'the image file';
        const message = `Could not read ${name}. It was moved, changed or removed since it was chosen: choose it again.`;
        throw new BlockError('store', message, { cause });
      }
    },
    isHole: () => false,
    close: async () => {},
  };
}

/** Fills `target` from a base that may be shorter than the overlay. */
export async function readBase(base: BaseImage, offset: number, target: Uint8Array): Promise<void> {
  const inside = Math.max(0, Math.min(target.length, base.size - offset));
  if (inside > 0) await base.read(offset, target.subarray(0, inside));
  target.fill(0, inside);
}

/** True when a range of the overlay needs nothing from its base. */
export function isBaseHole(base: BaseImage | undefined, offset: number, length: number): boolean {
  if (!base || offset >= base.size) return true;
  return base.isHole(offset, Math.min(length, base.size - offset));
}
