import type { BlockUsage } from './backend.ts';

/** Tells listeners of a changed usage, no more often than once in an interval. */
export class UsageWatch {
  readonly #listeners = new Set<(usage: BlockUsage) => void>();
  readonly #usage: () => BlockUsage;
  readonly #interval: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `interval` is in milliseconds. */
  constructor(usage: () => BlockUsage, interval = 100) {
    this.#usage = usage;
    this.#interval = interval;
  }

  add(listener: (usage: BlockUsage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The usage may have changed. */
  touch(): void {
    if (this.#listeners.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const usage = this.#usage();
      for (const listener of this.#listeners) listener(usage);
    }, this.#interval);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#listeners.clear();
  }
}
