/**
 * Entropy device (virtio 1.2, 5.4 "Entropy Device").
 */
import type { VirtioModel, VirtioRequest, VirtioType } from './model.ts';

// 5.4.2 Virtqueues
const QUEUE_SIZE = 64;

/** What every thread knows of an entropy device; it has no feature bits and no configuration (5.4.3, 5.4.4). */
export const virtioEntropyType: VirtioType = {
  name: 'entropy',
  deviceId: 4,
  pciClass: 0x00_ff_00,
  queueSizes: [QUEUE_SIZE],
  configSize: 0,
  allocate: () => undefined,
};

export interface EntropyOptions {
  /** Fills a buffer of at most 64 KiB with random bytes. */
  readonly fill: (target: Uint8Array<ArrayBuffer>) => void;
}

/** What one request is given at most: what the web's `crypto.getRandomValues` gives at once. */
const CHUNK_MAX = 65536;

export class VirtioEntropy implements VirtioModel {
  readonly features: readonly number[] = [];
  readonly #options: EntropyOptions;

  constructor(options: EntropyOptions) {
    this.#options = options;
  }

  initialConfig(): Uint8Array {
    return new Uint8Array(0);
  }

  attach(): void {
    // It answers requests and has nothing to say of its own.
  }

  ready(): boolean {
    return true;
  }

  // 5.4.6 Device Operation: a buffer is device-writable alone, and is given one or more random bytes.
  handle(_queue: number, request: VirtioRequest): void {
    if (request.reader.remaining !== 0) return request.refuse('a device-readable buffer in a requestq');
    const bytes = new Uint8Array(Math.min(request.writable, CHUNK_MAX));
    this.#options.fill(bytes);
    request.complete((writer) => writer.write(bytes));
  }
}
