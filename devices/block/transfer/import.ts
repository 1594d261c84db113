/** Reads an image, in any format that `devices/image/` reads, into a new disk. */

import { inBlocks } from '../../image/blocks.ts';
import { ImageError, lengthOf, openImage, type ImageReader, type ImageSource } from '../../image/index.ts';
import { BlockError, SECTOR } from '../backend.ts';
import type { ChunkStore } from '../chunk-store.ts';
import { CHUNK_SIZE } from '../chunks.ts';
import { browserHost } from '../disks.ts';
import type { DiskManifest } from '../indexeddb/manifest.ts';
import { NewDisk, type NewDiskOptions } from '../new-disk.ts';
import { Pace, type Proceed } from './proceed.ts';

export interface Imported {
  readonly manifest: DiskManifest;
  /** What a person should know, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Makes a disk of an image. Zeroes occupy nothing; a part of a sector at the end is filled up with zeroes. When it
 * fails, or is called off, nothing is left. Progress is in bytes of the disk, or of the file where that is compressed.
 * Rejects with ImageError, BlockError, or {@link CalledOff}.
 */
export async function importImage(
  source: ImageSource,
  options: NewDiskOptions & { readonly proceed: Proceed },
  host = browserHost(),
): Promise<Imported> {
  const read = { bytes: 0 };
  const image = await openImage(counted(source, read));
  const pace = new Pace(options.proceed);
  const total = image.virtualSize ?? source.size;
  const step = (done: number): Promise<void> => pace.step(image.virtualSize === undefined ? read.bytes : done, total);
  await pace.ask(0, total);
  const disk = await NewDisk.begin(options, host);
  try {
    const bytes = await fill(disk.store, image, step);
    const size = Math.ceil(bytes / SECTOR) * SECTOR;
    if (size === 0) throw new ImageError('format', `${source.name} holds no disk: it is empty.`);
    await pace.ask(total, total);
    const padding =
      `The disk in ${source.name} has ${bytes} bytes, which are no whole sectors of ${SECTOR}: ` +
      `${size - bytes} bytes of zeroes were added.`;
    const warnings = size === bytes ? image.warnings : [...image.warnings, padding];
    return { manifest: await disk.finish(size), warnings };
  } catch (error) {
    await disk.abandon();
    throw explained(error, source.name);
  }
}

/** The same file, with how far it was read. */
function counted(source: ImageSource, read: { bytes: number }): ImageSource {
  return {
    name: source.name,
    size: source.size,
    read: (offset, length) => {
      read.bytes = Math.max(read.bytes, offset + length);
      return source.read(offset, length);
    },
  };
}

/** Chunks in a transaction: docs/storage.md says why no more. */
const BATCH = 28;

/** Writes the disk of an image into an empty store, two transactions at a time. Returns its size in bytes. */
async function fill(store: ChunkStore, image: ImageReader, step: (done: number) => Promise<void>): Promise<number> {
  let batch: [number, Uint8Array][] = [];
  let before: Promise<void> = Promise.resolve();
  const send = async (): Promise<void> => {
    const puts = batch;
    batch = [];
    const sent = store.commit({ puts, deletes: [], tombstones: [] }, false);
    // Whoever awaits it, the next one or the end, hears of its failure.
    sent.catch(() => undefined);
    await before;
    before = sent;
  };
  let size = 0;
  for await (const block of inBlocks(image.extents(), CHUNK_SIZE)) {
    size = block.offset + lengthOf(block);
    if (block.kind === 'data') {
      const chunk = new Uint8Array(CHUNK_SIZE);
      chunk.set(block.bytes);
      batch.push([block.offset / CHUNK_SIZE, chunk]);
    }
    if (batch.length === BATCH) await send();
    await step(size);
  }
  await send();
  await before;
  return size;
}

/** What a full store means here. */
function explained(error: unknown, name: string): unknown {
  if (!(error instanceof BlockError) || error.reason !== 'quota') return error;
  const message =
    `The browser has no room for the disk in ${name}, and nothing of it was kept. Delete other disks or site data, or ` +
    'free space on this computer; then import it again.';
  return new BlockError('quota', message, { cause: error });
}
