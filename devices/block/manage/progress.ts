/** Told how far long work is, in bytes; answers whether to go on. False cancels it. */
export type Proceed = (progress: {
  readonly done: number;
  readonly total: number | undefined;
}) => boolean | Promise<boolean>;

/** Milliseconds between two calls of `proceed`. */
const INTERVAL = 100;

/** Asks now and then whether to go on. */
export class Progress {
  readonly #proceed: Proceed;
  readonly #total: number;
  #done = 0;
  #asked = -Infinity;

  constructor(proceed: Proceed, total: number) {
    this.#proceed = proceed;
    this.#total = total;
  }

  /** So many bytes more are done. Rejects with an `AbortError` if the work is cancelled. */
  async advance(bytes: number): Promise<void> {
    await this.reach(this.#done + bytes);
  }

  /** The same, where it is known how many bytes are done. */
  async reach(done: number): Promise<void> {
    this.#done = done;
    if (performance.now() - this.#asked < INTERVAL) return;
    await this.#ask();
    this.#asked = performance.now();
  }

  /** All is done but what cannot be cancelled any more. */
  async finish(): Promise<void> {
    this.#done = this.#total;
    await this.#ask();
  }

  async #ask(): Promise<void> {
    if (await this.#proceed({ done: this.#done, total: this.#total })) return;
    throw new DOMException('This was cancelled.', 'AbortError');
  }
}
