/**
 * Flushes of one backend, made one after the other and shared: whoever asks while one is under way waits, together with
 * all others who do, for the one behind it.
 *
 *     flush ──▶ under way ──────────▶ done
 *     flush ┐
 *     flush ┴─▶ waiting ────────────▶ under way ──▶ done
 */
import type { BlockBackend } from './backend.ts';

export class SharedFlush {
  readonly #backend: BlockBackend;
  #underWay: Promise<void> | undefined;
  #waiting: Promise<void> | undefined;

  constructor(backend: BlockBackend) {
    this.#backend = backend;
  }

  /** As {@link BlockBackend.flush}: one that had begun before the call does not count. */
  flush(): Promise<void> {
    if (this.#waiting !== undefined) return this.#waiting;
    if (this.#underWay === undefined) return this.#begin();
    const begin = (): Promise<void> => this.#begin();
    return (this.#waiting = this.#underWay.then(begin, begin));
  }

  #begin(): Promise<void> {
    this.#waiting = undefined;
    return (this.#underWay = this.#backend.flush().finally(() => (this.#underWay = undefined)));
  }
}
