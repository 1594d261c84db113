/** Keeps known code from one visit to the next, in a store that may be absent, full, emptied or damaged at any time. */
import type { KnownCodeDatabase } from '../devices/block/indexeddb/known-code.ts';
import { decodePages, encodePages, KnownCode, type KnownPage } from './known-code.ts';

/** Milliseconds from what is learned to when it is written, with all that is learned meanwhile. */
const DELAY = 3000;
/** Milliseconds that a machine waits for what is known, which it can do without. */
const PATIENCE = 500;
/** Offsets that are kept: some 2 MiB. */
const BUDGET = 400_000;

export class KnownCodeKeeper {
  readonly #store: KnownCodeDatabase | undefined;
  readonly #budget: number;
  readonly #known = new KnownCode();
  #reading: Promise<void> | undefined;
  #saving: ReturnType<typeof setTimeout> | undefined;

  /** Without a store it keeps nothing beyond its own life. `budget`: numbers in profiles. */
  constructor(store?: KnownCodeDatabase, budget = BUDGET) {
    this.#store = store;
    this.#budget = budget;
  }

  /** All that is known. It is read from the store once, if that answers in time; what is not good there is deleted. */
  async pages(): Promise<readonly KnownPage[]> {
    this.#reading ??= this.#read().catch(() => undefined);
    await Promise.race([this.#reading, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
    return this.#known.pages(this.#budget);
  }

  /** Adds what a compiler has learned or used; it is written some time later. */
  learn(pages: readonly KnownPage[]): void {
    this.#known.add(pages);
    if (this.#store === undefined || pages.length === 0) return;
    this.#saving ??= setTimeout(() => void this.save(), DELAY);
  }

  /** Writes what was learned and is not written yet. */
  async save(): Promise<void> {
    if (this.#saving === undefined) return;
    clearTimeout(this.#saving);
    this.#saving = undefined;
    const pages = this.#known.pages(this.#budget);
    await this.#store?.write(await encodePages(pages)).catch(() => undefined);
  }

  async #read(): Promise<void> {
    const bytes = await this.#store?.read();
    if (bytes === undefined) return;
    const pages = await decodePages(bytes);
    if (pages === undefined) await this.#store?.delete();
    else this.#known.add(pages);
  }
}
