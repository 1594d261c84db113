/**
 * The compiled code that a hart has: the table of its functions, and where in guest pages they begin. It is good for a
 * page's version, like decoded pages, and goes with it.
 */
import { LINK_ENTRY_SHIFT, LINK_FUNCTIONS } from './decoded.ts';

/** Functions compiled together; they share a module, and go together. */
export interface CompiledModule {
  /** Bytes of the module. */
  readonly size: number;
  readonly regions: readonly CompiledRegion[];
}

export interface CompiledRegion {
  readonly run: CallableFunction;
  /** The guest page, and its version when it was read. */
  readonly page: number;
  readonly version: number;
  /** Where in the page each of the function's entries is, in bytes. */
  readonly entries: readonly number[];
}

interface PageLinks {
  readonly version: number;
  /** By offset in the page. */
  readonly links: Map<number, number>;
}

const NO_LINKS: ReadonlyMap<number, number> = new Map();

export class CompiledCode {
  readonly table: WebAssembly.Table;
  readonly #pages = new Map<number, PageLinks>();
  readonly #free: number[] = [];
  /** Oldest first, with the functions that each has in the table. */
  readonly #modules = new Map<CompiledModule, readonly number[]>();
  readonly #capacity: number;
  #size = 0;
  #next = 1;
  /** Regions that were dropped for want of room. */
  evicted = 0;

  /** `capacity`: bytes of modules to keep. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.table = new WebAssembly.Table({ element: 'anyfunc', initial: 1024 });
  }

  /** Links of a page's code, by offset in the page. */
  links(page: number, version: number): ReadonlyMap<number, number> {
    const known = this.#pages.get(page);
    return known?.version === version ? known.links : NO_LINKS;
  }

  /** Adds functions; returns the pages whose links changed. The oldest go where there is no room. */
  add(module: CompiledModule): Set<number> {
    const changed = new Set<number>();
    this.#size += module.size;
    for (const [oldest, places] of this.#modules) {
      if (this.#size <= this.#capacity) break;
      this.#drop(oldest, places, changed);
    }
    const places = module.regions.map(({ run }) => this.#place(run));
    this.#modules.set(module, places);
    module.regions.forEach(({ page, version, entries }, i) => {
      const links = this.#linksFor(page, version);
      entries.forEach((offset, entry) => links?.set(offset, places[i] | (entry << LINK_ENTRY_SHIFT)));
      changed.add(page);
    });
    return changed;
  }

  /** Drops the code of pages that have another version now. */
  dropStale(version: (page: number) => number): void {
    for (const [page, { version: known }] of this.#pages) if (version(page) !== known) this.#pages.delete(page);
  }

  /** The links of a page at a version; `undefined` when what is known of the page is newer. */
  #linksFor(page: number, version: number): Map<number, number> | undefined {
    const known = this.#pages.get(page);
    if (known?.version === version) return known.links;
    if (known && ((known.version - version) | 0) > 0) return undefined;
    const links = new Map<number, number>();
    this.#pages.set(page, { version, links });
    return links;
  }

  #place(run: CallableFunction): number {
    const place = this.#free.pop() ?? this.#next++;
    if (place >= LINK_FUNCTIONS) throw new RangeError('there is no room for more compiled functions');
    if (place >= this.table.length) this.table.grow(this.table.length);
    this.table.set(place, run);
    return place;
  }

  #drop(module: CompiledModule, places: readonly number[], changed: Set<number>): void {
    this.#modules.delete(module);
    this.#size -= module.size;
    this.evicted += module.regions.length;
    module.regions.forEach(({ page }, i) => {
      const known = this.#pages.get(page);
      for (const [offset, link] of known?.links ?? []) {
        if ((link & (LINK_FUNCTIONS - 1)) !== places[i]) continue;
        known?.links.delete(offset);
        changed.add(page);
      }
      this.table.set(places[i], null);
      this.#free.push(places[i]);
    });
  }
}
