/** Reads the disk in a qcow2 image here and there, in place: as a machine reads it. `reader.ts` reads it in order. */

import { damaged } from '../errors.ts';
import { readPadded, readWithin, type ImageSource } from '../source.ts';
import { compressedRange, isCompressed, l1Entry, l2Entry } from './entries.ts';
import { entriesOfL2, readHeader, whyUnreadable, type Qcow2Header } from './header.ts';
import { loadInflate, type Inflate } from './inflate.ts';

/** Bytes of L2 tables, and of decompressed clusters, that are kept. */
const KEPT = 4 * 1024 * 1024;

/** Where the bytes of a cluster of the disk are. */
type Place =
  | { readonly kind: 'zero' }
  | { readonly kind: 'plain'; readonly offset: number }
  | { readonly kind: 'packed'; readonly offset: number; readonly length: number };

export class Qcow2Disk {
  /** Of the disk, in bytes. */
  readonly size: number;
  readonly #source: ImageSource;
  readonly #header: Qcow2Header;
  readonly #inflate: Inflate;
  /** By their places in the file. */
  readonly #tables: Kept<DataView>;
  readonly #clusters: Kept<Uint8Array>;

  /** What `source` reads has to stay as it is. Rejects with ImageError, also for what is an image but cannot be read here. */
  static async open(source: ImageSource): Promise<Qcow2Disk> {
    const header = await readHeader(source);
    const refusal = whyUnreadable(header, source.name);
    if (refusal !== undefined) throw refusal;
    return new Qcow2Disk(source, header, await loadInflate(header.compression, header.clusterSize));
  }

  private constructor(source: ImageSource, header: Qcow2Header, inflate: Inflate) {
    this.size = header.size;
    this.#source = source;
    this.#header = header;
    this.#inflate = inflate;
    const most = Math.max(4, Math.floor(KEPT / header.clusterSize));
    this.#tables = new Kept(most);
    this.#clusters = new Kept(most);
  }

  /** Fills `target`, which lies within the disk, from `offset`. Reads may overlap. Rejects with ImageError. */
  async read(offset: number, target: Uint8Array): Promise<void> {
    const { clusterSize } = this.#header;
    const pending: Promise<void>[] = [];
    for (let at = 0; at < target.length;) {
      const cluster = Math.floor((offset + at) / clusterSize);
      const start = offset + at - cluster * clusterSize;
      const part = target.subarray(at, at + clusterSize - start);
      pending.push(this.#readCluster(cluster, start, part));
      at += part.length;
    }
    await Promise.all(pending);
  }

  async #readCluster(cluster: number, start: number, target: Uint8Array): Promise<void> {
    const place = await this.#find(cluster);
    if (place.kind === 'zero') target.fill(0);
    // What was never written of the last cluster may be missing from the file.
    else if (place.kind === 'plain') target.set(await readPadded(this.#source, place.offset + start, target.length));
    else {
      const { offset, length } = place;
      const bytes = await this.#clusters.get(offset, () => this.#unpack(cluster, offset, length));
      target.set(bytes.subarray(start, start + target.length));
    }
  }

  async #find(cluster: number): Promise<Place> {
    const { clusterBits, clusterSize, l1, version } = this.#header;
    const entries = entriesOfL2(this.#header);
    const index = Math.floor(cluster / entries);
    const bytes = await readWithin(this.#source, l1.offset + index * 8, 8, 'its L1 table');
    const entry = l1Entry(new DataView(bytes.buffer, bytes.byteOffset, 8), 0);
    if (entry.reserved) throw this.#damaged(`entry ${index} of its L1 table has bits that mean nothing`);
    if (entry.offset === 0) return { kind: 'zero' };
    this.#check(entry.offset, `L2 table ${index}`);
    const table = await this.#tables.get(entry.offset, async () => {
      const copy = (await readWithin(this.#source, entry.offset, clusterSize, 'an L2 table')).slice();
      return new DataView(copy.buffer);
    });
    const at = cluster % entries;
    if (isCompressed(table, at)) return { kind: 'packed', ...compressedRange(table, at, clusterBits) };
    const { offset, zero, reserved } = l2Entry(table, at, version);
    if (reserved) throw this.#damaged(`the L2 entry for cluster ${cluster} has bits that mean nothing`);
    if (zero || offset === 0) return { kind: 'zero' };
    this.#check(offset, `cluster ${cluster}`);
    return { kind: 'plain', offset };
  }

  async #unpack(cluster: number, offset: number, length: number): Promise<Uint8Array> {
    const { clusterSize } = this.#header;
    const inside = offset >= clusterSize && offset < this.#source.size;
    const most = Math.min(length, this.#source.size - offset);
    const bytes = inside ? this.#inflate(await this.#source.read(offset, most)) : undefined;
    if (bytes?.length === clusterSize) return bytes;
    throw this.#damaged(`cluster ${cluster} does not decompress to ${clusterSize} bytes`);
  }

  #check(offset: number, what: string): void {
    const whole = offset % this.#header.clusterSize === 0 && offset < this.#source.size;
    if (!whole) throw this.#damaged(`${what} does not lie in a cluster of the file`);
  }

  #damaged(what: string): Error {
    return damaged(`${this.#source.name}: ${what}.`);
  }
}

/** A bounded number of values, made when they are asked for; the least recently used go first. */
class Kept<T> {
  readonly #values = new Map<number, Promise<T>>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: number, make: () => Promise<T>): Promise<T> {
    const value = this.#values.get(key) ?? make();
    this.#values.delete(key);
    this.#values.set(key, value);
    // What failed is tried again.
    value.catch(() => {
      if (this.#values.get(key) === value) this.#values.delete(key);
    });
    const [oldest] = this.#values.keys();
    if (this.#values.size > this.#most) this.#values.delete(oldest);
    return value;
  }
}
