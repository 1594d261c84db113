/**
 * The header of a qcow2 image: QEMU, docs/interop/qcow2.rst, "Header" to "Snapshots". All numbers are big-endian.
 *
 *     0        4        8                20       24          32      36      40          48
 *     │ magic  │ version│ backing file   │ cluster│ size      │ crypt │ l1    │ l1 table  │
 *     │ QFI\xfb│ 2 or 3 │ offset, size   │ bits   │           │       │ size  │ offset    │
 *     48               56        60          64                72
 *     │ refcount table │ its     │ number of │ snapshot table │ version 3: features, refcount_order,
 *     │ offset         │ clusters│ snapshots │ offset         │ header_length, compression_type
 */

import { damaged, ImageError } from '../errors.ts';
import { readWithin, type ImageSource } from '../source.ts';

/** Bytes of a header: of version 2, the least of version 3, and up to what is known of it. */
export const HEADER = { V2: 72, V3: 104, KNOWN: 112 } as const;

/** incompatible_features: an image with any other may not be opened. */
export const INCOMPATIBLE = {
  DIRTY: 1 << 0,
  CORRUPT: 1 << 1,
  EXTERNAL_DATA_FILE: 1 << 2,
  COMPRESSION_TYPE: 1 << 3,
  EXTENDED_L2: 1 << 4,
} as const;

const EXTENSION = { END: 0, BACKING_FORMAT: 0xe279_2aca, FEATURE_NAMES: 0x6803_f857, BITMAPS: 0x2385_2875 } as const;

/** What QEMU takes, too: 512 bytes to 2 MiB. */
export const CLUSTER_BITS = { LEAST: 9, MOST: 21 } as const;

/** What QEMU takes, too, in bytes. */
const MOST_L1 = 32 << 20;
const MOST_REFCOUNT_TABLE = 8 << 20;
const MOST_BACKING_NAME = 1023;

/** Host clusters that are kept count of: a bit for each makes 128 MiB. */
const MOST_CLUSTERS = 2 ** 30;

export type CompressionType = 'zlib' | 'zstd';

export interface Qcow2Header {
  readonly version: 2 | 3;
  /** In bytes. */
  readonly clusterSize: number;
  readonly clusterBits: number;
  /** Of the disk, in bytes. */
  readonly size: number;
  readonly encryption: 'AES' | 'LUKS' | undefined;
  readonly backingFile: string | undefined;
  readonly l1: { readonly entries: number; readonly offset: number };
  readonly refcountTable: { readonly offset: number; readonly clusters: number };
  /** Width of a reference count, in bits: 1 to 64. */
  readonly refcountBits: number;
  readonly snapshots: { readonly count: number; readonly offset: number };
  readonly dirty: boolean;
  readonly corrupt: boolean;
  readonly externalDataFile: boolean;
  readonly extendedL2: boolean;
  /** Dirty bitmaps are stored in the image. */
  readonly bitmaps: boolean;
  readonly compression: CompressionType;
}

/** Entries of an L2 table. */
export function entriesOfL2(header: Qcow2Header): number {
  return header.clusterSize / 8;
}

/** Entries of the L1 table that the disk needs. */
export function neededL1(header: Qcow2Header): number {
  return Math.ceil(header.size / (header.clusterSize * entriesOfL2(header)));
}

/**
 * Reads and checks the header, of what cannot be opened for its features, too: {@link whyUnreadable} says so then.
 * Rejects with ImageError.
 */
export async function readHeader(source: ImageSource): Promise<Qcow2Header> {
  const { version, clusterBits } = await readStart(source);
  const { name } = source;
  const clusterSize = 2 ** clusterBits;
  if (source.size / clusterSize > MOST_CLUSTERS) {
    const most = (MOST_CLUSTERS * clusterSize) / 2 ** 30;
    throw new ImageError('limit', `${name} is larger than ${most} GiB, the most for clusters of ${clusterSize} bytes.`);
  }
  const bytes = await readWithin(source, 0, Math.min(source.size, clusterSize), 'its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fields = new HeaderReader(view, name);
  const three = version === 3 ? fields.versionThree(clusterSize) : { incompatible: 0, order: 4, length: HEADER.V2 };
  const { bitmaps, names } = fields.extensions(three.length, clusterSize);
  fields.checkFeatures(three.incompatible, version === 3 ? view.getUint32(72) : 0, names);

  const header: Qcow2Header = {
    ...{ version, clusterBits, clusterSize, bitmaps },
    size: fields.number(24, 'the size of the disk'),
    encryption: fields.encryption(),
    backingFile: fields.backingFile(clusterSize),
    l1: { entries: view.getUint32(36), offset: fields.table(40, clusterSize, 'L1 table') },
    refcountTable: { offset: fields.table(48, clusterSize, 'refcount table'), clusters: view.getUint32(56) },
    refcountBits: 1 << three.order,
    snapshots: { count: view.getUint32(60), offset: fields.number(64, 'the offset of the snapshot table') },
    dirty: (three.incompatible & INCOMPATIBLE.DIRTY) !== 0,
    corrupt: (three.incompatible & INCOMPATIBLE.CORRUPT) !== 0,
    externalDataFile: (three.incompatible & INCOMPATIBLE.EXTERNAL_DATA_FILE) !== 0,
    extendedL2: (three.incompatible & INCOMPATIBLE.EXTENDED_L2) !== 0,
    compression: fields.compression(three.incompatible, three.length),
  };
  checkTables(header, source);
  return header;
}

/** What says how much there is to read: the header is within the first cluster. */
async function readStart(source: ImageSource): Promise<{ readonly version: 2 | 3; readonly clusterBits: number }> {
  const bytes = await readWithin(source, 0, Math.min(source.size, HEADER.V2), 'its header');
  const { name } = source;
  if (bytes.length < HEADER.V2) throw damaged(`${name} ends within its qcow2 header.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = view.getUint32(4);
  if (version !== 2 && version !== 3) {
    const advice = `convert it by an up-to-date qemu-img: qemu-img convert -O qcow2 ${name} new.qcow2`;
    throw new ImageError('format', `${name} has version ${version} of qcow2, and 2 and 3 are read here: ${advice}`);
  }
  const clusterBits = view.getUint32(20);
  if (clusterBits < CLUSTER_BITS.LEAST || clusterBits > CLUSTER_BITS.MOST) {
    const range = `${CLUSTER_BITS.LEAST} to ${CLUSTER_BITS.MOST}`;
    throw damaged(`${name}: cluster_bits is ${clusterBits}, and can be ${range}.`);
  }
  return { version, clusterBits };
}

function checkTables(header: Qcow2Header, { name, size }: ImageSource): void {
  const { l1, refcountTable, clusterSize } = header;
  if (header.encryption !== undefined || header.extendedL2) return;
  if (l1.entries * 8 > MOST_L1) throw damaged(`${name}: its L1 table has ${l1.entries} entries, more than 32 MiB.`);
  if (l1.entries < neededL1(header)) {
    throw damaged(`${name}: its L1 table has ${l1.entries} entries, too few for a disk of ${header.size} bytes.`);
  }
  if (l1.offset + l1.entries * 8 > size) throw damaged(`${name}: its L1 table lies beyond the end of the file.`);
  if (l1.entries > 0 && l1.offset === 0) throw damaged(`${name}: its L1 table lies over its header.`);
  if (refcountTable.clusters * clusterSize > MOST_REFCOUNT_TABLE) {
    throw damaged(`${name}: its refcount table has ${refcountTable.clusters} clusters, more than 8 MiB.`);
  }
}

/** Why the disk in the image cannot be read here, and what to do; undefined if it can. */
export function whyUnreadable(header: Qcow2Header, name: string): ImageError | undefined {
  const convert = `qemu-img convert -O qcow2 ${name} new.qcow2`;
  const refuse = (what: string, advice: string): ImageError =>
    new ImageError('format', `${name} ${what}: ${advice}, then use new.qcow2.`);
  if (header.corrupt) {
    const advice = `repair a copy of it (qemu-img check -r all ${name}), or make it again`;
    return new ImageError('damaged', `${name} is marked as corrupt by whoever wrote it last: ${advice}.`);
  }
  if (header.encryption !== undefined) {
    const advice = `decrypt it by qemu-img convert with its key (--object secret,… --image-opts)`;
    return refuse(`is encrypted (${header.encryption})`, advice);
  }
  if (header.backingFile !== undefined) {
    return refuse(`holds only what differs from its backing file ${header.backingFile}`, `make it whole by ${convert}`);
  }
  if (header.externalDataFile) return refuse('keeps its data in another file', `make it whole by ${convert}`);
  if (header.extendedL2) return refuse('has extended L2 entries, which are not read here', `rewrite it by ${convert}`);
  return undefined;
}

/** A name that stands in an image, fit to be printed. */
export function printable(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replaceAll(/\p{C}/gu, '?');
}

class HeaderReader {
  readonly #view: DataView;
  readonly #name: string;

  constructor(view: DataView, name: string) {
    this.#view = view;
    this.#name = name;
  }

  /** A number of 64 bits, within those that are exact here: 8 PiB. */
  number(at: number, what: string): number {
    const value = this.#view.getBigUint64(at);
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    throw damaged(`${this.#name}: ${what} is ${value}, which cannot be.`);
  }

  /** The offset of a table. */
  table(at: number, clusterSize: number, what: string): number {
    const offset = this.number(at, `the offset of its ${what}`);
    if (offset % clusterSize === 0) return offset;
    throw damaged(`${this.#name}: its ${what} is at ${offset}, which is no boundary of clusters.`);
  }

  versionThree(clusterSize: number): { incompatible: number; order: number; length: number } {
    if (this.#view.byteLength < HEADER.V3) throw damaged(`${this.#name} ends within its qcow2 header.`);
    const order = this.#view.getUint32(96);
    if (order > 6) throw damaged(`${this.#name}: refcount_order is ${order}, and can be 0 to 6.`);
    const length = this.#view.getUint32(100);
    if (length < HEADER.V3 || length % 8 !== 0 || length > Math.min(clusterSize, this.#view.byteLength)) {
      throw damaged(`${this.#name}: its header is ${length} bytes long, which cannot be.`);
    }
    return { incompatible: this.#view.getUint32(76), order, length };
  }

  /** Refuses what is not known, by its name if the image has one for it. */
  checkFeatures(low: number, high: number, names: ReadonlyMap<number, string>): void {
    const known = Object.values(INCOMPATIBLE).reduce((all, bit) => all | bit, 0);
    const unknown = [...Array(64).keys()].filter((bit) => {
      const word = bit < 32 ? low & ~known : high;
      return ((word >>> (bit % 32)) & 1) === 1;
    });
    if (unknown.length === 0) return;
    const named = unknown.map((bit) => names.get(bit) ?? `bit ${bit} of incompatible_features`).join(', ');
    const advice = 'convert it by the program that made it, to qcow2 without them or to a raw image';
    throw new ImageError('format', `${this.#name} uses features that are not known here (${named}): ${advice}.`);
  }

  encryption(): Qcow2Header['encryption'] {
    const method = this.#view.getUint32(32);
    if (method <= 2) return ([undefined, 'AES', 'LUKS'] as const)[method];
    throw damaged(`${this.#name}: crypt_method is ${method}, which cannot be.`);
  }

  backingFile(clusterSize: number): string | undefined {
    const offset = this.number(8, "the offset of the backing file's name");
    if (offset === 0) return undefined;
    const length = this.#view.getUint32(16);
    if (length > MOST_BACKING_NAME || offset + length > Math.min(clusterSize, this.#view.byteLength)) {
      throw damaged(`${this.#name}: the name of its backing file is not within its first cluster.`);
    }
    return printable(new Uint8Array(this.#view.buffer, this.#view.byteOffset + offset, length));
  }

  compression(incompatible: number, length: number): CompressionType {
    const type = length > HEADER.V3 ? this.#view.getUint8(HEADER.V3) : 0;
    const isNamed = (incompatible & INCOMPATIBLE.COMPRESSION_TYPE) !== 0;
    if (type > 1) {
      const advice = 'convert it by the program that made it, to zlib, zstd or none';
      throw new ImageError(
        'format',
        `${this.#name} is compressed in a way that is not known here (${type}): ${advice}.`,
      );
    }
    if ((type !== 0) !== isNamed) throw damaged(`${this.#name}: compression_type contradicts incompatible_features.`);
    return type === 1 ? 'zstd' : 'zlib';
  }

  /** What header extensions say; those that are not known may be skipped. They end with the first cluster. */
  extensions(from: number, clusterSize: number): { bitmaps: boolean; names: ReadonlyMap<number, string> } {
    const names = new Map<number, string>();
    let bitmaps = false;
    const backingName = Number(this.#view.getBigUint64(8));
    const end = Math.min(clusterSize, this.#view.byteLength, backingName > 0 ? backingName : Infinity);
    for (let at = from; at + 8 <= end;) {
      const type = this.#view.getUint32(at);
      const length = this.#view.getUint32(at + 4);
      if (type === EXTENSION.END) break;
      if (at + 8 + length > end) throw damaged(`${this.#name}: a header extension is longer than the first cluster.`);
      if (type === EXTENSION.BITMAPS) bitmaps = true;
      if (type === EXTENSION.FEATURE_NAMES) this.#featureNames(at + 8, length, names);
      at += 8 + Math.ceil(length / 8) * 8;
    }
    return { bitmaps, names };
  }

  /** "Feature name table": 48 bytes for each. */
  #featureNames(from: number, length: number, names: Map<number, string>): void {
    for (let at = from; at + 48 <= from + length; at += 48) {
      if (this.#view.getUint8(at) !== 0) continue;
      const text = printable(new Uint8Array(this.#view.buffer, this.#view.byteOffset + at + 2, 46));
      names.set(this.#view.getUint8(at + 1), text.replace(/\?.*$/, ''));
    }
  }
}
