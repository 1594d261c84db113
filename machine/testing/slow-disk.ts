/** A disk whose requests take a while, and can be held back for as long as a test likes. */
import type { BlockBackend, BlockGeometry, BlockUsage } from '../../devices/block/backend.ts';

export interface SlowDiskOptions {
  /** A random number from 0 to 1. */
  readonly random: () => number;
  /** Longest time that a request takes, in milliseconds. */
  readonly slowest: number;
}

export class SlowDisk implements BlockBackend {
  readonly geometry: BlockGeometry;
  readonly #disk: BlockBackend;
  readonly #options: SlowDiskOptions;
  #held: (() => void)[] | undefined;
  #readsOut = 0;
  /** Reads that were asked for so far. */
  reads = 0;
  /** Writes that changed the disk, by `offset+length`, in order. */
  readonly writes: string[] = [];
  /** Called when a read is asked for, before it is begun. */
  onRead: () => void = () => undefined;

  constructor(disk: BlockBackend, options: SlowDiskOptions) {
    this.geometry = disk.geometry;
    this.#disk = disk;
    this.#options = options;
  }

  /** Reads that were asked for and not answered. */
  get readsOut(): number {
    return this.#readsOut;
  }

  /** From now on reads stay unanswered until {@link release}; writes go on. */
  holdReads(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const go of held) go();
  }

  async read(offset: number, target: Uint8Array): Promise<void> {
    this.reads++;
    this.#readsOut++;
    this.onRead();
    await this.#wait();
    if (this.#held !== undefined) await new Promise<void>((resolve) => this.#held?.push(resolve));
    await this.#disk.read(offset, target);
    this.#readsOut--;
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    await this.#wait();
    this.writes.push(`${offset}+${data.length}`);
    await this.#disk.write(offset, data);
  }

  async flush(): Promise<void> {
    await this.#wait();
    await this.#disk.flush();
  }
  discard(offset: number, length: number): Promise<void> {
    return this.#disk.discard(offset, length);
  }
  writeZeroes(offset: number, length: number, mayUnmap: boolean): Promise<void> {
    return this.#disk.writeZeroes(offset, length, mayUnmap);
  }
  usage(): BlockUsage {
    return this.#disk.usage();
  }
  close(): Promise<void> {
    return this.#disk.close();
  }

  #wait(): Promise<void> {
    const { random, slowest } = this.#options;
    return new Promise((resolve) => setTimeout(resolve, random() * slowest));
  }
}
