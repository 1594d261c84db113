/**
 * The state byte and the code version of each guest page, and their protocol.
 *
 *   a hart that writes      ORs WRITABLE in, and only then fills its store TLB; if the byte then shows HAS_CODE, it
 *                           clears that and advances the page's version
 *   a hart that decodes     ORs HAS_CODE in; if the byte then shows WRITABLE, it has all store TLBs revoked and
 *                           acknowledged; and only then reads the version, and then the bytes
 *   a device that writes    writes, then looks at the byte, and clears HAS_CODE as above
 *
 * So what was decoded at the page's present version is what the page holds, or a write to it has not been followed
 * by FENCE.I yet, which is when harts drop pages of another version.
 */
import { Control, PAGE_SIZE, PAGE_STATE_TRAPS, PAGE_STATE_WRITABLE, PageState, type MemoryMap } from './memory-map.ts';
import { atomicWord, type AtomicWord } from './struct.ts';

export class PageStates {
  /** Counts writes to pages with code; see `Control.codeEpoch`. */
  readonly codeEpoch: AtomicWord;
  readonly #state: Uint8Array;
  readonly #version: Int32Array;

  constructor(memory: WebAssembly.Memory, map: MemoryMap) {
    const pages = map.ramBytes / PAGE_SIZE;
    this.#state = new Uint8Array(memory.buffer, map.pageState, pages);
    this.#version = new Int32Array(memory.buffer, map.pageVersion, pages);
    this.codeEpoch = atomicWord(memory.buffer, map.control + Control.at.codeEpoch);
  }

  /** Says that code of `page` is about to be read. True when store TLBs may hold the page and must be revoked. */
  markCode(page: number): boolean {
    const before = Atomics.or(this.#state, page, PageState.HAS_CODE);
    if ((before & PAGE_STATE_WRITABLE) === 0) return false;
    Atomics.and(this.#state, page, ~PAGE_STATE_WRITABLE & 0xff);
    return true;
  }

  /** The version of the page's code, to be read after {@link markCode}. */
  version(page: number): number {
    return Atomics.load(this.#version, page);
  }

  /** Number of pages that a hart has written or executed. */
  used(): number {
    let pages = 0;
    for (const state of this.#state) if (state !== 0) pages++;
    return pages;
  }

  /** Tells that a page was written by other means than a store TLB. */
  written(page: number): void {
    if ((this.#state[page] & PAGE_STATE_TRAPS) === 0) return;
    const before = Atomics.and(this.#state, page, ~PageState.HAS_CODE & 0xff);
    if ((before & PageState.HAS_CODE) === 0) return;
    Atomics.add(this.#version, page, 1);
    this.codeEpoch.add(1);
  }
}
