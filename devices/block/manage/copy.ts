/** Copies what a disk holds from one chunk store to another, chunk by chunk, without what it lies over. */

import { giveUpBaseCache } from '../base-cache/shared.ts';
import { PAGE_CHUNKS, type ChunkMap } from '../chunk-map.ts';
import { BATCH, NOTHING, type ChunkChanges, type ChunkStore } from '../chunk-store.ts';
import { CHUNK_SIZE } from '../chunks.ts';
import { withRoom } from '../room.ts';
import { Progress, type Proceed } from './progress.ts';

/** Keys deleted, and pages of tombstones written, in a transaction. */
const RECORDS = 256;

export interface CopyOptions {
  readonly from: ChunkStore;
  /** What `from` has loaded. */
  readonly map: ChunkMap;
  readonly to: ChunkStore;
  /** What `to` has loaded. */
  readonly target: ChunkMap;
  /** There is something below the target that must not be seen through what is zero in the source. */
  readonly hide: boolean;
  readonly proceed: Proceed;
}

/** When it resolves, all of it is durable. */
export async function copyChunks({ from, map, to, target, hide, proceed }: CopyOptions): Promise<void> {
  const commit = (changes: ChunkChanges, durable: boolean): Promise<void> =>
    withRoom(() => to.commit(changes, durable), giveUpBaseCache);
  let chunks = 0;
  for (const _ of map.withBytes()) chunks++;
  const progress = new Progress(proceed, chunks * CHUNK_SIZE);
  await progress.advance(0);
  for (const indexes of batches(map.withBytes(), BATCH)) {
    const bytes = await from.read(indexes);
    await commit({ ...NOTHING, puts: indexes.map((index, i) => [index, bytes[i]]) }, false);
    await progress.advance(indexes.length * CHUNK_SIZE);
  }
  for (const indexes of batches(map.withNothing(), RECORDS)) {
    const deletes = indexes.filter((index) => target.isStored(index));
    const pages = new Set<number>();
    for (const index of indexes) if (target.free(index, hide)) pages.add(Math.floor(index / PAGE_CHUNKS));
    const tombstones = [...pages].map((page) => [page, target.tombstonesOf(page)] as const);
    if (deletes.length + tombstones.length > 0) await commit({ ...NOTHING, deletes, tombstones }, false);
    await progress.advance(0);
  }
  await commit(NOTHING, true);
  await progress.finish();
}

function* batches(indexes: Iterable<number>, size: number): Generator<number[]> {
  let batch: number[] = [];
  for (const index of indexes) {
    batch.push(index);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
