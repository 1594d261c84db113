/** Writes a qcow2 image of version 3 from its beginning to its end. */

import { inBlocks } from '../blocks.ts';
import { ImageError } from '../errors.ts';
import { lengthOf, type Extent } from '../extent.ts';
import { putEntry } from './entries.ts';
import { HEADER } from './header.ts';
import { MAGIC } from './magic.ts';
import { CLUSTER, CLUSTER_BITS, ENTRIES, REFCOUNT_ORDER, REFCOUNTS_IN_BLOCK, type Qcow2Layout } from './layout.ts';

/**
 * The image, in order. `extents` are those that the layout was made of, once more; a disk that has changed since
 * rejects with ImageError.
 */
export async function* writeQcow2(layout: Qcow2Layout, extents: AsyncIterable<Extent>): AsyncGenerator<Uint8Array> {
  yield header(layout);
  yield refcountTable(layout);
  for (let block = 0; block < layout.refcountBlocks.count; block++) yield refcountBlock(layout, block);
  const tables = layout.data.tables;
  if (layout.l1.count > 0) yield l1Table(layout, tables);
  let cluster = layout.firstData;
  for (const table of tables) {
    const view = clusters(1);
    for (let i = 0; i < ENTRIES; i++) {
      if (layout.data.has(table * ENTRIES + i)) putEntry(view, i, cluster++ * CLUSTER);
    }
    yield bytesOf(view);
  }
  yield* data(layout, extents);
}

async function* data({ data, size }: Qcow2Layout, extents: AsyncIterable<Extent>): AsyncGenerator<Uint8Array> {
  let [done, end] = [0, 0];
  for await (const block of inBlocks(extents, CLUSTER)) {
    const index = block.offset / CLUSTER;
    end = block.offset + lengthOf(block);
    if (block.kind === 'zero') {
      for (let i = 0; done < data.count && i < block.length / CLUSTER; i++) if (data.has(index + i)) throw changed();
      continue;
    }
    if (!data.has(index)) throw changed();
    done++;
    const padded = new Uint8Array(CLUSTER);
    padded.set(block.bytes);
    yield padded;
  }
  if (done !== data.count || Math.ceil(end / 512) * 512 !== size) throw changed();
}

const changed = (): ImageError =>
  new ImageError('read', 'The image was changed while it was read: close what writes to it, and try again.');

const clusters = (count: number): DataView => new DataView(new ArrayBuffer(count * CLUSTER));
const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer);

function header({ size, refcountTable, l1 }: Qcow2Layout): Uint8Array {
  const view = clusters(1);
  view.setUint32(0, MAGIC);
  view.setUint32(4, 3);
  view.setUint32(20, CLUSTER_BITS);
  view.setBigUint64(24, BigInt(size));
  view.setUint32(36, l1.entries);
  view.setBigUint64(40, BigInt(l1.first * CLUSTER));
  view.setBigUint64(48, BigInt(refcountTable.first * CLUSTER));
  view.setUint32(56, refcountTable.count);
  view.setUint32(96, REFCOUNT_ORDER);
  view.setUint32(100, HEADER.KNOWN);
  return bytesOf(view);
}

function refcountTable({ refcountTable, refcountBlocks }: Qcow2Layout): Uint8Array {
  const view = clusters(refcountTable.count);
  for (let i = 0; i < refcountBlocks.count; i++) {
    view.setBigUint64(8 * i, BigInt((refcountBlocks.first + i) * CLUSTER));
  }
  return bytesOf(view);
}

/** Every cluster of the file has one reference. */
function refcountBlock({ clusters: all }: Qcow2Layout, block: number): Uint8Array {
  const view = clusters(1);
  const count = Math.min(REFCOUNTS_IN_BLOCK, all - block * REFCOUNTS_IN_BLOCK);
  for (let i = 0; i < count; i++) view.setUint16(2 * i, 1);
  return bytesOf(view);
}

function l1Table({ l1, l2 }: Qcow2Layout, tables: readonly number[]): Uint8Array {
  const view = clusters(l1.count);
  tables.forEach((table, i) => putEntry(view, table, (l2.first + i) * CLUSTER));
  return bytesOf(view);
}
