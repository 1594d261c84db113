/**
 * Where everything lies in a qcow2 image that is written from its beginning to its end: QEMU, docs/interop/qcow2.rst,
 * version 3. It follows from the size of the disk, and from which clusters hold anything but zeroes:
 *
 *     header │ refcount table │ refcount blocks │ L1 table │ L2 tables │ data, in the order of the disk
 *     1      │ ≥ 1            │ ≥ 1             │ ≥ 0      │           │                               clusters
 */

import { inBlocks } from '../blocks.ts';
import { ImageError } from '../errors.ts';
import { lengthOf, type Extent } from '../extent.ts';

/** 64 KiB, as QEMU makes them. */
export const CLUSTER_BITS = 16;
export const CLUSTER = 2 ** CLUSTER_BITS;

/** References of 16 bits, as QEMU makes them. */
export const REFCOUNT_ORDER = 4;
export const REFCOUNTS_IN_BLOCK = CLUSTER / 2;

export const ENTRIES = CLUSTER / 8;

/** What QEMU takes for an L1 table, in bytes. */
const MOST_L1 = 32 << 20;

/** Which clusters of a disk hold data: a bit for each, in parts that an L2 table covers; parts without data are left out. */
export class DataClusters {
  readonly #parts = new Map<number, Uint8Array>();
  #count = 0;

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** Indexes of the L2 tables that are needed, ascending. */
  get tables(): number[] {
    return [...this.#parts.keys()].sort((a, b) => a - b);
  }

  /** `cluster` was not added before. */
  add(cluster: number): void {
    const table = Math.floor(cluster / ENTRIES);
    let part = this.#parts.get(table);
    if (part === undefined) this.#parts.set(table, (part = new Uint8Array(ENTRIES / 8)));
    part[(cluster % ENTRIES) >> 3] |= 1 << (cluster & 7);
    this.#count++;
  }

  has(cluster: number): boolean {
    const part = this.#parts.get(Math.floor(cluster / ENTRIES));
    return part !== undefined && (part[(cluster % ENTRIES) >> 3] & (1 << (cluster & 7))) !== 0;
  }
}

export interface Qcow2Layout {
  /** Of the disk, in bytes. */
  readonly size: number;
  readonly data: DataClusters;
  /** Each in clusters of the file. */
  readonly refcountTable: Region;
  readonly refcountBlocks: Region;
  readonly l1: Region & { readonly entries: number };
  readonly l2: Region;
  readonly firstData: number;
  readonly clusters: number;
}

interface Region {
  readonly first: number;
  readonly count: number;
}

/** Lays out an image of these extents, which are read to their end. Rejects with ImageError. */
export async function planQcow2(extents: AsyncIterable<Extent>): Promise<Qcow2Layout> {
  const data = new DataClusters();
  let size = 0;
  for await (const block of inBlocks(extents, CLUSTER)) {
    if (block.kind === 'data') data.add(block.offset / CLUSTER);
    size = block.offset + lengthOf(block);
  }
  return layOut(Math.ceil(size / 512) * 512, data);
}

function layOut(size: number, data: DataClusters): Qcow2Layout {
  const l1Entries = Math.ceil(size / (CLUSTER * ENTRIES));
  if (l1Entries * 8 > MOST_L1) {
    throw new ImageError('limit', `A disk of ${size} bytes is too large for qcow2 with clusters of 64 KiB.`);
  }
  const l1Clusters = Math.ceil((l1Entries * 8) / CLUSTER);
  const l2Clusters = data.tables.length;
  const others = 1 + l1Clusters + l2Clusters + data.count;
  // Reference counts are kept of themselves, too.
  let [tableClusters, blocks] = [1, 1];
  for (;;) {
    const neededBlocks = Math.ceil((others + tableClusters + blocks) / REFCOUNTS_IN_BLOCK);
    const neededTable = Math.ceil((neededBlocks * 8) / CLUSTER);
    if (neededBlocks <= blocks && neededTable <= tableClusters) break;
    [tableClusters, blocks] = [neededTable, neededBlocks];
  }
  const refcountTable = { first: 1, count: tableClusters };
  const refcountBlocks = { first: refcountTable.first + tableClusters, count: blocks };
  const l1 = { first: refcountBlocks.first + blocks, count: l1Clusters, entries: l1Entries };
  const l2 = { first: l1.first + l1Clusters, count: l2Clusters };
  const firstData = l2.first + l2Clusters;
  return { size, data, refcountTable, refcountBlocks, l1, l2, firstData, clusters: firstData + data.count };
}
