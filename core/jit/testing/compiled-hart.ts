/**
 * Runs a hart by compiled blocks, as far as there are any, and by single steps of the interpreter for the rest. Every
 * block is compiled when it is first met: made to prove the compiler, not to be fast.
 */
import { MPP_SHIFT } from '../../isa/mstatus.ts';
import type { BareHart } from '../../hart/testing/bare-hart.ts';
import { Attention, Exit, HartState } from '../../shared/hart-state.ts';
import { PAGE_SIZE, TLB_ENTRIES } from '../../shared/memory-map.ts';
import { BlockExit } from '../block-frame.ts';
import { BlockModule, placeOf, sharedPlace, type Place } from '../emit-block.ts';
import { ALL_PASSES, type Passes } from '../passes.ts';
import { BLOCK_LIMIT, FloatMode, readBlock } from '../read-block.ts';

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
const MODES = 3;
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
    const entry = this.#pages.get(page)?.entries[(offset >>> 1) * MODES + mode];
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

  #compile(page: number, offset: number, mode: FloatMode): Entry {
    const { hart, map } = this.#bare;
    const code = this.#claim(page);
    const block = readBlock(this.#view, map.ram + page * PAGE_SIZE, offset, mode, this.#options.limit ?? BLOCK_LIMIT);
    const entry = (mode: FloatMode): number => (offset >>> 1) * MODES + mode;
    if (!block) {
      code.entries[entry(mode)] = null;
      return null;
    }
    this.counts.compiled++;
    const module = new BlockModule(map, this.#place, this.#options.passes ?? ALL_PASSES);
    module.add('block', block);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), {
      env: { memory: this.#bare.memory, ...hart.routines },
    });
    const compiled = instance.exports['block'] as (base?: number) => number;
    const base = map.harts[hart.index].state;
    const run: Run = this.#place.takesBase ? () => compiled(base) : compiled;
    const modes = block.dependsOnMode ? [mode] : Object.values(FloatMode);
    for (const mode of modes) code.entries[entry(mode)] = run;
    return run;
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
