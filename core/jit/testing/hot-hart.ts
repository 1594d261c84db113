/**
 * A hart as its machine's loop runs it, compiler included, but in one thread: what gets hot is compiled at once, and
 * installed when guest code has stopped.
 */
import { generateHart } from '../../hart/generate.ts';
import { Hart, type CodePlace } from '../../hart/hart.ts';
import { GuestRam } from '../../shared/guest-ram.ts';
import { Attention, Exit, type HartView } from '../../shared/hart-state.ts';
import { Interrupt, setInterrupt } from '../../shared/interrupts.ts';
import { createMemory, HEAT_COUNTERS, layOut, type MemoryMap } from '../../shared/memory-map.ts';
import { RegionCompiler, regionName, type CompiledBytes, type RegionInfo, type RegionRequest } from '../compiler.ts';
import { placeOf, sharedPlace } from '../emit-region.ts';
import type { RegionProfile } from '../profile.ts';

export const RAM = 0x8000_0000;
/** A register of 4 bytes: the level of the hart's software interrupt. */
export const MSIP = 0x200_0000;
const RAM_BYTES = 4 << 20;

export interface HotOptions {
  /** See {@link Hart.hotLimit}. Default: 0, nothing is compiled. */
  readonly hotLimit?: number;
  /** Whether code takes the address of the hart's state. */
  readonly takesBase?: boolean;
  /** What modules count as when they are kept, in bytes. Default: their own size. */
  readonly moduleSize?: number;
  /** Bytes of modules that are kept. Default: {@link Hart}'s own. */
  readonly codeCapacity?: number;
  /** How often the hart stops before code that was compiled is installed. Default: not once more. */
  readonly delay?: number;
  /** What is compiled of a page as soon as it is found to hold code. Default: nothing. */
  readonly known?: (page: number) => readonly RegionProfile[];
}

let generated: WebAssembly.Module | undefined;

export class HotHart {
  readonly hart: Hart;
  readonly ram: GuestRam;
  readonly map: MemoryMap;
  /** Modules that were installed. */
  installed = 0;
  /** Their instances, as far as nobody has let go of them and the collector has seen that. */
  readonly instances: WeakRef<WebAssembly.Instance>[] = [];
  /** All regions that were compiled. */
  readonly regions: RegionInfo[] = [];
  readonly #options: HotOptions;
  readonly #compiler: RegionCompiler;
  readonly #waiting: { readonly code: CompiledBytes; stops: number }[] = [];
  readonly #heat: Uint8Array;

  constructor(options: HotOptions = {}) {
    this.#options = options;
    this.map = layOut({ harts: 1, ramBytes: RAM_BYTES });
    const memory = createMemory(this.map);
    generated ??= new WebAssembly.Module(generateHart(this.map, 0));
    const environment = {
      clock: { ticks: () => 0n },
      bus: { read: () => undefined, write: (address: number, _: number, value: number) => this.#write(address, value) },
      revokeOtherStores: () => undefined,
      ...(options.codeCapacity !== undefined && { codeCapacity: options.codeCapacity }),
      hot: (place: CodePlace) => this.#compile([{ ...place, entries: this.hart.decodedEntries(place.page) }]),
      codeFound: (page: number, version: number) => {
        const profiles = options.known?.(page) ?? [];
        this.#compile(profiles.map((profile) => ({ page, version, offset: profile.offset, entries: 0, profile })));
      },
    };
    this.hart = new Hart(memory, this.map, 0, environment, generated);
    this.hart.reset(BigInt(RAM));
    this.hart.hotLimit = options.hotLimit ?? 0;
    this.ram = new GuestRam(memory, this.map);
    this.#compiler = new RegionCompiler(
      memory,
      this.map,
      options.takesBase ? sharedPlace(this.map) : placeOf(this.map, 0),
    );
    this.#heat = new Uint8Array(memory.buffer, this.map.harts[0].heat, HEAT_COUNTERS * 2);
  }

  get view(): HartView {
    return this.hart.view;
  }

  /** One slice, as `Hart.run`; code may make it shorter. */
  run(budget: number): number {
    const exit = this.hart.run(budget);
    this.view.attention.and(~Attention.CODE);
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.stops-- > 0) this.#waiting.push(waiting);
      else this.#install(waiting.code);
    }
    return exit;
  }

  /** Slices of `budget` until something else than their end stops the hart; throws after so many. */
  runOn(budget = 1_000_000, slices = 100_000): number {
    for (let slice = 0; slice < slices; slice++) {
      const exit = this.run(budget);
      if (exit !== Exit.BUDGET) return exit;
    }
    throw new Error(`still running at ${this.view.pc.toString(16)}`);
  }

  /** Steps until so many instructions are executed and `pc` is this, behind a trap if need be. */
  stepTo(instret: bigint, pc: bigint): void {
    while (this.view.instret < instret) this.hart.step();
    for (let traps = 0; this.view.pc !== pc && this.view.instret === instret && traps < 2; traps++) this.hart.step();
  }

  /** Forgets what was jumped to, so that it gets hot again. */
  coolDown(): void {
    this.#heat.fill(0);
  }

  #write(address: number, value: number): boolean {
    if (address === MSIP) setInterrupt(this.view, Interrupt.MSI, (value & 1) !== 0);
    return address === MSIP;
  }

  #compile(requests: readonly RegionRequest[]): void {
    const code = this.#compiler.compile(requests, 0);
    if (!code) return;
    this.regions.push(...code.regions);
    this.#waiting.push({ code, stops: this.#options.delay ?? 0 });
    this.view.attention.or(Attention.CODE);
  }

  #install({ bytes, regions }: CompiledBytes): void {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), this.hart.codeImports);
    this.instances.push(new WeakRef(instance));
    const { exports } = instance;
    const run = (index: number): CallableFunction => exports[regionName(index)] as CallableFunction;
    const size = this.#options.moduleSize ?? bytes.length;
    this.hart.install({ size, regions: regions.map((region, i) => ({ ...region, run: run(i) })) });
    this.installed++;
  }
}
