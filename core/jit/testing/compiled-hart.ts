/**
 * Runs a hart by compiled regions, as far as there are any, and by single steps of the interpreter for the rest. Regions
 * are compiled where the hart comes to stand: made to prove the compiler, not to be fast.
 */
import type { BareHart } from '../../hart/testing/bare-hart.ts';
import { RegionExit } from '../../hart/links.ts';
import { Attention, Exit } from '../../shared/hart-state.ts';
import { PAGE_SIZE } from '../../shared/memory-map.ts';
import { placeOf, RegionModule, sharedPlace, type Place } from '../emit-region.ts';
import { ALL_PASSES, type Passes } from '../passes.ts';
import { readRegion, type ReadOptions } from '../read-region.ts';

export interface CompilerOptions extends Pick<ReadOptions, 'limit' | 'blockLimit' | 'jumpTargets'> {
  readonly passes?: Passes;
  /** Whether code takes the address of the hart's state, and could serve several. */
  readonly takesBase?: boolean;
}

type Run = () => number;
/** `null`: the instruction there is left to the interpreter. */
type Entry = Run | null;

interface CodePage {
  readonly version: number;
  readonly entries: Map<number, Entry>;
}

export class CompiledHart {
  /** Regions compiled, regions entered, and instructions left to the interpreter. */
  readonly counts = { compiled: 0, entered: 0, stepped: 0 };
  readonly #bare: BareHart;
  readonly #options: CompilerOptions;
  readonly #place: Place;
  readonly #view: DataView;
  readonly #pages = new Map<number, CodePage>();

  constructor(bare: BareHart, options: CompilerOptions = {}) {
    this.#bare = bare;
    this.#options = options;
    const { memory, map, hart } = bare;
    this.#place = options.takesBase ? sharedPlace(map) : placeOf(map, hart.index);
    this.#view = new DataView(memory.buffer);
  }

  /** As `Hart.run`; may execute some more than `budget`. */
  run(budget: number): number {
    const { hart } = this.#bare;
    const { view } = hart;
    const end = view.instret + BigInt(budget);
    // A step that enters a trap retires nothing, so they are bounded by themselves.
    for (let steps = 0; view.instret < end && steps < budget;) {
      const run = view.attention.load() === 0 ? this.#find() : null;
      if (run) {
        this.counts.entered++;
        const left = Number(end - view.instret);
        view.left = left;
        const exit = run();
        view.instret += BigInt(left - (view.left | 0));
        if (exit === RegionExit.NEXT) continue;
      }
      steps++;
      this.counts.stepped++;
      const exit = hart.step();
      if (exit !== Exit.BUDGET || (view.attention.load() & ~Attention.INTERRUPT) !== 0) return exit;
    }
    return Exit.BUDGET;
  }

  #find(): Entry {
    const place = this.#bare.hart.codePlace();
    if (!place) return null;
    let known = this.#pages.get(place.page);
    if (known?.version !== place.version) {
      known = { version: place.version, entries: new Map() };
      this.#pages.set(place.page, known);
    }
    if (!known.entries.has(place.offset)) this.#compile(place.page, place.offset, known);
    return known.entries.get(place.offset) ?? null;
  }

  #compile(page: number, offset: number, { entries, version }: CodePage): void {
    const { map, hart } = this.#bare;
    const { calls } = this.#options.passes ?? ALL_PASSES;
    const region = readRegion(this.#view, map.ram + page * PAGE_SIZE, offset, { calls, ...this.#options });
    if (!region) {
      entries.set(offset, null);
      return;
    }
    const module = new RegionModule(map, this.#place, this.#options.passes);
    module.add('region', region);
    const bytes = module.encode();
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), hart.codeImports);
    const compiled = exports['region'] as (entry: number, depth: number, base: number) => number;
    const base = map.harts[hart.index].state;
    region.entries.forEach((at, entry) => entries.set(at, () => compiled(entry, 0, base)));
    hart.install({ size: bytes.length, regions: [{ run: compiled, page, version, entries: region.entries }] });
    this.counts.compiled++;
  }
}
