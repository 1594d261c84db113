/** Long work that tells how far it is, and can be called off. */

/**
 * Told how far long work is; answers whether to go on. `total` is in the unit of `done`, and undefined while it is not
 * known. A job that may not go on undoes what it did, and rejects with an `Error` of name `AbortError`.
 */
export type Proceed = (progress: {
  readonly done: number;
  readonly total: number | undefined;
}) => boolean | Promise<boolean>;

/** Milliseconds between two questions: whoever is asked may be in another thread. */
const PERIOD = 100;

/** What a job rejects with that was called off. */
export class CalledOff extends Error {
  override readonly name = 'AbortError';
}

/** Asks whether to go on, a few times a second. Between two questions it takes next to no time. */
export class Pace {
  readonly #proceed: Proceed;
  readonly #now: () => number;
  #asked = -Infinity;

  constructor(proceed: Proceed, now = () => performance.now()) {
    this.#proceed = proceed;
    this.#now = now;
  }

  /** Rejects with {@link CalledOff} if the job may not go on. */
  async step(done: number, total: number | undefined): Promise<void> {
    if (this.#now() - this.#asked < PERIOD) return;
    await this.ask(done, total);
  }

  /** The same, at once. */
  async ask(done: number, total: number | undefined): Promise<void> {
    const goesOn = await this.#proceed({ done, total });
    this.#asked = this.#now();
    if (!goesOn) throw new CalledOff('This was called off.');
  }
}
