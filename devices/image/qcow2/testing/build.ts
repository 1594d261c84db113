/** qcow2 images for tests that qemu-img does not make: every field can be set. */

/** Where the parts of {@link tinyImage} lie, in bytes. Its clusters have 4 KiB. */
export const TINY = {
  cluster: 4096,
  refcountTable: 0x1000,
  refcountBlock: 0x2000,
  l1: 0x3000,
  l2: 0x4000,
  data: 0x5000,
  end: 0x7000,
  /** Of the disk: four clusters, of which 0 and 2 have data. */
  size: 4 * 4096,
} as const;

export const COPIED = 1n << 63n;
export const COMPRESSED = 1n << 62n;

/** An image by hand, which qemu-img finds clean. `change` is called before it is returned. */
export function tinyImage(change: (view: DataView, bytes: Uint8Array<ArrayBuffer>) => void = () => undefined) {
  const bytes = new Uint8Array(TINY.end);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x5146_49fb);
  view.setUint32(4, 3);
  view.setUint32(20, 12);
  view.setBigUint64(24, BigInt(TINY.size));
  view.setUint32(36, 1);
  view.setBigUint64(40, BigInt(TINY.l1));
  view.setBigUint64(48, BigInt(TINY.refcountTable));
  view.setUint32(56, 1);
  view.setUint32(96, 4);
  view.setUint32(100, 104);
  view.setBigUint64(TINY.refcountTable, BigInt(TINY.refcountBlock));
  for (let cluster = 0; cluster < TINY.end / TINY.cluster; cluster++)
    view.setUint16(TINY.refcountBlock + 2 * cluster, 1);
  view.setBigUint64(TINY.l1, COPIED | BigInt(TINY.l2));
  view.setBigUint64(TINY.l2, COPIED | BigInt(TINY.data));
  view.setBigUint64(TINY.l2 + 16, COPIED | BigInt(TINY.data + TINY.cluster));
  bytes.fill(0xaa, TINY.data, TINY.data + TINY.cluster);
  bytes.fill(0xbb, TINY.data + TINY.cluster, TINY.end);
  change(view, bytes);
  return bytes;
}

/** The same with one more cluster, in which `packed` is the compressed data of cluster 1 of the disk. */
export function compressedImage(packed: Uint8Array, change: (view: DataView) => void = () => undefined): Uint8Array {
  const bytes = new Uint8Array(TINY.end + TINY.cluster);
  bytes.set(tinyImage());
  bytes.set(packed, TINY.end + 100);
  const view = new DataView(bytes.buffer);
  view.setUint16(TINY.refcountBlock + 2 * (TINY.end / TINY.cluster), 1);
  const sectors = Math.floor((100 + packed.length - 1) / 512);
  view.setBigUint64(TINY.l2 + 8, COMPRESSED | (BigInt(sectors) << 58n) | BigInt(TINY.end + 100));
  change(view);
  return bytes;
}

/** The same compressed by zstd, as far as the header says. */
export function asZstd(view: DataView): void {
  view.setUint32(76, 8);
  view.setUint32(100, 112);
  view.setUint8(104, 1);
}
