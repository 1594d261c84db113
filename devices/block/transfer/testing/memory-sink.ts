import type { FileSink } from '../sink.ts';

/** A file in memory. */
export class MemorySink implements FileSink {
  bytes = new Uint8Array();
  state: 'open' | 'finished' | 'abandoned' = 'open';
  /** Ranges that were written. */
  writes = 0;

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.writes++;
    this.#resize(Math.max(this.bytes.length, offset + bytes.length));
    this.bytes.set(bytes, offset);
  }
  async finish(size: number): Promise<void> {
    this.#resize(size);
    this.state = 'finished';
  }
  async abandon(): Promise<void> {
    this.state = 'abandoned';
  }

  #resize(size: number): void {
    const bytes = new Uint8Array(size);
    bytes.set(this.bytes.subarray(0, size));
    this.bytes = bytes;
  }
}
