/**
 * What of a block device is in the hands of its back end, and whose turn it is when there is room for more.
 *
 * Each queue may have so many requests there. The bytes of host memory are for all queues together: when they run out,
 * queues wait in a row, and as bytes come free the first in the row puts in one request and goes to its end.
 */

/** Requests of one queue, at most. */
const REQUESTS_MAX = 64;
/** Bytes of all queues after which no further request is taken; the last one may exceed them. */
const BYTES_MAX = 64 * 2 ** 20;

export class InFlight {
  readonly #requests: number[];
  readonly #look: (queue: number) => void;
  /** Queues that were turned away for want of bytes, in the order in which they were. */
  readonly #row = new Set<number>();
  /** The queue whose turn it is. */
  #turn: number | undefined;
  #bytes = 0;

  /** `look` looks at a queue again. */
  constructor(queues: number, look: (queue: number) => void) {
    this.#requests = Array.from({ length: queues }, () => 0);
    this.#look = look;
  }

  /** True while `queue` may put in one more. One that has to wait for bytes stands in the row from now on. */
  admits(queue: number): boolean {
    if (this.#requests[queue] >= REQUESTS_MAX) return false;
    if (this.#bytes < BYTES_MAX && (this.#row.size === 0 || this.#turn === queue)) return true;
    this.#row.add(queue);
    return false;
  }

  enter(queue: number, bytes: number): void {
    this.#turn = undefined;
    this.#requests[queue]++;
    this.#bytes += bytes;
  }

  leave(queue: number, bytes: number): void {
    this.#requests[queue]--;
    this.#bytes -= bytes;
  }

  /** Lets those in the row go on, as far as there is room. */
  goOn(): void {
    for (const queue of this.#row) {
      if (this.#bytes >= BYTES_MAX) return;
      // Who stands in the row again afterwards stands at its end, where this loop comes to it.
      this.#row.delete(queue);
      this.#turn = queue;
      this.#look(queue);
      this.#turn = undefined;
    }
  }
}
