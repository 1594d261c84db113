/**
 * A disk in memory whose operations can be held back, failed, and counted.
 */
import { BlockError, type BlockGeometry, type BlockUsage, type GrowableBackend } from '../../block/backend.ts';

export class FakeDisk implements GrowableBackend {
  geometry: BlockGeometry;
  bytes: Uint8Array;
  /** Every operation, in the order of the calls: `write 512+1024`. */
  readonly calls: string[] = [];
  /** The next operations reject with this. */
  failure: BlockError | undefined;
  #held: (() => void)[] | undefined;

  constructor(geometry: Partial<BlockGeometry> = {}) {
    this.geometry = { size: 1 << 20, chunkSize: 32768, readOnly: false, ...geometry };
    this.bytes = new Uint8Array(this.geometry.size);
  }

  /** From now on operations stay unanswered until {@link release}. */
  hold(): void {
    this.#held ??= [];
  }

  /** Operations that wait. */
  get waiting(): number {
    return this.#held?.length ?? 0;
  }

  /** Lets the operations that wait go on, the last first if `reversed`, and all later ones. */
  release(reversed = false): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    if (reversed) held.reverse();
    for (const go of held) go();
  }

  /** Lets the operation go on that has waited longest. */
  releaseOne(): void {
    this.#held?.shift()?.();
  }

  async #operate(name: string, take: () => void): Promise<void> {
    this.calls.push(name);
    await new Promise<void>((resolve) => {
      if (this.#held === undefined) resolve();
      else this.#held.push(resolve);
    });
    if (this.failure !== undefined) throw this.failure;
    take();
  }

  read(offset: number, target: Uint8Array): Promise<void> {
    return this.#operate(`read ${offset}+${target.length}`, () =>
      target.set(this.bytes.subarray(offset, offset + target.length)),
    );
  }
  write(offset: number, data: Uint8Array): Promise<void> {
    return this.#operate(`write ${offset}+${data.length}`, () => this.bytes.set(data, offset));
  }
  flush(): Promise<void> {
    return this.#operate('flush', () => undefined);
  }
  discard(offset: number, length: number): Promise<void> {
    return this.#operate(`discard ${offset}+${length}`, () => void this.bytes.fill(0, offset, offset + length));
  }
  writeZeroes(offset: number, length: number, mayUnmap: boolean): Promise<void> {
    return this.#operate(
      `${mayUnmap ? 'unmap' : 'zero'} ${offset}+${length}`,
      () => void this.bytes.fill(0, offset, offset + length),
    );
  }
  grow(size: number): Promise<void> {
    return this.#operate(`grow ${size}`, () => {
      const before = this.bytes;
      this.bytes = new Uint8Array(size);
      this.bytes.set(before);
      this.geometry = { ...this.geometry, size };
    });
  }
  usage(): BlockUsage {
    return { allocatedBytes: 0, allocatedChunks: 0, tombstones: 0 };
  }
  async close(): Promise<void> {}
}
