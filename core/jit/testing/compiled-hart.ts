/**
 * Runs a hart by compiled blocks, as far as there are any, and by single steps of the interpreter for the rest. Blocks are
 * compiled when first met: made to prove the compiler, not to be fast.
 */
import { MPP_SHIFT } from '../../isa/mstatus.ts';
import { isLong } from '../../isa/decode.ts';
import type { BareHart } from '../../hart/testing/bare-hart.ts';
import { Attention, Exit, HartState } from '../../shared/hart-state.ts';
import { PAGE_SIZE, TLB_ENTRIES } from '../../shared/memory-map.ts';
import { BlockExit } from '../block-frame.ts';
import { BlockModule, placeOf, sharedPlace, type Place } from '../emit-block.ts';
import type { Passes } from '../passes.ts';
import { FloatMode, readBlock, type Block } from '../read-block.ts';

export interface CompilerOptions {
  readonly passes?: Passes;
  /** Whether code takes the address of the hart's state, and could serve several. */
  readonly takesBase?: boolean;
  /** Instructions in one block, at most. */
  readonly limit?: number;
}

type Run = () => number;
/** `null`: the instruction there is left to the interpreter. */
type Entry = Run | null | undefined;

interface CodePage {
  readonly version: number;
  /** By parcel and mode. */
  readonly entries: Entry[];
}

const FS_SHIFT = MPP_SHIFT + 2;
const MODES = Object.values(FloatMode);
/** Blocks compiled together, at most. */
const AHEAD = 32;
const indexOf = (offset: number, mode: FloatMode): number => (offset >>> 1) * MODES.length + mode;
/** mstatus.FS to the mode of a block: Off, Initial, Clean, Dirty. */
const MODE_OF_FS = [FloatMode.OFF, FloatMode.CLEAN, FloatMode.CLEAN, FloatMode.DIRTY];

export class CompiledHart {
  /** Blocks compiled, blocks entered, and instructions left to the interpreter. */
  readonly counts = { compiled: 0, entered: 0, stepped: 0 };
  readonly #bare: BareHart;
  readonly #options: CompilerOptions;
  readonly #place: Place;
  readonly #words: Int32Array;
  readonly #view: DataView;
  readonly #at: Record<'pc' | 'instret' | 'mstatus' | 'attention' | 'fetchContext', number>;
  readonly #pages = new Map<number, CodePage>();
  #generation = 0;

  constructor(bare: BareHart, options: CompilerOptions = {}) {
    this.#bare = bare;
    this.#options = options;
    const { memory, map, hart } = bare;
    this.#place = options.takesBase ? sharedPlace(map) : placeOf(map, hart.index);
    this.#words = new Int32Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
    const at = (field: keyof typeof HartState.at): number => (map.harts[hart.index].state + HartState.at[field]) / 4;
    this.#at = {
      ...{ pc: at('pc'), instret: at('instret'), mstatus: at('mstatus') },
      ...{ attention: at('attention'), fetchContext: at('fetchContext') },
    };
  }

  /** As `Hart.run`; may execute some more than `budget`, by as many as a block has. */
  run(budget: number): number {
    const words = this.#words;
    const { instret, attention } = this.#at;
    const end = words[instret] + budget;
    // A step that enters a trap retires nothing, so they are bounded by themselves.
    for (let steps = 0; ((end - words[instret]) | 0) > 0 && steps < budget;) {
      const run = words[attention] === 0 ? this.#find() : null;
      if (run) {
        this.counts.entered++;
        if (run() === BlockExit.NEXT) continue;
      }
      steps++;
      this.counts.stepped++;
      const exit = this.#bare.hart.step();
      if (exit !== Exit.BUDGET || (words[attention] & ~Attention.INTERRUPT) !== 0) return exit;
    }
    return Exit.BUDGET;
  }

  #find(): Entry {
    const { hart } = this.#bare;
    if (hart.codeGeneration !== this.#generation) this.#dropStale();
    const page = this.#page();
    if (page < 0) return undefined;
    const offset = this.#words[this.#at.pc] & (PAGE_SIZE - 1);
    const mode = MODE_OF_FS[(this.#words[this.#at.mstatus] >>> FS_SHIFT) & 3];
    const entry = this.#pages.get(page)?.entries[indexOf(offset, mode)];
    return entry === undefined ? this.#compile(page, offset, mode) : entry;
  }

  /** The guest page that `pc` is in, by the fetch TLB if that knows it; -1 when fetching would trap. */
  #page(): number {
    const { hart, map } = this.#bare;
    const words = this.#words;
    const [low, high] = [words[this.#at.pc], words[this.#at.pc + 1]];
    const entry = map.harts[hart.index].fetchTlb / 4 + (((low >>> 12) | (high << 20)) & (TLB_ENTRIES - 1)) * 4;
    const isHit = words[entry] === ((low & -PAGE_SIZE) | words[this.#at.fetchContext]) && words[entry + 1] === high;
    return isHit ? hart.guestPage(words[entry + 2]) : hart.codePage();
  }

  /** Compiles the block at `offset`, and in the same module those behind it, which are likely to be next. */
  #compile(page: number, offset: number, mode: FloatMode): Entry {
    const { entries } = this.#claim(page);
    const { limit, passes } = this.#options;
    const start = this.#bare.map.ram + page * PAGE_SIZE;
    const found: [number, Block][] = [];
    let at = offset;
    while (at < PAGE_SIZE && found.length < AHEAD && entries[indexOf(at, mode)] === undefined) {
      const block = readBlock(this.#view, start, at, mode, limit);
      if (block) found.push([at, block]);
      else entries[indexOf(at, mode)] = null;
      if (!block && at === offset) return null;
      at = block?.end ?? at + (isLong(this.#view.getUint16(start + at, true)) ? 4 : 2);
    }
    const module = new BlockModule(this.#bare.map, this.#place, passes);
    for (const [at, block] of found) module.add(String(at), block);
    const functions = this.#instantiate(module);
    for (const [at, { dependsOnMode }] of found) {
      for (const each of dependsOnMode ? [mode] : MODES) entries[indexOf(at, each)] = functions(String(at));
    }
    this.counts.compiled += found.length;
    return entries[indexOf(offset, mode)];
  }

  #instantiate(module: BlockModule): (name: string) => Run {
    const { hart, memory, map } = this.#bare;
    const env = { memory, ...hart.routines };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env });
    const base = map.harts[hart.index].state;
    return (name) => {
      const compiled = exports[name] as (base?: number) => number;
      return this.#place.takesBase ? () => compiled(base) : compiled;
    };
  }

  /** What is compiled of a page as it is now. */
  #claim(page: number): CodePage {
    const version = this.#bare.hart.claimCode(page);
    const known = this.#pages.get(page);
    if (known?.version === version) return known;
    const fresh = { version, entries: [] };
    this.#pages.set(page, fresh);
    return fresh;
  }

  #dropStale(): void {
    const { hart } = this.#bare;
    this.#generation = hart.codeGeneration;
    for (const [page, { version }] of this.#pages) if (hart.codeVersion(page) !== version) this.#pages.delete(page);
  }
}
