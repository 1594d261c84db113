/** Reads the disk in a qcow2 image, of version 2 or 3: QEMU, docs/interop/qcow2.rst. */

import { damaged } from '../errors.ts';
import { mergeZeroes, splitZeroes, type Extent } from '../extent.ts';
import type { ImageReader } from '../reader.ts';
import { PIECE, readPadded, readWithin, type ImageSource } from '../source.ts';
import { compressedRange, isCompressed, l1Entry, l2Entry } from './entries.ts';
import { entriesOfL2, neededL1, readHeader, whyUnreadable, type Qcow2Header } from './header.ts';
import { HostClusters } from './host-clusters.ts';
import { loadInflate, type Inflate } from './inflate.ts';

/** Entries of the L1 table that are read at a time. */
const L1_STEP = 4096;

/** Neighbours in the disk that are neighbours in the file, too, in bytes. */
interface Run {
  readonly offset: number;
  readonly from: number;
  length: number;
}

export class Qcow2Reader implements ImageReader {
  readonly format = 'qcow2';
  readonly virtualSize: number;
  readonly warnings: readonly string[];
  readonly #source: ImageSource;
  readonly #header: Qcow2Header;

  /** Rejects with ImageError, also for what is an image but cannot be read here. */
  static async open(source: ImageSource): Promise<Qcow2Reader> {
    const header = await readHeader(source);
    const refusal = whyUnreadable(header, source.name);
    if (refusal !== undefined) throw refusal;
    return new Qcow2Reader(source, header);
  }

  private constructor(source: ImageSource, header: Qcow2Header) {
    this.#source = source;
    this.#header = header;
    this.virtualSize = header.size;
    const dirty = `${source.name} was not closed in good order: what was written last may be missing.`;
    this.warnings = header.dirty ? [dirty] : [];
  }

  extents(): AsyncGenerator<Extent> {
    return mergeZeroes(this.#extents());
  }

  async *#extents(): AsyncGenerator<Extent> {
    const { clusterSize, size, l1, compression } = this.#header;
    const taken = new HostClusters(this.#source.size, clusterSize);
    taken.take(0, 1);
    if (l1.entries > 0) taken.take(l1.offset, l1.entries * 8);
    const inflate = await loadInflate(compression, clusterSize);
    const covered = clusterSize * entriesOfL2(this.#header);
    const needed = neededL1(this.#header);
    for (let first = 0; first < needed; first += L1_STEP) {
      const count = Math.min(L1_STEP, needed - first);
      const bytes = await readWithin(this.#source, l1.offset + first * 8, count * 8, 'its L1 table');
      const table = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      for (let i = 0; i < count; i++) {
        const offset = (first + i) * covered;
        const { offset: l2Offset, reserved } = l1Entry(table, i);
        if (reserved) throw this.#damaged(`entry ${first + i} of its L1 table has bits that mean nothing`);
        if (l2Offset === 0) yield { kind: 'zero', offset, length: Math.min(covered, size - offset) };
        else yield* this.#l2Extents(offset, l2Offset, taken, inflate);
      }
    }
  }

  /** What one L2 table covers. */
  async *#l2Extents(base: number, at: number, taken: HostClusters, inflate: Inflate): AsyncGenerator<Extent> {
    const { clusterSize, clusterBits, size, version } = this.#header;
    this.#take(at, `the L2 table for byte ${base} of the disk`, taken);
    const bytes = await readWithin(this.#source, at, clusterSize, 'an L2 table');
    const table = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let run: Run | undefined;
    for (let i = 0; i < entriesOfL2(this.#header); i++) {
      const offset = base + i * clusterSize;
      const length = Math.min(clusterSize, size - offset);
      if (length <= 0) break;
      const where = `byte ${offset} of the disk`;
      const compressed = isCompressed(table, i);
      const entry = compressed ? undefined : l2Entry(table, i, version);
      if (entry?.reserved === true) throw this.#damaged(`the L2 entry for ${where} has bits that mean nothing`);
      const host = entry === undefined || entry.zero ? 0 : entry.offset;
      if (host !== 0) this.#take(host, `the data for ${where}`, taken);
      if (run !== undefined && host === run.from + run.length && run.length < PIECE) {
        run.length += length;
        continue;
      }
      if (run !== undefined) yield* this.#runExtents(run);
      run = host === 0 ? undefined : { offset, from: host, length };
      if (run !== undefined) continue;
      if (!compressed) {
        yield { kind: 'zero', offset, length };
        continue;
      }
      const { offset: from, length: packed } = compressedRange(table, i, clusterBits);
      yield* splitZeroes(offset, (await this.#inflate(from, packed, where, inflate)).subarray(0, length));
    }
    if (run !== undefined) yield* this.#runExtents(run);
  }

  async *#runExtents({ offset, from, length }: Run): AsyncGenerator<Extent> {
    // What was never written of the last cluster may be missing from the file.
    yield* splitZeroes(offset, await readPadded(this.#source, from, length));
  }

  async #inflate(from: number, length: number, where: string, inflate: Inflate): Promise<Uint8Array> {
    const { clusterSize } = this.#header;
    if (from < clusterSize) throw this.#damaged(`the data for ${where} lies over its header`);
    if (from >= this.#source.size) throw this.#damaged(`the data for ${where} lies beyond the end of the file`);
    const packed = await this.#source.read(from, Math.min(length, this.#source.size - from));
    const bytes = inflate(packed);
    if (bytes?.length === clusterSize) return bytes;
    throw this.#damaged(`the data for ${where} does not decompress to a cluster of ${clusterSize} bytes`);
  }

  /** Each cluster of the file is one thing only: otherwise a small file could stand for an endless disk. */
  #take(offset: number, what: string, taken: HostClusters): void {
    const { clusterSize } = this.#header;
    if (offset % clusterSize !== 0) throw this.#damaged(`${what} does not begin with a cluster`);
    if (offset >= this.#source.size) throw this.#damaged(`${what} lies beyond the end of the file`);
    if (!taken.take(offset, clusterSize)) throw this.#damaged(`${what} lies where something else is`);
  }

  #damaged(what: string): Error {
    return damaged(`${this.#source.name}: ${what}.`);
  }
}
