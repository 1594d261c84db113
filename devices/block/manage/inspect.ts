import { BlockError, type BlockUsage } from '../backend.ts';
import type { BaseImage } from '../base.ts';
import type { ChunkMap } from '../chunk-map.ts';
import { openStore } from '../chunk-stores.ts';
import { CHUNK_SIZE } from '../chunks.ts';
import { browserHost, type DiskHost } from '../disk-host.ts';
import { diskMap, isHole, type ChunkLayout, type DiskMap } from '../disk-map.ts';
import { DEPTH_MAX } from '../disks.ts';
import { openDatabase } from '../indexeddb/database.ts';
import { readManifest } from '../indexeddb/manifest-record.ts';
import type { BaseReference, DiskManifest } from '../indexeddb/manifest.ts';
import type { SlotFile } from '../opfs/slot-file.ts';

/**
 * What a disk occupies by itself, by the keys in its database: no chunk is read, and who uses the disk is not disturbed. Of
 * a disk in use, it is what was there a moment ago.
 */
export async function inspectDisk(id: string, host = browserHost()): Promise<BlockUsage> {
  const { map, frozenChunks } = await readMap(id, host);
  const allocatedChunks = map.topChunks + frozenChunks;
  return { allocatedBytes: allocatedChunks * CHUNK_SIZE, allocatedChunks, tombstones: map.tombstones };
}

type OpenImage = (reference: BaseReference) => Promise<BaseImage | undefined>;

/**
 * The map of a disk, looked at in the same way, and of those that it lies over; `openImage` opens the image below all of
 * them, or rejects.
 */
export async function mapDisk(id: string, cells: number, openImage: OpenImage, host = browserHost()): Promise<DiskMap> {
  const layout = await layoutOf(id, openImage, host, 1);
  try {
    return diskMap(layout, cells);
  } finally {
    await layout.base?.close();
  }
}

async function layoutOf(id: string, openImage: OpenImage, host: DiskHost, depth: number): Promise<ChunkLayout> {
  const { manifest, map } = await readMap(id, host);
  const { size, base: reference } = manifest;
  if (reference?.disk === undefined) return { size, chunks: map, base: reference && (await openImage(reference)) };
  if (depth >= DEPTH_MAX) throw new BlockError('base', `More than ${DEPTH_MAX} disks lie over each other.`);
  const lower = await layoutOf(reference.disk, openImage, host, depth + 1);
  const base: BaseImage = {
    size: lower.size,
    identity: reference.identity,
    read: () => Promise.reject(new BlockError('store', 'Only the map of this disk is read.')),
    isHole: (offset, length) => isHole(lower, offset, length),
    close: async () => lower.base?.close(),
  };
  return { size, chunks: map, base };
}

interface ReadMap {
  readonly manifest: DiskManifest;
  readonly map: ChunkMap;
  readonly frozenChunks: number;
}

async function readMap(id: string, host: DiskHost): Promise<ReadMap> {
  const database = await openDatabase({ id, factory: host.factory });
  const release = async (): Promise<void> => database.close();
  try {
    const manifest = await readManifest(database, id);
    const held = { database, manifest, isLocked: false, release };
    const store = await openStore(held, withoutFiles(host), { readOnly: true });
    return { manifest, map: await store.load(), frozenChunks: store.frozenChunks };
  } finally {
    await release();
  }
}

/** A file is open once at a time, and what is in it is not looked at. */
function withoutFiles(host: DiskHost): DiskHost {
  const unread = (): never => {
    throw new Error('only the map of this disk is read');
  };
  const file: SlotFile = {
    slots: Infinity,
    ...{ read: unread, write: unread, truncate: unread, flush: unread },
    close: () => undefined,
  };
  const files = { open: async () => file, delete: async () => unread(), list: async () => unread() };
  return { ...host, files };
}
