/** Page tables as bytes, for tests. Tables are handed out one page after the other. */
import type { Block } from '../../testing/engine.ts';

const PAGE = 4096;

/** Flags of a page-table entry. */
export const V = 1;
export const RD = 2;
export const WR = 4;
export const EX = 8;
export const US = 16;
export const AC = 64;
export const DI = 128;
/** A page for everything, of S-mode, accessed and dirty. */
export const ALL = V | RD | WR | EX | AC | DI;

const MODES: Readonly<Record<number, bigint>> = { 3: 8n, 4: 9n, 5: 10n };

export class PageTables {
  readonly #levels: 3 | 4 | 5;
  readonly #base: number;
  readonly #entries: BigUint64Array<ArrayBuffer>;
  #pages = 1;

  /** Tables of `levels` levels in at most `pages` pages from physical address `base` on. */
  constructor(levels: 3 | 4 | 5, base: number, pages = 24) {
    this.#levels = levels;
    this.#base = base;
    this.#entries = new BigUint64Array((pages * PAGE) / 8);
  }

  /** Maps the page of `va` at `level` (0: 4 KiB, 1: 2 MiB, ...). `high`: bits 63:54 of the entry. */
  map(va: bigint, pa: number | bigint, flags: number, level = 0, high = 0n): this {
    this.#entries[this.#indexOf(va, level)] = ((BigInt(pa) >> 12n) << 10n) | BigInt(flags) | (high << 54n);
    return this;
  }

  /** Adds bits to the entry of `va` at `level`, which may be a pointer. */
  spoil(va: bigint, level: number, bits: bigint): this {
    this.#entries[this.#indexOf(va, level)] |= bits;
    return this;
  }

  /** The physical address of the entry for `va` at `level`. */
  entry(va: bigint, level = 0): number {
    return this.#base + this.#indexOf(va, level) * 8;
  }

  satp(asid = 0): bigint {
    return (MODES[this.#levels] << 60n) | (BigInt(asid) << 44n) | BigInt(this.#base / PAGE);
  }

  get block(): Block {
    return { address: this.#base, bytes: new Uint8Array(this.#entries.buffer) };
  }

  #indexOf(va: bigint, level: number): number {
    let table = 0;
    for (let i = this.#levels - 1; ; i--) {
      const index = (table * PAGE) / 8 + Number((va >> BigInt(12 + 9 * i)) & 511n);
      if (i === level) return index;
      if (this.#entries[index] === 0n) this.#entries[index] = BigInt(this.#base / PAGE + this.#pages++) * 1024n + 1n;
      table = Number(this.#entries[index] >> 10n) - this.#base / PAGE;
    }
  }
}
