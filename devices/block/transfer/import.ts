/** Reads an image, in any format that `devices/image/` reads, into a new disk. */

import { inBlocks } from '../../image/blocks.ts';
import { ImageError, lengthOf, openImage, type ImageReader, type ImageSource } from '../../image/index.ts';
import { BlockError, SECTOR } from '../backend.ts';
import { giveUpBaseCache } from '../base-cache/shared.ts';
import { BATCH, NOTHING, type ChunkStore } from '../chunk-store.ts';
import { CHUNK_SIZE } from '../chunks.ts';
import { browserHost } from '../disk-host.ts';
import type { DiskManifest, StoreKind } from '../indexeddb/manifest.ts';
import { makeDisk } from '../manage/making.ts';
import { Progress, type Proceed } from '../manage/progress.ts';
import { withRoom } from '../room.ts';

export interface ImportImageOptions {
  /** What the person calls the disk. */
  readonly name: string;
  /** Where its chunks are kept. Default: `indexeddb`. */
  readonly store?: StoreKind | undefined;
  readonly proceed: Proceed;
}

export interface Imported {
  readonly manifest: DiskManifest;
  /** What a person should know, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Makes a disk of an image. Zeroes occupy nothing; a part of a sector at the end is filled up with zeroes. When it
 * fails, or is called off, nothing is left. Progress is in bytes of the disk, or of the file where that is compressed.
 * Rejects with ImageError, BlockError, or an `AbortError`.
 */
export async function importImage(
  source: ImageSource,
  { name, store, proceed }: ImportImageOptions,
  host = browserHost(),
): Promise<Imported> {
  const read = { bytes: 0 };
  const image = await openImage(counted(source, read));
  const isPacked = image.virtualSize === undefined;
  const progress = new Progress(proceed, image.virtualSize ?? source.size);
  await progress.advance(0);
  let bytes = 0;
  const fill = async (chunks: ChunkStore): Promise<number> => {
    bytes = await copy(image, chunks, (done) => progress.reach(isPacked ? read.bytes : done));
    if (bytes === 0) throw new ImageError('format', `${source.name} holds no disk: it is empty.`);
    await progress.finish();
    return wholeSectors(bytes);
  };
  const empty = { name, size: 0, store, base: undefined };
  const manifest = await makeDisk(empty, host, fill).catch((error: unknown) => {
    throw explained(error, source.name);
  });
  const added = wholeSectors(bytes) - bytes;
  const padding =
    `The disk in ${source.name} has ${bytes} bytes, which are no whole sectors of ${SECTOR}: ` +
    `${added} bytes of zeroes were added.`;
  return { manifest, warnings: added === 0 ? image.warnings : [...image.warnings, padding] };
}

const wholeSectors = (bytes: number): number => Math.ceil(bytes / SECTOR) * SECTOR;

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

/** Writes the disk of an image into an empty store, durably, two transactions at a time. Returns its size in bytes. */
async function copy(image: ImageReader, store: ChunkStore, step: (done: number) => Promise<void>): Promise<number> {
  let batch: [number, Uint8Array][] = [];
  let before: Promise<void> = Promise.resolve();
  const send = async (): Promise<void> => {
    const puts = batch;
    batch = [];
    const sent = withRoom(() => store.commit({ ...NOTHING, puts }, false), giveUpBaseCache);
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
  await withRoom(() => store.commit(NOTHING, true), giveUpBaseCache);
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
