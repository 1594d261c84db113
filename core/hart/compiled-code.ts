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

/** A module that is kept. */
interface Kept {
  readonly module: CompiledModule;
  /** Of its functions in the table. */
  readonly places: readonly number[];
  /** How many links lead to it. */
  links: number;
}

const NO_LINKS: ReadonlyMap<number, number> = new Map();
const placeOf = (link: number): number => link & (LINK_FUNCTIONS - 1);

export class CompiledCode {
  readonly table: WebAssembly.Table;
  readonly #pages = new Map<number, PageLinks>();
  readonly #free: number[] = [];
  /** Those that go first, first. */
  readonly #modules = new Set<Kept>();
  /** By place in the table. */
  readonly #owners: (Kept | undefined)[] = [];
  readonly #capacity: number;
  /** By place in the table: 1 when the function was entered since its module was last looked at for eviction. */
  readonly #used: Uint8Array;
  #size = 0;
  #next = 1;
  /** Regions that were dropped for want of room. */
  evicted = 0;

  /** `capacity`: bytes of modules to keep; `used`: a byte for each place in the table, which entering code sets. */
  constructor(capacity: number, used: Uint8Array) {
    if (used.length > LINK_FUNCTIONS) throw new RangeError(`a link can name ${LINK_FUNCTIONS} functions`);
    this.#capacity = capacity;
    this.#used = used;
    this.table = new WebAssembly.Table({ element: 'anyfunc', initial: 1024 });
  }

  /** Bytes of the modules that are kept. */
  get size(): number {
    return this.#size;
  }
  /** Functions in the table. */
  get functions(): number {
    return this.#next - 1 - this.#free.length;
  }
  /** Pages of which something is kept. */
  get pages(): number {
    return this.#pages.size;
  }

  /** Links of a page's code, by offset in the page. */
  links(page: number, version: number): ReadonlyMap<number, number> {
    const known = this.#pages.get(page);
    return known?.version === version ? known.links : NO_LINKS;
  }

  /**
   * Adds functions; returns the pages whose links changed. Modules to which no link leads any more go, and where there is
   * no room, the oldest that were not entered for a while.
   */
  add(module: CompiledModule): Set<number> {
    const changed = new Set<number>();
    this.#makeRoom(module, changed);
    const kept: Kept = { module, places: module.regions.map(({ run }) => this.#place(run)), links: 0 };
    this.#modules.add(kept);
    this.#size += module.size;
    const unlinked = new Set([kept]);
    module.regions.forEach(({ page, version, entries }, i) => {
      this.#owners[kept.places[i]] = kept;
      const links = this.#linksFor(page, version, unlinked);
      if (!links) return;
      changed.add(page);
      entries.forEach((offset, entry) => {
        this.#unlink(links, offset, unlinked);
        links.set(offset, kept.places[i] | (entry << LINK_ENTRY_SHIFT));
        kept.links++;
      });
    });
    this.#dropUnlinked(unlinked);
    return changed;
  }

  /** A module that was entered since its turn came last has another one, behind all others. */
  #makeRoom(module: CompiledModule, changed: Set<number>): void {
    const mostFunctions = this.#used.length - 1;
    let chances = this.#modules.size;
    for (const oldest of this.#modules) {
      const isRoom = this.#size + module.size <= this.#capacity;
      if (isRoom && this.functions + module.regions.length <= mostFunctions) return;
      const isUsed = oldest.places.some((place) => this.#used[place] !== 0);
      if (isUsed && chances-- > 0) {
        for (const place of oldest.places) this.#used[place] = 0;
        this.#modules.delete(oldest);
        this.#modules.add(oldest);
      } else this.#evict(oldest, changed);
    }
  }

  /** Drops the code of pages that have another version now; returns these pages, which must not be linked to it any more. */
  dropStale(version: (page: number) => number): Set<number> {
    const changed = new Set<number>();
    const unlinked = new Set<Kept>();
    for (const [page, known] of this.#pages) {
      if (version(page) === known.version) continue;
      this.#dropPage(page, known, unlinked);
      changed.add(page);
    }
    this.#dropUnlinked(unlinked);
    return changed;
  }

  /** The links of a page at a version; `undefined` when what is known of the page is newer. */
  #linksFor(page: number, version: number, unlinked: Set<Kept>): Map<number, number> | undefined {
    const known = this.#pages.get(page);
    if (known?.version === version) return known.links;
    if (known && ((known.version - version) | 0) > 0) return undefined;
    if (known) this.#dropPage(page, known, unlinked);
    const links = new Map<number, number>();
    this.#pages.set(page, { version, links });
    return links;
  }

  #dropPage(page: number, { links }: PageLinks, unlinked: Set<Kept>): void {
    for (const offset of links.keys()) this.#unlink(links, offset, unlinked);
    this.#pages.delete(page);
  }

  #unlink(links: Map<number, number>, offset: number, unlinked: Set<Kept>): void {
    const link = links.get(offset);
    const owner = link === undefined ? undefined : this.#owners[placeOf(link)];
    if (!owner) return;
    links.delete(offset);
    owner.links--;
    unlinked.add(owner);
  }

  #place(run: CallableFunction): number {
    const place = this.#free.pop() ?? this.#next++;
    if (place >= this.table.length) this.table.grow(this.table.length);
    this.table.set(place, run);
    this.#used[place] = 0;
    return place;
  }

  #evict(kept: Kept, changed: Set<number>): void {
    const { module, places } = kept;
    module.regions.forEach(({ page }, i) => {
      const known = this.#pages.get(page);
      for (const [offset, link] of known?.links ?? []) {
        if (placeOf(link) !== places[i]) continue;
        known?.links.delete(offset);
        changed.add(page);
      }
      if (known?.links.size === 0) this.#pages.delete(page);
    });
    this.evicted += module.regions.length;
    this.#drop(kept);
  }

  #dropUnlinked(candidates: ReadonlySet<Kept>): void {
    for (const kept of candidates) if (kept.links === 0) this.#drop(kept);
  }

  /** Lets go of a module to which no link leads. */
  #drop(kept: Kept): void {
    this.#modules.delete(kept);
    this.#size -= kept.module.size;
    for (const place of kept.places) {
      this.#owners[place] = undefined;
      this.table.set(place, null);
      this.#free.push(place);
    }
  }
}
