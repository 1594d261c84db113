/** A hart over RAM alone, for tests: no devices, a clock that stands still unless told. */
import { createMemory, layOut, type MemoryMap } from '../../shared/memory-map.ts';
import { GuestRam } from '../../shared/guest-ram.ts';
import { generateHart } from '../generate.ts';
import { Hart, type HartEnvironment } from '../hart.ts';

export interface BareHart {
  readonly hart: Hart;
  readonly ram: GuestRam;
  readonly memory: WebAssembly.Memory;
  readonly map: MemoryMap;
  /** What the `time` CSR reads. */
  readonly clock: { now: bigint; ticks(): bigint };
}

/** Modules by the size of RAM, so that each is compiled once. */
const compiled = new Map<number, WebAssembly.Module>();

function moduleFor(map: MemoryMap): WebAssembly.Module {
  const known = compiled.get(map.ramBytes);
  if (known) return known;
  const module = new WebAssembly.Module(generateHart(map, 0));
  compiled.set(map.ramBytes, module);
  return module;
}

/** A new hart with 4 MiB of RAM, or as much as told, reset to the beginning of RAM. */
export function bareHart(bus: Partial<HartEnvironment['bus']> = {}, ramBytes = 4 << 20): BareHart {
  const map = layOut({ harts: 1, ramBytes });
  const memory = createMemory(map);
  const clock = {
    now: 0n,
    ticks() {
      return this.now;
    },
  };
  const environment: HartEnvironment = {
    clock,
    bus: { read: () => undefined, write: () => false, ...bus },
    revokeOtherStores: () => undefined,
  };
  const hart = new Hart(memory, map, 0, environment, moduleFor(map));
  hart.reset(0x8000_0000n);
  return { hart, memory, map, clock, ram: new GuestRam(memory, map) };
}
