/**
 * Looks a moment longer before a thread sleeps: to be woken takes tens of microseconds, and a disk that answers from
 * memory takes less. After KVM's halt polling (Linux, Documentation/virt/kvm/halt-polling.rst): the window opens when
 * sleeps turn out to be short and closes with the first long one, so that an idle guest pays nothing.
 */
import type { AtomicWord } from '../core/shared/struct.ts';

/** Milliseconds: the first window, and the longest. */
const FIRST = 0.01;
const LONGEST = 0.2;
/** Looks at the word between two at the clock. */
const LOOKS = 20;

export class HaltPolling {
  readonly #now: () => number;
  #window = 0;

  /** `now` is in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Calls `sleep`, unless `word` becomes other than 0 within the window, and at most `milliseconds`. True if it did not.
   */
  wait(word: AtomicWord, milliseconds: number, sleep: () => void): boolean {
    const from = this.#now();
    const end = from + Math.min(this.#window, milliseconds);
    while (this.#now() < end) {
      for (let i = 0; i < LOOKS; i++) if (word.load() !== 0) return true;
    }
    sleep();
    const slept = this.#now() - from;
    this.#window = slept > LONGEST ? 0 : Math.min(LONGEST, Math.max(FIRST, 2 * this.#window));
    return false;
  }
}
