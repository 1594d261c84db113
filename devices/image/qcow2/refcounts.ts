/** The reference counts of a qcow2 image: QEMU, docs/interop/qcow2.rst, "Host cluster management". */

import { readPadded, type ImageSource } from '../source.ts';
import type { Qcow2Header } from './header.ts';

/** Greater counts read as this one. */
const MANY = 0xffff;

export interface RefcountBlock {
  /** In the file, in bytes. */
  readonly offset: number;
  readonly reserved: boolean;
}

/**
 * The counts of the file's first `clusters`. `visit` is told of each block, by its index in the refcount table, and
 * says whether it can be read. Rejects with ImageError.
 */
export async function readRefcounts(
  source: ImageSource,
  { refcountTable, clusterSize, refcountBits }: Qcow2Header,
  clusters: number,
  visit: (block: RefcountBlock, index: number) => boolean,
): Promise<Uint16Array> {
  const counts = new Uint16Array(clusters);
  const inBlock = (clusterSize * 8) / refcountBits;
  // At most 8 MiB.
  const table = await readPadded(source, refcountTable.offset, refcountTable.clusters * clusterSize);
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  for (let index = 0; index < table.length / 8; index++) {
    const [high, low] = [view.getUint32(8 * index), view.getUint32(8 * index + 4)];
    if (high === 0 && low === 0) continue;
    const block = { offset: high * 2 ** 32 + ((low & 0xffff_fe00) >>> 0), reserved: (low & 0x1ff) !== 0 };
    if (!visit(block, index)) continue;
    const first = index * inBlock;
    if (first >= clusters) continue;
    const bytes = await readPadded(source, block.offset, clusterSize);
    const entries = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let i = 0; i < inBlock && first + i < clusters; i++) counts[first + i] = countAt(entries, i, refcountBits);
  }
  return counts;
}

/** "Refcount block entry": of less than a byte, the first is in the lowest bits. */
function countAt(block: DataView, index: number, bits: number): number {
  if (bits < 8) return (block.getUint8((index * bits) >> 3) >> ((index * bits) & 7)) & ((1 << bits) - 1);
  const at = (index * bits) / 8;
  if (bits === 8) return block.getUint8(at);
  if (bits === 16) return block.getUint16(at);
  if (bits === 32) return Math.min(MANY, block.getUint32(at));
  return block.getUint32(at) > 0 ? MANY : Math.min(MANY, block.getUint32(at + 4));
}
