/** Bytes that one call hands to the guest. A terminal's line discipline takes 4095 at once. */
const CHUNK = 2048;

/**
 * Types into the guest in the order of the calls, no faster than it reads: a chunk is handed over when the guest's queue has
 * taken the one before. So a paste of any length arrives whole.
 */
export class InputQueue {
  readonly #send: (bytes: Uint8Array) => Promise<void>;
  #waiting: Uint8Array[] = [];
  #busy = false;

  /** `send` resolves when the guest's queue has taken all of its bytes. */
  constructor(send: (bytes: Uint8Array) => Promise<void>) {
    this.#send = send;
  }

  push(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    if (!this.#busy) void this.#drain();
  }

  /** Forgets what was not handed over: the machine that it was meant for is gone. */
  clear(): void {
    this.#waiting = [];
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    try {
      for (let bytes = this.#take(); bytes !== undefined; bytes = this.#take()) await this.#send(bytes);
    } catch {
      // The machine ended while it was typed to; its status says so.
      this.clear();
    } finally {
      this.#busy = false;
    }
  }

  /** The next chunk: of keys that were typed meanwhile, all that fit. */
  #take(): Uint8Array | undefined {
    if (this.#waiting.length === 0) return undefined;
    const chunk = new Uint8Array(CHUNK);
    let length = 0;
    while (this.#waiting.length > 0 && length < CHUNK) {
      const [first] = this.#waiting;
      const part = first.subarray(0, CHUNK - length);
      chunk.set(part, length);
      length += part.length;
      if (part.length === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(part.length);
    }
    return chunk.slice(0, length);
  }
}
