/** A region as text: its instructions, then its function with the hart's fields by name, so that a layout may change. */
import { program } from '../../isa/assemble.ts';
import { disassemble } from '../../isa/disassemble.ts';
import type { HartParts } from '../../hart/fields.ts';
import { HartState } from '../../shared/hart-state.ts';
import { layOut, PAGE_SIZE } from '../../shared/memory-map.ts';
import { functionText } from '../../wasm/text.ts';
import { placeOf, RegionModule, sharedPlace } from '../emit-region.ts';
import { ALL_PASSES, type Passes } from '../passes.ts';
import { readRegion, type ReadOptions } from '../read-region.ts';
import type { Region } from '../region.ts';

export interface TextOptions {
  readonly passes?: Passes;
  readonly takesBase?: boolean;
}

const map = layOut({ harts: 1, ramBytes: 2 << 20 });

/** The region that the words begin with, `start` bytes into their page. */
export function regionOf(words: readonly number[], start = 0, options: ReadOptions = {}): Region | undefined {
  const page = new Uint8Array(PAGE_SIZE);
  page.set(program(words).subarray(0, PAGE_SIZE - start), start);
  return readRegion(new DataView(page.buffer), 0, start, options);
}

export function regionText(words: readonly number[], options: TextOptions = {}): string {
  const region = regionOf(words);
  if (!region) throw new Error('the region is empty');
  const place = options.takesBase ? sharedPlace(map) : placeOf(map, 0);
  const f = new RegionModule(map, place, options.passes ?? { ...ALL_PASSES, fuses: false }).add('region', region);
  const guest = words.map((word) => `;; ${disassemble(word)}\n`).join('');
  const names = offsetNames(place.parts);
  const text = functionText(f).replace(/offset=(\d+)/g, (_, offset) => `offset=${names.get(Number(offset)) ?? '?'}`);
  return `${guest}${text}`;
}

function offsetNames(parts: HartParts): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const [field, offset] of Object.entries(HartState.at)) names.set(parts.state + offset, field);
  for (const file of ['x', 'f'] as const) {
    for (let i = 0; i < 32; i++) names.set(parts.state + HartState.at[file] + i * 8, `${file}${i}`);
  }
  for (const tlb of ['loadTlb', 'storeTlb'] as const) names.set(parts[tlb], tlb).set(parts[tlb] + 8, `${tlb}.addend`);
  return names;
}
