/** Bytes that the terminal has but has not drawn yet, before it is given no more and the guest has to wait. */
const AHEAD = 1 << 20;

/** When to write what has gathered; injected, since tests have no frames. */
export type Schedule = (run: () => void) => void;

/**
 * Gathers the guest's output and writes it to the terminal once a frame, however small the pieces are in which it comes. A
 * guest that prints faster than the terminal draws has to wait.
 */
export class Output {
  readonly #write: (bytes: Uint8Array, drawn: () => void) => void;
  readonly #schedule: Schedule;
  #pieces: Uint8Array[] = [];
  #gathered = 0;
  #undrawn = 0;
  #scheduled = false;
  #waiting: (() => void)[] = [];

  /** `write` calls `drawn` when it has taken its bytes in. */
  constructor(write: (bytes: Uint8Array, drawn: () => void) => void, schedule: Schedule) {
    this.#write = write;
    this.#schedule = schedule;
  }

  /** Resolves when there is room for more. */
  push(bytes: Uint8Array): Promise<void> {
    this.#pieces.push(bytes);
    this.#gathered += bytes.length;
    this.#plan();
    if (this.#gathered + this.#undrawn <= AHEAD) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #plan(): void {
    if (this.#scheduled || this.#gathered === 0 || this.#undrawn > AHEAD) return;
    this.#scheduled = true;
    this.#schedule(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const batch = new Uint8Array(this.#gathered);
    let at = 0;
    for (const piece of this.#pieces) {
      batch.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [];
    this.#gathered = 0;
    this.#undrawn += batch.length;
    this.#write(batch, () => {
      this.#undrawn -= batch.length;
      this.#plan();
      if (this.#gathered + this.#undrawn > AHEAD) return;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resume of waiting) resume();
    });
  }
}

/** Once a frame; in a tab that is not seen, and has no frames, ten times a second. */
export function eachFrame(run: () => void): void {
  let done = false;
  const once = (): void => {
    if (done) return;
    done = true;
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    run();
  };
  const frame = requestAnimationFrame(once);
  const timer = setTimeout(once, 100);
}
