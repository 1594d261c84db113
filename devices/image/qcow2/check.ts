/**
 * Compares the reference counts of a qcow2 image with what refers to its clusters: QEMU, docs/interop/qcow2.rst, "Host
 * cluster management". Referred to are: the header, the refcount table and its blocks, the snapshot table, and, from
 * the active L1 table and that of each snapshot, L2 tables, and from these, data.
 */

import { ImageError } from '../errors.ts';
import { readPadded, readWithin, type ImageSource } from '../source.ts';
import { compressedRange, isCompressed, l1Entry, l2Entry } from './entries.ts';
import { entriesOfL2, readHeader, type Qcow2Header } from './header.ts';
import { readRefcounts } from './refcounts.ts';
import { readSnapshots } from './snapshots.ts';

export interface Qcow2Check {
  /** Clusters of the file. */
  readonly clusters: number;
  /** Clusters that hold the disk's data now; compressed data counts each cluster of the disk. */
  readonly data: number;
  /** What is damaged: it can lose data when the image is written to. */
  readonly errors: number;
  /** Clusters that are counted and that nothing refers to: space is lost, and nothing else. */
  readonly leaks: number;
  /** Whether the image was left open: its reference counts may be behind, and whoever opens it next mends them. */
  readonly dirty: boolean;
  /** What was found, a sentence each; the first ones. */
  readonly messages: readonly string[];
}

/** A count of references for each cluster: 256 MiB of memory. */
const MOST_CLUSTERS = 2 ** 27;
/** Of all L1 tables. */
const MOST_L1_ENTRIES = 2 ** 24;
/** Reference counts above it are not told apart. */
const MANY = 0xffff;

/** Checks an image. `most` messages are kept. Rejects with ImageError if it cannot be checked at all. */
export async function checkQcow2(source: ImageSource, most = 20): Promise<Qcow2Check> {
  const header = await readHeader(source);
  refuseUncheckable(header, source.name);
  const check = new Check(source, header, most);
  await check.run();
  return check.result();
}

function refuseUncheckable(header: Qcow2Header, name: string): void {
  const features: readonly (readonly [boolean, string])[] = [
    [header.encryption !== undefined, 'encryption'],
    [header.externalDataFile, 'an external data file'],
    [header.extendedL2, 'extended L2 entries'],
    [header.bitmaps, 'dirty bitmaps'],
  ];
  const [, feature] = features.find(([has]) => has) ?? [];
  if (feature === undefined) return;
  throw new ImageError('format', `${name} uses ${feature}, which is not checked here. Use: qemu-img check ${name}`);
}

/** An L2 table, as often as L1 tables refer to it. */
interface L2Use {
  count: number;
  /** What the active L1 table says of its references; undefined if it does not refer to it. */
  copied: boolean | undefined;
}

class Check {
  readonly #source: ImageSource;
  readonly #header: Qcow2Header;
  readonly #most: number;
  readonly #messages: string[] = [];
  readonly #references: Uint16Array;
  #errors = 0;
  #leaks = 0;
  #data = 0;

  constructor(source: ImageSource, header: Qcow2Header, most: number) {
    const clusters = Math.ceil(source.size / header.clusterSize);
    if (clusters > MOST_CLUSTERS) {
      const advice = `Use: qemu-img check ${source.name}`;
      throw new ImageError('limit', `${source.name} has ${clusters} clusters, too many to be checked here. ${advice}`);
    }
    this.#source = source;
    this.#header = header;
    this.#most = most;
    this.#references = new Uint16Array(clusters);
  }

  result(): Qcow2Check {
    return {
      clusters: this.#references.length,
      data: this.#data,
      errors: this.#errors,
      leaks: this.#leaks,
      dirty: this.#header.dirty,
      messages: this.#messages,
    };
  }

  async run(): Promise<void> {
    const { clusterSize, refcountTable, l1, snapshots: table } = this.#header;
    if (this.#header.corrupt) this.#error('The image is marked as corrupt by whoever wrote it last.');
    this.#refer(0, clusterSize, 1, 'The header');
    this.#refer(refcountTable.offset, refcountTable.clusters * clusterSize, 1, 'The refcount table');
    const counts = await readRefcounts(this.#source, this.#header, this.#references.length, (block, index) => {
      if (block.reserved) this.#error(`Entry ${index} of the refcount table has bits that mean nothing.`);
      return this.#refer(block.offset, clusterSize, 1, `Refcount block ${index}`);
    });
    const { snapshots, length } = await readSnapshots(this.#source, this.#header);
    if (length > 0) this.#refer(table.offset, length, 1, 'The snapshot table');
    const entries = snapshots.reduce((sum, snapshot) => sum + snapshot.l1.entries, l1.entries);
    if (entries > MOST_L1_ENTRIES) {
      throw new ImageError('limit', `${this.#source.name}: its L1 tables have ${entries} entries, too many to check.`);
    }
    const tables = new Map<number, L2Use>();
    await this.#l1(l1, tables, true, 'The L1 table');
    for (const { name, l1 } of snapshots) await this.#l1(l1, tables, false, `The L1 table of snapshot "${name}"`);
    // A cluster's count is known when all that refer to it were seen: flags are looked at in a second pass.
    for (const [offset, use] of tables) await this.#l2(offset, use);
    this.#compare(counts);
    for (const [offset, { copied }] of tables) {
      if (copied === undefined) continue;
      this.#checkCopied(copied, offset, counts, `the L2 table at ${offset}`);
      await this.#l2Flags(offset, counts);
    }
  }

  /** Counts what an L1 table refers to, and itself. */
  async #l1(
    { offset, entries }: Qcow2Header['l1'],
    tables: Map<number, L2Use>,
    isActive: boolean,
    what: string,
  ): Promise<void> {
    const { clusterSize } = this.#header;
    if (entries === 0 || !this.#refer(offset, entries * 8, 1, what)) return;
    const step = 8192;
    for (let first = 0; first < entries; first += step) {
      const count = Math.min(step, entries - first);
      const bytes = await readWithin(this.#source, offset + first * 8, count * 8, what);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      for (let i = 0; i < count; i++) {
        const entry = l1Entry(view, i);
        if (entry.reserved) this.#error(`${what}: entry ${first + i} has bits that mean nothing.`);
        if (entry.offset === 0) continue;
        if (!this.#refer(entry.offset, clusterSize, 1, `An L2 table, entry ${first + i} of the L1 table,`)) continue;
        const use = tables.get(entry.offset) ?? { count: 0, copied: undefined };
        if (isActive && use.copied !== undefined) this.#error(`The L2 table at ${entry.offset} is used twice.`);
        use.count++;
        if (isActive) use.copied = entry.copied;
        tables.set(entry.offset, use);
      }
    }
  }

  async #l2(offset: number, { count, copied }: L2Use): Promise<void> {
    const { clusterSize, clusterBits, version } = this.#header;
    const table = await this.#readTable(offset);
    for (let i = 0; i < entriesOfL2(this.#header); i++) {
      const what = `The data of entry ${i} of the L2 table at ${offset}`;
      if (isCompressed(table, i)) {
        const { offset: at, length } = compressedRange(table, i, clusterBits);
        const inside = Math.min(length, Math.max(1, this.#source.size - at));
        if (this.#refer(at, inside, count, what, false) && copied !== undefined) this.#data++;
        continue;
      }
      const entry = l2Entry(table, i, version);
      if (entry.reserved) this.#error(`Entry ${i} of the L2 table at ${offset} has bits that mean nothing.`);
      if (entry.offset === 0) continue;
      if (this.#refer(entry.offset, clusterSize, count, what) && copied !== undefined) this.#data++;
    }
  }

  /** "copied" says that the count is 1; compressed clusters never have it. */
  async #l2Flags(offset: number, counts: Uint16Array): Promise<void> {
    const table = await this.#readTable(offset);
    for (let i = 0; i < entriesOfL2(this.#header); i++) {
      const what = `entry ${i} of the L2 table at ${offset}`;
      if (isCompressed(table, i)) {
        const { copied } = compressedRange(table, i, this.#header.clusterBits);
        if (copied) this.#error(`The flag "copied" is set in ${what}, which is compressed.`);
        continue;
      }
      const entry = l2Entry(table, i, this.#header.version);
      if (entry.offset !== 0) this.#checkCopied(entry.copied, entry.offset, counts, what);
    }
  }

  #checkCopied(copied: boolean, offset: number, counts: Uint16Array, what: string): void {
    const count = counts[Math.floor(offset / this.#header.clusterSize)];
    if (count === undefined || copied === (count === 1)) return;
    this.#error(`The flag "copied" of ${what} is ${copied ? 'set' : 'not set'}, and the reference count is ${count}.`);
  }

  async #readTable(offset: number): Promise<DataView> {
    const bytes = await readPadded(this.#source, offset, this.#header.clusterSize);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Counts `times` references to each cluster of a range; says what is wrong with it, and returns false, if it is. */
  #refer(offset: number, length: number, times: number, what: string, aligned = true): boolean {
    const { clusterSize } = this.#header;
    if (aligned && offset % clusterSize !== 0) {
      this.#error(`${what} begins at ${offset}, which is no boundary of clusters.`);
      return false;
    }
    const first = Math.floor(offset / clusterSize);
    const last = Math.floor((offset + length - 1) / clusterSize);
    if (last >= this.#references.length) {
      this.#error(`${what} lies beyond the end of the file, at ${offset}.`);
      return false;
    }
    for (let cluster = first; cluster <= last; cluster++) {
      this.#references[cluster] = Math.min(MANY, this.#references[cluster] + times);
    }
    return true;
  }

  #compare(counts: Uint16Array): void {
    const references = this.#references;
    for (let cluster = 0; cluster < references.length; cluster++) {
      if (counts[cluster] === references[cluster]) continue;
      const says = `Cluster ${cluster} is counted ${counts[cluster]} times, and referred to ${references[cluster]} times`;
      if (counts[cluster] > references[cluster]) {
        this.#leaks++;
        this.#say(`${says}: a leak.`);
      } else {
        this.#error(`${says}: what lies there is overlapped, or can be overwritten.`);
      }
    }
  }

  #error(message: string): void {
    this.#errors++;
    this.#say(message);
  }

  #say(message: string): void {
    if (this.#messages.length < this.#most) this.#messages.push(message);
  }
}
