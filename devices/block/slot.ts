/** A chunk of zeroes that many slots share: it is replaced before it is changed. */
const zeroes = new Map<number, Uint8Array>();
function sharedZeroes(size: number): Uint8Array {
  let bytes = zeroes.get(size);
  if (!bytes) zeroes.set(size, (bytes = new Uint8Array(size)));
  return bytes;
}

interface Waiter {
  run(slot: Slot): void;
  fail(error: unknown): void;
}

/**
 * A chunk in memory, or on its way there.
 *
 * What is asked of a chunk that is still on its way waits, and is done in the order in which it was asked; so that
 * calls on one chunk take effect in their order although the first of them had to fetch it. Who replaces all of a
 * chunk does not wait: it puts a new slot into the table, and the old one serves only those who asked before.
 */
export class Slot {
  #bytes: Uint8Array | undefined;
  #waiters: Waiter[] = [];
  /** What is to be done when all have been served that waited; undefined while nobody is being served. */
  #afterwards: (() => void)[] | undefined;
  #shared = false;

  constructor(bytes?: Uint8Array) {
    this.#bytes = bytes;
  }

  static zero(size: number): Slot {
    const slot = new Slot(sharedZeroes(size));
    slot.#shared = true;
    return slot;
  }

  get loaded(): boolean {
    return this.#bytes !== undefined;
  }

  /** The bytes of a loaded slot, to be read only. */
  get bytes(): Uint8Array {
    if (!this.#bytes) throw new Error('the slot is not loaded');
    return this.#bytes;
  }

  /** The bytes of a loaded slot, to be changed. */
  writable(): Uint8Array {
    if (this.#shared) {
      this.#bytes = new Uint8Array(this.bytes.length);
      this.#shared = false;
    }
    return this.bytes;
  }

  /** Calls `action` with the bytes there: now, or in turn, and then `pending` is given what settles when it was. */
  run(pending: Promise<void>[], action: (slot: Slot) => void): void {
    if (this.#bytes) {
      action(this);
      return;
    }
    const done = new Promise<void>((resolve, reject) => {
      const run = (slot: Slot): void => {
        action(slot);
        resolve();
      };
      this.#waiters.push({ run, fail: reject });
    });
    pending.push(done);
  }

  arrived(bytes: Uint8Array): void {
    this.#bytes = bytes;
    const waiters = this.#waiters;
    const afterwards: (() => void)[] = [];
    this.#waiters = [];
    this.#afterwards = afterwards;
    for (const waiter of waiters) waiter.run(this);
    this.#afterwards = undefined;
    for (const action of afterwards) action();
  }

  /** Calls `action` when nobody waits any more: now, or after those who are being served. */
  settled(action: () => void): void {
    if (this.#afterwards) this.#afterwards.push(action);
    else action();
  }

  failed(error: unknown): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.fail(error);
  }
}
