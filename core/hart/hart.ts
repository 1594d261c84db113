/**
 * One hart: its generated module over the shared memory, and the host functions that the module calls.
 *
 * All of a hart's state is in the shared memory; this object holds caches and can be thrown away and made anew between
 * two calls of {@link Hart.run}.
 */
import { ENVCFG, MSTATUS_RESET } from '../isa/mstatus.ts';
import { Interrupt, setInterrupt } from '../shared/interrupts.ts';
import { HEAT_COUNTERS, MOST_FUNCTIONS, hartView, type MemoryMap } from '../shared/memory-map.ts';
import { PageStates } from '../shared/page-states.ts';
import { Attention, Revoke, type HartView } from '../shared/hart-state.ts';
import type { HostFunctions } from './code.ts';
import { CompiledCode, type CompiledModule } from './compiled-code.ts';
import { Op } from './decoded.ts';
import { DecodeCache } from './decode-cache.ts';
import { generateHart, type HartExports } from './generate.ts';
import { TLB_SIZE } from './tlb.ts';

/** What a hart needs of the board. */
export interface HartEnvironment {
  /** Ticks of 10 MHz. */
  readonly clock: { ticks(): bigint };
  /** Device registers by physical address below 4 GiB; widths 1, 2 and 4. */
  readonly bus: {
    /** `undefined` where no device is. */
    read(address: number, width: 1 | 2 | 4): number | undefined;
    /** False where no device is. */
    write(address: number, width: 1 | 2 | 4, value: number): boolean;
  };
  /** Has the store TLBs of the other harts revoked; returns when all have acknowledged. */
  revokeOtherStores(): void;
  /** Code at `place` is jumped to often enough to be worth compiling; see {@link Hart.hotLimit}. */
  hot?(place: CodePlace): void;
  /** Bytes of compiled modules to keep. Default: {@link COMPILED_CAPACITY}. */
  readonly codeCapacity?: number;
  /** A page of which nothing is compiled is found to hold code, at this version. */
  codeFound?(page: number, version: number): void;
}

/** Where code is: a guest page, the version that was decoded, and the offset in it. */
export interface CodePlace {
  readonly page: number;
  readonly version: number;
  readonly offset: number;
}

/** Bytes of compiled modules that a hart keeps; the host makes machine code of four times as many. */
const COMPILED_CAPACITY = 8 << 20;

/**
 * Instructions, some two seconds of work, in which half of the heat is lost: else all that is ever executed is hot one
 * day, and takes the place of what is hot now.
 */
const HEAT_HALF_LIFE = 1n << 29n;

const ZERO_AT_RESET = [
  ...(['pc', 'medeleg', 'mideleg', 'mie', 'mtvec', 'mscratch', 'mepc', 'mcause', 'mtval', 'mcounteren'] as const),
  ...(['mcountinhibit', 'menvcfg', 'stvec', 'sscratch', 'sepc', 'scause', 'stval', 'scounteren', 'senvcfg'] as const),
  ...(['satp', 'instret', 'mcycleOffset', 'minstretOffset', 'reservationValue'] as const),
];
const LOAD_ACCESS_FAULT = 5;
const STORE_ACCESS_FAULT = 7;

/** Modules that execute one instruction at a time, by hart and shape of the machine, made when first asked for. */
const exactModules = new Map<string, WebAssembly.Module>();

function exactModule(map: MemoryMap, hart: number): WebAssembly.Module {
  const key = `${hart} of ${map.harts.length}, ${map.ramBytes}`;
  const module = exactModules.get(key) ?? new WebAssembly.Module(generateHart(map, hart, true));
  exactModules.set(key, module);
  return module;
}

export class Hart {
  readonly view: HartView;
  readonly index: number;
  /** What compiled code may import: the memory, the table of functions, and those of the hart's own module. */
  readonly codeImports: WebAssembly.Imports;
  readonly compiled: CompiledCode;
  readonly #map: MemoryMap;
  readonly #environment: HartEnvironment;
  readonly #exports: HartExports;
  readonly #cache: DecodeCache;
  readonly #states: PageStates;
  readonly #bytes: Uint8Array;
  readonly #heat: Uint16Array;
  readonly #imports: WebAssembly.Imports;
  /** `instret` when heat was lost last. */
  #cooledAt = 0n;
  #exact: HartExports | undefined;

  /** `module`: the compiled module of {@link generateHart}, if the caller has it already. */
  constructor(
    memory: WebAssembly.Memory,
    map: MemoryMap,
    index: number,
    environment: HartEnvironment,
    module = new WebAssembly.Module(generateHart(map, index)),
  ) {
    this.#map = map;
    this.index = index;
    this.#environment = environment;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#heat = new Uint16Array(memory.buffer, map.harts[index].heat, HEAT_COUNTERS);
    this.view = hartView(memory, map, index);
    this.#states = new PageStates(memory, map);
    const used = new Uint8Array(memory.buffer, map.harts[index].codeUsed, MOST_FUNCTIONS);
    this.compiled = new CompiledCode(environment.codeCapacity ?? COMPILED_CAPACITY, used);
    this.#cache = new DecodeCache(memory, map, index, {
      linksOf: (page, version) => this.compiled.links(page, version),
      revokeStores: () => {
        this.#flush('storeTlb');
        environment.revokeOtherStores();
      },
      flushFetch: () => this.#flush('fetchTlb'),
      claimed: (page, version) => {
        if (this.compiled.links(page, version).size === 0) environment.codeFound?.(page, version);
      },
    });
    this.#imports = { env: { memory, table: this.compiled.table, ...this.#hostFunctions() } };
    this.#exports = new WebAssembly.Instance(module, this.#imports).exports as HartExports;
    this.codeImports = { env: { ...this.#imports['env'], ...this.#exports } };
    this.dropCaches();
  }

  /** The state after reset: M-mode, everything zero or at its reset value. `dropCaches` must follow. */
  static resetState(view: HartView, index: number): void {
    view.x.fill(0n);
    view.f.fill(0n);
    for (const field of ZERO_AT_RESET) view[field] = 0n;
    for (const field of [view.mhpmcounter, view.mhpmevent, view.pmpcfg, view.pmpaddr]) field.fill(0n);
    view.hartId = BigInt(index);
    view.mstatus = MSTATUS_RESET;
    view.stimecmp = (1n << 64n) - 1n;
    view.privilege = 3;
    view.fflags = 0;
    view.frm = 0;
    view.exception = 0;
    view.reservation = 0;
    view.mip.store(0);
  }

  /** Resets the hart to begin at `pc`. */
  reset(pc: bigint): void {
    Hart.resetState(this.view, this.index);
    this.view.pc = pc;
    this.dropCaches();
  }

  /** Runs about `budget` instructions, or until something needs the caller: returns one of `Exit`. */
  run(budget: number): number {
    this.#exports.run(budget);
    this.#cool();
    this.view.statDecoded = BigInt(this.#cache.decodedCount);
    return this.view.exitReason;
  }

  #cool(): void {
    const { instret } = this.view;
    const since = instret - this.#cooledAt;
    // A reset sets the counter back.
    if (since >= 0n && since < HEAT_HALF_LIFE) return;
    this.#cooledAt = instret;
    for (let i = 0; i < HEAT_COUNTERS; i++) this.#heat[i] >>>= 1;
  }

  /** Executes exactly one instruction, or enters one trap: returns one of `Exit`. An interrupt is taken first. */
  step(): number {
    this.#exact ??= new WebAssembly.Instance(exactModule(this.#map, this.index), this.#imports).exports as HartExports;
    this.#exact.run(1);
    return this.view.exitReason;
  }

  /** How often a place is jumped to before `hot` is told of it; 0 for never. */
  set hotLimit(jumps: number) {
    this.view.hotLimit = jumps;
  }

  /** Makes the interpreter enter compiled code wherever it begins. Not to be called while guest code runs. */
  install(module: CompiledModule): void {
    for (const page of this.compiled.add(module)) this.#cache.relink(page);
    this.view.statEvicted = BigInt(this.compiled.evicted);
  }

  /** Where the instruction at `pc` is, decoding its page; `undefined` when fetching it would trap. */
  codePlace(): CodePlace | undefined {
    const entries = this.#exports.fetch_page(this.view.pc);
    this.view.exception = 0;
    if (entries === 0) return undefined;
    const { page, version } = this.#cache.place(entries);
    return { page, version, offset: Number(this.view.pc & 4095n) };
  }

  /** The decoded entries of a page, as an offset into the memory; 0 when there are none. */
  decodedEntries(page: number): number {
    return this.#cache.decoded(page);
  }

  /** Empties the TLBs and recomputes what is derived from registers; needed after they were changed from outside. */
  dropCaches(): void {
    this.view.spaces.fill((1n << 64n) - 1n);
    this.view.nextSpace = 1;
    this.view.space = 0;
    this.#exports.flush_tlbs();
    this.#exports.update_contexts();
    this.#exports.update_interrupts();
  }

  /** Drops what other threads asked to be dropped. */
  revoke(requests: number): void {
    if ((requests & Revoke.TLB) !== 0) this.#exports.flush_tlbs();
    else if ((requests & Revoke.STORE_TLB) !== 0) this.#flush('storeTlb');
    if ((requests & Revoke.CODE) !== 0) this.#dropStale();
  }

  /** Raises or lowers the supervisor timer interrupt when `stimecmp` is in use. */
  tickTimer(now: bigint = this.#environment.clock.ticks()): void {
    if ((this.view.menvcfg & ENVCFG.STCE) === 0n) return;
    setInterrupt(this.view, Interrupt.STI, now >= this.view.stimecmp);
  }

  /** True when an enabled interrupt is pending, whatever the global enables: what ends WFI. */
  wakes(): boolean {
    return (BigInt(this.view.mip.load()) & this.view.mie) !== 0n;
  }

  /** Takes a pending interrupt if one can be taken now. */
  takeInterrupt(): boolean {
    this.view.attention.and(~Attention.INTERRUPT);
    return this.#exports.take_interrupt() !== 0;
  }

  #dropStale(): void {
    if (!this.#cache.dropStale()) return;
    // A page that was written since is decoded still, and must not lead to what takes the place of its code.
    for (const page of this.compiled.dropStale((page) => this.#states.version(page))) this.#cache.relink(page);
  }

  #flush(tlb: 'fetchTlb' | 'storeTlb'): void {
    const at = this.#map.harts[this.index][tlb];
    this.#bytes.fill(0xff, at, at + TLB_SIZE);
  }

  #hostFunctions(): HostFunctions {
    const { view } = this;
    const cache = this.#cache;
    const { clock, bus } = this.#environment;
    const fault = (cause: number): void => {
      view.exception = 1;
      view.exceptionCause = cause;
    };
    return {
      decode: (entry) => cache.decode(entry),
      straddle: (entry, next) => cache.straddle(entry, next),
      decodedPage: (page) => cache.page(page),
      rawInstruction: (entry) => cache.raw(entry),
      mmioRead(address, width) {
        const at = address >>> 0;
        const low = bus.read(at, width === 8 ? 4 : (width as 1 | 2 | 4));
        const high = width === 8 ? bus.read(at + 4, 4) : 0;
        if (low === undefined || high === undefined) return fault(LOAD_ACCESS_FAULT);
        view.transfer[0] = low;
        view.transfer[1] = high;
      },
      mmioWrite(address, width) {
        const at = address >>> 0;
        const [low, high] = view.transfer;
        const done = bus.write(
          at,
          width === 8 ? 4 : (width as 1 | 2 | 4),
          width < 4 ? low & (2 ** (width * 8) - 1) : low,
        );
        if (!done || (width === 8 && !bus.write(at + 4, 4, high))) fault(STORE_ACCESS_FAULT);
      },
      readTime: () => {
        view.time = clock.ticks();
      },
      timerChanged: () => {
        this.tickTimer();
      },
      // What is compiled is counted on.
      hot: (entry) => {
        if (this.#bytes[entry] !== Op.COMPILED) this.#environment.hot?.(cache.place(entry));
      },
      fenceI: () => this.#dropStale(),
      codeWritten: (page) => this.#states.written(page),
    };
  }
}
