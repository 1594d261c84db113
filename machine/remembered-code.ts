/** What was compiled for one hart and others may ask for too: the last of it. */

export class RememberedCode<Code extends { readonly size: number }> {
  readonly #capacity: number;
  /** Oldest first, with what each was asked for by. */
  readonly #codes = new Map<Code, readonly string[]>();
  readonly #byKey = new Map<string, Code>();
  #size = 0;

  /** `capacity`: bytes of modules. The last one is kept, however large. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Bytes of the modules that are remembered. */
  get size(): number {
    return this.#size;
  }

  find(key: string): Code | undefined {
    return this.#byKey.get(key);
  }

  add(keys: readonly string[], code: Code): void {
    this.#size += code.size;
    for (const [oldest, its] of this.#codes) {
      if (this.#size <= this.#capacity) break;
      this.#codes.delete(oldest);
      this.#size -= oldest.size;
      for (const key of its) if (this.#byKey.get(key) === oldest) this.#byKey.delete(key);
    }
    this.#codes.set(code, keys);
    for (const key of keys) this.#byKey.set(key, code);
  }
}
