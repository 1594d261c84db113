/**
 * Flushes, of a backend or a store, made one after the other and shared: whoever asks while one is under way waits, together with
 * all others who do, for the one behind it.
 *
 *     flush ──▶ under way ──────────▶ done
 *     flush ┐
 *     flush ┴─▶ waiting ────────────▶ under way ──▶ done
 */
export class SharedFlush {
  readonly #action: () => Promise<void>;
  #underWay: Promise<void> | undefined;
  #waiting: Promise<void> | undefined;

  /** `action` makes durable all that was taken before it is called. */
  constructor(action: () => Promise<void>) {
    this.#action = action;
  }

  /** As the action: one that had begun before the call does not count. */
  flush(): Promise<void> {
    if (this.#waiting !== undefined) return this.#waiting;
    if (this.#underWay === undefined) return this.#begin();
    const begin = (): Promise<void> => this.#begin();
    return (this.#waiting = this.#underWay.then(begin, begin));
  }

  /** Resolves when none is under way or waits, whatever became of them. */
  async idle(): Promise<void> {
    for (let last = this.#last; last !== undefined; last = this.#last) await last.catch(() => undefined);
  }

  get #last(): Promise<void> | undefined {
    return this.#waiting ?? this.#underWay;
  }

  #begin(): Promise<void> {
    this.#waiting = undefined;
    return (this.#underWay = this.#action().finally(() => (this.#underWay = undefined)));
  }
}
