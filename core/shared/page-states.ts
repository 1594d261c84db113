/**
 * The state byte and the code version of each guest page, and their protocol.
 *
 *   a hart that writes      ORs WRITABLE in, and only then fills its store TLB; if the byte then showed HAS_CODE, it
 *                           clears that and advances the page's version
 *   a hart that decodes     under the lock `codeClaim`: reads the version, then ORs HAS_CODE in; if the byte then
 *                           showed WRITABLE, clears that, and has all store TLBs revoked and acknowledged; only
 *                           then are bytes read
 *   a device that writes    writes, then looks at the byte, and clears HAS_CODE as above
 *
 * So what was decoded is what the page holds for as long as the page has the version that was read; harts drop pages
 * of another version at FENCE.I. A writer may come in the middle: it finds HAS_CODE, since that is set after the version
 * is read, and advances the version, so that what is decoded now is dropped at the next FENCE.I. The lock keeps a second
 * reader from taking a byte without WRITABLE for a promise that the first one is still waiting for; who waits for it
 * goes on to serve requests, since the one that holds it may wait for that.
 */
import { Control, PAGE_SIZE, PAGE_STATE_TRAPS, PAGE_STATE_WRITABLE, PageState, type MemoryMap } from './memory-map.ts';
import { atomicWord, type AtomicWord } from './struct.ts';

export class PageStates {
  /** Counts writes to pages with code; see `Control.codeEpoch`. */
  readonly codeEpoch: AtomicWord;
  readonly #claim: AtomicWord;
  readonly #state: Uint8Array;
  /** The same, four pages at once. */
  readonly #states: Uint32Array;
  readonly #version: Int32Array;

  constructor(memory: WebAssembly.Memory, map: MemoryMap) {
    const pages = map.ramBytes / PAGE_SIZE;
    this.#state = new Uint8Array(memory.buffer, map.pageState, pages);
    this.#states = new Uint32Array(memory.buffer, map.pageState, pages / 4);
    this.#version = new Int32Array(memory.buffer, map.pageVersion, pages);
    this.codeEpoch = atomicWord(memory.buffer, map.control + Control.at.codeEpoch);
    this.#claim = atomicWord(memory.buffer, map.control + Control.at.codeClaim);
  }

  /**
   * Says that code of `page` is about to be read, and returns the version for which it is good. `revokeStores` takes all
   * store TLBs' entries back, acknowledged, and serves the caller's own requests meanwhile.
   */
  claimCode(page: number, revokeStores: () => void): number {
    while (this.#claim.compareExchange(0, 1) !== 0) revokeStores();
    const version = this.version(page);
    if (this.#markCode(page)) revokeStores();
    this.#claim.store(0);
    return version;
  }

  /** True when store TLBs may hold the page and must be revoked. */
  #markCode(page: number): boolean {
    const before = Atomics.or(this.#state, page, PageState.HAS_CODE);
    if ((before & PAGE_STATE_WRITABLE) === 0) return false;
    Atomics.and(this.#state, page, ~PAGE_STATE_WRITABLE & 0xff);
    return true;
  }

  /** The version of the page's code. */
  version(page: number): number {
    return Atomics.load(this.#version, page);
  }

  /** Number of pages that a hart has written or executed. */
  used(): number {
    let pages = 0;
    for (let i = 0; i < this.#states.length; i++) {
      if (this.#states[i] === 0) continue;
      for (let page = i * 4; page < i * 4 + 4; page++) if (this.#state[page] !== 0) pages++;
    }
    return pages;
  }

  /** Tells that a page was written by other means than a store TLB. */
  written(page: number): void {
    // Not a plain load, which could come before the bytes that were written.
    if ((Atomics.or(this.#state, page, 0) & PAGE_STATE_TRAPS) === 0) return;
    const before = Atomics.and(this.#state, page, ~PageState.HAS_CODE & 0xff);
    if ((before & PageState.HAS_CODE) === 0) return;
    Atomics.add(this.#version, page, 1);
    this.codeEpoch.add(1);
  }
}
