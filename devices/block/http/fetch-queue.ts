/** Does a bounded number of requests at a time: those that somebody waits for first. */

/** HTTP/1.1 has no more connections to one server in any browser. */
const PARALLEL = 6;
/** Of these, those that nobody waits for yet. */
const PARALLEL_AHEAD = 3;

export interface QueuedFetch {
  /** Whether somebody waits for it; may become true while it waits. */
  wanted: boolean;
  /** Never rejects. */
  readonly run: () => Promise<void>;
}

export class FetchQueue {
  #waiting: QueuedFetch[] = [];
  readonly #running = new Set<QueuedFetch>();

  add(fetch: QueuedFetch): void {
    this.#waiting.push(fetch);
    this.pump();
  }

  /** Takes it back if it has not begun; false if it has. */
  remove(fetch: QueuedFetch): boolean {
    const before = this.#waiting.length;
    this.#waiting = this.#waiting.filter((each) => each !== fetch);
    return this.#waiting.length < before;
  }

  /** Begins what may begin. To be called when something that waits became wanted. */
  pump(): void {
    while (this.#running.size < PARALLEL) {
      const wanted = this.#waiting.find((fetch) => fetch.wanted);
      const ahead = [...this.#running].filter((fetch) => !fetch.wanted).length;
      const next = wanted ?? (ahead < PARALLEL_AHEAD ? this.#waiting[0] : undefined);
      if (next === undefined) return;
      this.remove(next);
      this.#running.add(next);
      void next.run().then(() => {
        this.#running.delete(next);
        this.pump();
      });
    }
  }
}
