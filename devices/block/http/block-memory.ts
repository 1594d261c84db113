/** Blocks in memory, a bounded number of bytes: the least recently used go first. */
export class BlockMemory {
  readonly #blocks = new Map<number, Uint8Array>();
  readonly #capacity: number;
  #bytes = 0;

  /** In bytes. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  has(index: number): boolean {
    return this.#blocks.has(index);
  }

  get(index: number): Uint8Array | undefined {
    const bytes = this.#blocks.get(index);
    if (bytes === undefined) return undefined;
    this.#blocks.delete(index);
    this.#blocks.set(index, bytes);
    return bytes;
  }

  put(index: number, bytes: Uint8Array): void {
    this.#bytes += bytes.length - (this.#blocks.get(index)?.length ?? 0);
    this.#blocks.delete(index);
    this.#blocks.set(index, bytes);
    for (const [oldest, { length }] of this.#blocks) {
      if (this.#bytes <= this.#capacity) return;
      this.#blocks.delete(oldest);
      this.#bytes -= length;
    }
  }

  clear(): void {
    this.#blocks.clear();
    this.#bytes = 0;
  }
}
