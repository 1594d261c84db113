/**
 * Entries of L1 and L2 tables: QEMU, docs/interop/qcow2.rst, "Cluster mapping". 64 bits, big-endian, taken as two halves.
 *
 *     63      62          61 ······ 56  55 ······· 9   8 ··· 1   0
 *     copied  compressed  reserved      host offset    reserved  zero       (L1: no `compressed`, no `zero`)
 *     0       1           ── sectors ── ·· x ·· ──── host offset ────       x = 62 - (cluster_bits - 8)
 */

const COPIED = 0x8000_0000;
const COMPRESSED = 0x4000_0000;
const ZERO = 1;
const RESERVED = { L1_HIGH: 0x7f00_0000, L2_HIGH: 0x3f00_0000, L1_LOW: 0x1ff, L2_LOW: 0x1fe } as const;

/** An entry of an L1 table, or of an L2 table for a cluster that is not compressed. */
export interface TableEntry {
  /** In the file, in bytes; 0 if there is none. */
  readonly offset: number;
  /** Says that the reference count is 1. */
  readonly copied: boolean;
  /** The cluster reads as zeroes, whatever is at the offset. */
  readonly zero: boolean;
  /** Whether bits are set that have no meaning. */
  readonly reserved: boolean;
}

export function l1Entry(table: DataView, index: number): TableEntry {
  const [high, low] = [table.getUint32(8 * index), table.getUint32(8 * index + 4)];
  const reserved = (high & RESERVED.L1_HIGH) !== 0 || (low & RESERVED.L1_LOW) !== 0;
  return { offset: offsetOf(high, low), copied: (high & COPIED) !== 0, zero: false, reserved };
}

export function isCompressed(table: DataView, index: number): boolean {
  return (table.getUint32(8 * index) & COMPRESSED) !== 0;
}

export function l2Entry(table: DataView, index: number, version: 2 | 3): TableEntry {
  const [high, low] = [table.getUint32(8 * index), table.getUint32(8 * index + 4)];
  const zero = (low & ZERO) !== 0;
  const reserved = (high & RESERVED.L2_HIGH) !== 0 || (low & RESERVED.L2_LOW) !== 0 || (zero && version === 2);
  return { offset: offsetOf(high, low), copied: (high & COPIED) !== 0, zero, reserved };
}

function offsetOf(high: number, low: number): number {
  return (high & 0x00ff_ffff) * 2 ** 32 + ((low & 0xffff_fe00) >>> 0);
}

/** Where the data of a compressed cluster is, in bytes; it may end earlier. */
export interface CompressedRange {
  readonly offset: number;
  readonly length: number;
  readonly copied: boolean;
}

export function compressedRange(table: DataView, index: number, clusterBits: number): CompressedRange {
  const [high, low] = [table.getUint32(8 * index), table.getUint32(8 * index + 4)];
  const offsetBitsInHigh = 62 - (clusterBits - 8) - 32;
  const offset = (high & ((1 << offsetBitsInHigh) - 1)) * 2 ** 32 + low;
  const additionalSectors = (high & 0x3fff_ffff) >>> offsetBitsInHigh;
  return { offset, length: (additionalSectors + 1) * 512 - (low & 511), copied: (high & COPIED) !== 0 };
}

/** Writes an entry of a cluster with one reference. */
export function putEntry(table: DataView, index: number, offset: number): void {
  table.setUint32(8 * index, (COPIED | Math.floor(offset / 2 ** 32)) >>> 0);
  table.setUint32(8 * index + 4, offset >>> 0);
}
