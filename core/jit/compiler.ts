/** From places that are worth compiling to the bytes of a module. It reads the shared memory, and may run on any thread. */
import { Op } from '../hart/decoded.ts';
import type { CompileRequest } from '../shared/compile-queue.ts';
import { JUMP_RECORDS, PAGE_SIZE, type MemoryMap } from '../shared/memory-map.ts';
import { RegionModule, type Place } from './emit-region.ts';
import { ALL_PASSES, type Passes } from './passes.ts';
import { ProfileRecorder, recall, type RegionProfile, type Seen } from './profile.ts';
import { readRegion } from './read-region.ts';

/** A module, and what its exports `r0`, `r1`... are. Can be posted. */
export interface CompiledBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly regions: readonly RegionInfo[];
}

/** A place to compile; by a profile, if it is not the hart that has found it hot. */
export interface RegionRequest extends CompileRequest {
  readonly profile?: RegionProfile;
}

export interface RegionInfo {
  readonly page: number;
  readonly version: number;
  readonly entries: readonly number[];
  /** Instructions that were compiled. */
  readonly instructions: number;
  /** By which it can be compiled again. */
  readonly profile: RegionProfile;
}

export class RegionCompiler {
  readonly #map: MemoryMap;
  readonly #place: Place;
  readonly #passes: Passes;
  readonly #view: DataView;

  constructor(memory: WebAssembly.Memory, map: MemoryMap, place: Place, passes = ALL_PASSES) {
    this.#map = map;
    this.#place = place;
    this.#passes = passes;
    this.#view = new DataView(memory.buffer);
  }

  /**
   * Compiles regions together for a hart, by what it knows of its jumps; `undefined` when there is nothing in them to
   * compile.
   */
  compile(requests: readonly RegionRequest[], hart: number): CompiledBytes | undefined {
    const module = new RegionModule(this.#map, this.#place, this.#passes);
    const regions: RegionInfo[] = [];
    const jumps = this.#jumps(hart);
    for (const { page, version, offset, entries, profile } of requests) {
      const seen = new ProfileRecorder(profile ? recall(profile) : this.#seenBy(entries, jumps));
      const { wasExecuted, jumpTargets } = seen;
      const options = { wasExecuted, jumpTargets, calls: this.#passes.calls };
      const region = readRegion(this.#view, this.#map.ram + page * PAGE_SIZE, offset, options);
      if (!region) continue;
      module.add(regionName(regions.length), region);
      const instructions = region.blocks.reduce((sum, block) => sum + block.instructions.length, 0);
      regions.push({ page, version, entries: region.entries, instructions, profile: seen.profile(offset) });
    }
    return regions.length === 0 ? undefined : { bytes: module.encode(), regions };
  }

  /** What a hart knows of the page whose decoded entries begin at `entries`. */
  #seenBy(entries: number, jumps: ReadonlyMap<number, readonly number[]>): Seen {
    return {
      wasExecuted: (at) => entries === 0 || this.#view.getUint8(entries + at * 8) !== Op.BLANK,
      jumpTargets: (at) => (jumps.get(entries + at * 8) ?? []).map((entry) => (entry - entries) / 8),
    };
  }

  /** Where jumps to registers have led, by their decoded entry. */
  #jumps(hart: number): Map<number, number[]> {
    const jumps = new Map<number, number[]>();
    const { jumps: at } = this.#map.harts[hart];
    for (let record = 0; record < JUMP_RECORDS; record++) {
      const from = this.#view.getUint32(at + record * 8, true);
      const to = this.#view.getUint32(at + record * 8 + 4, true);
      const known = jumps.get(from);
      if (known) known.push(to);
      else if (from !== 0) jumps.set(from, [to]);
    }
    return jumps;
  }
}

/** The export of a module's region. */
export const regionName = (index: number): string => `r${index}`;
