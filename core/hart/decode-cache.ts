/**
 * A hart's decoded pages: a fixed number of slots, found by guest page. When all are taken, one is reused that
 * was not looked up since the last round (the "clock").
 *
 * A page's slot is good while the page's version is what it was decoded at; FENCE.I drops the others. Everything here
 * is a cache: it may be emptied at any moment between instructions.
 */
import { isLong } from '../isa/decode.ts';
import {
  DECODE_SLOTS,
  DECODED_ENTRY_SIZE,
  DECODED_LINKS,
  DECODED_PAGE_SIZE,
  hartView,
  PAGE_SIZE,
  type HartMap,
  type MemoryMap,
} from '../shared/memory-map.ts';
import { PageStates } from '../shared/page-states.ts';
import type { AtomicWord } from '../shared/struct.ts';
import { EntryMemo, FIRST_ENTRY, FIRST_LINK, markCompiled, markPair, Op, PARCELS, writeMark } from './decoded.ts';

/** No epoch: the next fence looks at all pages. */
const UNSEEN = -1;

export class DecodeCache {
  readonly #map: HartMap;
  readonly #ram: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #index: Uint16Array;
  /** Guest page and version of each slot; -1 for an unused one. */
  readonly #pages = new Int32Array(DECODE_SLOTS).fill(-1);
  readonly #versions = new Int32Array(DECODE_SLOTS);
  readonly #states: PageStates;
  readonly #acknowledged: AtomicWord;
  readonly #revokeStores: () => void;
  readonly #flushFetch: () => void;
  readonly #claimed: (page: number, version: number) => void;
  readonly #linksOf: (page: number, version: number) => ReadonlyMap<number, number>;
  /** Whether a slot's links may be other than 0; at first they may, since the memory may be a copied one. */
  readonly #linked = new Uint8Array(DECODE_SLOTS).fill(1);
  readonly #words: Int32Array;
  readonly #memo = new EntryMemo();
  /** Whether a slot was looked up since the hand passed it. */
  readonly #used = new Uint8Array(DECODE_SLOTS);
  /** The hand of the clock. */
  #next = 0;
  #epoch: number;
  /** Instructions decoded so far. */
  decodedCount = 0;

  /**
   * `revokeStores` takes every hart's store TLB entries back, acknowledged; `flushFetch` empties this hart's fetch TLB;
   * `linksOf` knows the compiled code of a page, by offset; `claimed` is told when a page is decoded anew.
   */
  constructor(
    memory: WebAssembly.Memory,
    map: MemoryMap,
    hart: number,
    hooks: {
      revokeStores: () => void;
      flushFetch: () => void;
      claimed?: (page: number, version: number) => void;
      linksOf: (page: number, version: number) => ReadonlyMap<number, number>;
    },
  ) {
    this.#map = map.harts[hart];
    this.#ram = map.ram;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
    this.#index = new Uint16Array(memory.buffer, this.#map.decodeIndex, map.ramBytes / PAGE_SIZE);
    this.#states = new PageStates(memory, map);
    this.#acknowledged = hartView(memory, map, hart).acknowledged;
    this.#revokeStores = hooks.revokeStores;
    this.#flushFetch = hooks.flushFetch;
    this.#claimed = hooks.claimed ?? (() => undefined);
    this.#linksOf = hooks.linksOf;
    this.#epoch = this.#states.codeEpoch.load();
    this.#index.fill(0);
  }

  /**
   * Offset of the first entry of guest page `page`, decoded anew if its slot is gone. 0 when this hart has served requests
   * of others meanwhile: how the caller came to the page may be out of date.
   */
  page(page: number): number {
    const slot = this.#index[page] - 1;
    if (slot >= 0 && this.#versions[slot] === this.#states.version(page)) {
      this.#used[slot] = 1;
      return this.#entries(slot);
    }
    const before = this.#acknowledged.load();
    const entries = this.#entries(this.#claim(page, slot));
    return this.#acknowledged.load() === before ? entries : 0;
  }

  /** Where an entry is: its page, the version that was decoded, and the offset in the page. */
  place(entry: number): { page: number; version: number; offset: number } {
    const slot = Math.floor((entry - this.#map.decodePages) / DECODED_PAGE_SIZE);
    const offset = (entry - this.#entries(slot)) / (DECODED_ENTRY_SIZE / 2);
    return { page: this.#pages[slot], version: this.#versions[slot], offset };
  }

  /** The first entry of a page if it is decoded, at whatever version; else 0. */
  decoded(page: number): number {
    const slot = this.#index[page] - 1;
    return slot < 0 ? 0 : this.#entries(slot);
  }

  /** Brings the links of a page up to what is compiled of it. */
  relink(page: number): void {
    const slot = this.#index[page] - 1;
    if (slot >= 0) this.#link(slot);
  }

  #link(slot: number): void {
    const first = this.#entries(slot);
    const at = (offset: number): number => first + offset * (DECODED_ENTRY_SIZE / 2);
    if (this.#linked[slot] !== 0) {
      for (let offset = 0; offset < PAGE_SIZE; offset += 2) {
        const link = first + FIRST_LINK + offset * 2;
        if (this.#view.getUint32(link, true) === 0) continue;
        markCompiled(this.#view, at(offset), false);
        this.#view.setUint32(link, 0, true);
      }
      this.#linked[slot] = 0;
    }
    for (const [offset, link] of this.#linksOf(this.#pages[slot], this.#versions[slot])) {
      if (this.#view.getUint16(at(offset), true) === Op.BLANK) this.decode(at(offset));
      markCompiled(this.#view, at(offset), true);
      this.#view.setUint32(first + FIRST_LINK + offset * 2, link, true);
      this.#linked[slot] = 1;
    }
  }

  /** Says that code of `page` is about to be read, and returns the version for which it is good. */
  #claimCode(page: number): number {
    const version = this.#states.claimCode(page, this.#revokeStores);
    // Written meanwhile: what is read now is dropped at the next fence, even if the write's own epoch was seen already.
    if (this.#states.version(page) !== version) this.#epoch = UNSEEN;
    return version;
  }

  /** Decodes the instruction of the blank entry at `entry`, and what stands behind it up to a jump. */
  decode(entry: number): void {
    const { address, parcel } = this.#locate(entry);
    let at = entry;
    let before = 0;
    for (let offset = parcel * 2; offset < PAGE_SIZE && this.#view.getUint16(at, true) === Op.BLANK;) {
      const place = address - parcel * 2 + offset;
      const low = this.#view.getUint16(place, true);
      const length = isLong(low) ? 4 : 2;
      if (offset + length > PAGE_SIZE) {
        writeMark(this.#view, at, Op.STRADDLE);
        return;
      }
      this.decodedCount++;
      const goesOn = this.#memo.write(this.#words, at / 4, length === 4 ? this.#view.getUint32(place, true) : low);
      if (before !== 0) markPair(this.#view, before, at);
      if (!goesOn) return;
      before = at;
      offset += length;
      at += length * (DECODED_ENTRY_SIZE / 2);
    }
    if (before !== 0) markPair(this.#view, before, at);
  }

  /** Decodes the instruction whose first parcel is `low`, the last of its page, and whose second begins the page at `next`. */
  straddle(low: number, next: number): void {
    const high = this.#view.getUint16(this.#locate(next).address, true);
    const word = (low | (high << 16)) >>> 0;
    const at = next - DECODED_ENTRY_SIZE;
    if (this.#view.getUint32(at - DECODED_ENTRY_SIZE, true) === word) return;
    this.#view.setUint32(at - DECODED_ENTRY_SIZE, word, true);
    this.decodedCount++;
    this.#memo.write(this.#words, at / 4, word);
  }

  /** The instruction word at `entry`; for the entry before a page, what was decoded there. */
  raw(entry: number): number {
    const { address, parcel } = this.#locate(entry);
    if (parcel < 0) return this.#view.getUint32(entry - DECODED_ENTRY_SIZE, true);
    const low = this.#view.getUint16(address, true);
    return isLong(low) && parcel < PARCELS - 1 ? this.#view.getUint32(address, true) : low;
  }

  /** Drops the pages that were written since they were decoded. False when no page with code was written since. */
  dropStale(): boolean {
    const epoch = this.#states.codeEpoch.load();
    if (epoch === this.#epoch) return false;
    this.#epoch = epoch;
    let dropped = false;
    this.#pages.forEach((page, slot) => {
      if (page < 0 || this.#states.version(page) === this.#versions[slot]) return;
      this.#index[page] = 0;
      this.#pages[slot] = -1;
      dropped = true;
    });
    if (dropped) this.#flushFetch();
    return true;
  }

  #entries(slot: number): number {
    return this.#map.decodePages + slot * DECODED_PAGE_SIZE + FIRST_ENTRY;
  }

  /** The slot to take next. A lookup marks a slot as used, and goes by that way once the fetch TLB was emptied. */
  #unused(): number {
    while (this.#used[this.#next] !== 0) {
      this.#used[this.#next] = 0;
      this.#next = (this.#next + 1) % DECODE_SLOTS;
    }
    const slot = this.#next;
    this.#next = (this.#next + 1) % DECODE_SLOTS;
    return slot;
  }

  /** Gives `page` a blank slot: the one it has, or one that was not used of late. */
  #claim(page: number, slot: number): number {
    const taken = slot >= 0 ? slot : this.#unused();
    this.#used[taken] = 1;
    if (slot < 0) {
      const old = this.#pages[taken];
      if (old >= 0) {
        this.#index[old] = 0;
        this.#flushFetch();
      }
    }
    this.#versions[taken] = this.#claimCode(page);
    this.#pages[taken] = page;
    this.#index[page] = taken + 1;
    const at = this.#entries(taken);
    this.#bytes.fill(0, at - FIRST_ENTRY, at - FIRST_ENTRY + DECODED_LINKS);
    writeMark(this.#view, at + PARCELS * DECODED_ENTRY_SIZE, Op.PAGE_END);
    this.#link(taken);
    this.#claimed(page, this.#versions[taken]);
    return taken;
  }

  #locate(entry: number): { address: number; parcel: number } {
    const { page, offset } = this.place(entry);
    return { address: this.#ram + page * PAGE_SIZE + offset, parcel: offset / 2 };
  }
}
