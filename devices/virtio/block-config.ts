/**
 * What a block device says of itself: its feature bits and its configuration (virtio 1.3, 5.2.3 "Feature bits", 5.2.4
 * "Device configuration layout").
 *
 * Not offered, since no back end could keep what they promise:
 *
 * - VIRTIO_BLK_F_SECURE_ERASE: a deleted record stays in the browser's log until that is compacted, and a hole in a file
 *   leaves its old blocks to the host's medium;
 * - VIRTIO_BLK_F_LIFETIME: neither a browser nor a file tells how worn the medium is;
 * - VIRTIO_BLK_F_ZONED, VIRTIO_BLK_F_GEOMETRY: there are no zones and no cylinders.
 */
import type { BlockGeometry } from '../block/backend.ts';

export const BlockFeature = {
  VIRTIO_BLK_F_SIZE_MAX: 1,
  VIRTIO_BLK_F_SEG_MAX: 2,
  VIRTIO_BLK_F_RO: 5,
  VIRTIO_BLK_F_BLK_SIZE: 6,
  VIRTIO_BLK_F_FLUSH: 9,
  VIRTIO_BLK_F_TOPOLOGY: 10,
  VIRTIO_BLK_F_CONFIG_WCE: 11,
  VIRTIO_BLK_F_MQ: 12,
  VIRTIO_BLK_F_DISCARD: 13,
  VIRTIO_BLK_F_WRITE_ZEROES: 14,
} as const;

/** How a disk is shown to the guest. */
export interface BlockTraits {
  /** In bytes: powers of 2 from 512 to 4096, the physical one not below the logical one. Default: 512 and 4096. */
  readonly sectorSize?: SectorSize;
  /** False: the guest cannot give space back. Default: true. */
  readonly discards?: boolean;
  /** What changes the disk is durable when it is acknowledged, whatever cache mode the guest chooses. Default: false. */
  readonly writeThrough?: boolean;
}

export interface SectorSize {
  readonly logical: number;
  readonly physical: number;
}

/** The unit of `sector` everywhere in the protocol, whatever the size of the disk's own sectors. */
export const SECTOR_SIZE = 512;

export const QUEUE_SIZE = 512;
/** Header and status take a descriptor each. */
const SEG_MAX = QUEUE_SIZE - 2;
const SIZE_MAX = 256 * 1024;
/** Bytes of one read or write. */
export const DATA_MAX = SEG_MAX * SIZE_MAX;
/** Ranges of one discard or write-zeroes command, and bytes of each: a multiple of every chunk size. */
export const RANGES_MAX = 32;
export const RANGE_BYTES_MAX = 2 ** 30;

/** What a device offers, and what it holds itself to. */
export interface BlockShape extends Required<BlockTraits> {
  readonly readOnly: boolean;
  readonly queues: number;
  /** In bytes: whole sectors of the disk. */
  readonly capacity: number;
  /** The unit in which space is allocated and given back, in bytes: at least a physical sector. */
  readonly chunkSize: number;
}

export function blockShape(geometry: BlockGeometry, traits: BlockTraits, queues: number): BlockShape {
  const { size, readOnly } = geometry;
  const { discards = true, writeThrough = false, sectorSize = { logical: SECTOR_SIZE, physical: 4096 } } = traits;
  const capacity = size - (size % sectorSize.logical);
  const chunkSize = Math.max(geometry.chunkSize, sectorSize.physical);
  return { sectorSize, discards, writeThrough, readOnly, queues, capacity, chunkSize };
}

export function offeredFeatures({ readOnly, discards, queues }: BlockShape): number[] {
  const changing = [BlockFeature.VIRTIO_BLK_F_WRITE_ZEROES, ...(discards ? [BlockFeature.VIRTIO_BLK_F_DISCARD] : [])];
  return [
    BlockFeature.VIRTIO_BLK_F_SIZE_MAX,
    BlockFeature.VIRTIO_BLK_F_SEG_MAX,
    BlockFeature.VIRTIO_BLK_F_BLK_SIZE,
    BlockFeature.VIRTIO_BLK_F_FLUSH,
    BlockFeature.VIRTIO_BLK_F_TOPOLOGY,
    BlockFeature.VIRTIO_BLK_F_CONFIG_WCE,
    ...(queues > 1 ? [BlockFeature.VIRTIO_BLK_F_MQ] : []),
    ...(readOnly ? [BlockFeature.VIRTIO_BLK_F_RO] : changing),
  ];
}

/**
 *   0   le64 capacity          26  le16 min_io_size           44  le32 discard_sector_alignment
 *   8   le32 size_max          28  le32 opt_io_size           48  le32 max_write_zeroes_sectors
 *   12  le32 seg_max           32  u8   writeback             52  le32 max_write_zeroes_seg
 *   16  geometry               33  u8   unused0               56  u8   write_zeroes_may_unmap
 *   20  le32 blk_size          34  le16 num_queues            57  u8   unused1[3]
 *   24  u8   physical_block_exp    36  le32 max_discard_sectors
 *   25  u8   alignment_offset      40  le32 max_discard_seg
 */
export const CONFIG_SIZE = 60;
/** In sectors of 512 bytes; 8 bytes long. */
export const CAPACITY = 0;
/** 1: write-back, 0: write-through. */
export const WRITEBACK = 32;

export function configuration(shape: BlockShape): Uint8Array {
  const { capacity, sectorSize, chunkSize, queues, writeThrough, readOnly, discards } = shape;
  const { logical, physical } = sectorSize;
  const bytes = new Uint8Array(CONFIG_SIZE);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(CAPACITY, BigInt(capacity / SECTOR_SIZE), true);
  view.setUint32(8, SIZE_MAX, true);
  view.setUint32(12, SEG_MAX, true);
  view.setUint32(20, logical, true);
  view.setUint8(24, Math.log2(physical / logical));
  view.setUint16(26, physical / logical, true);
  view.setUint32(28, chunkSize / logical, true);
  view.setUint8(WRITEBACK, writeThrough ? 0 : 1);
  view.setUint16(34, queues, true);
  if (readOnly) return bytes;
  view.setUint32(48, RANGE_BYTES_MAX / SECTOR_SIZE, true);
  view.setUint32(52, RANGES_MAX, true);
  if (!discards) return bytes;
  view.setUint32(36, RANGE_BYTES_MAX / SECTOR_SIZE, true);
  view.setUint32(40, RANGES_MAX, true);
  view.setUint32(44, chunkSize / SECTOR_SIZE, true);
  view.setUint8(56, 1);
  return bytes;
}
