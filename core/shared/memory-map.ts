/**
 * Where things stand in the one shared memory. The memory of a paused machine may be copied; what a machine over such a
 * copy makes anew is said at `Board.adopt` (machine/board.ts).
 *
 *   0          unused, so that offset 0 can mean "none"
 *   0x1000     Control: shape of the machine, run state, doorbell, clock
 *   0x2000     devices, 1 MiB: registers, ring bookkeeping, console rings (a bump allocator, same order in all threads)
 *   ...        harts: HartState, then three TLBs, for each
 *   ...        page state, one byte for each guest page; code versions, one word for each guest page
 *   ...        decode caches, for each hart (caches: not part of the machine's state)
 *   ...        RAM, aligned to 64 KiB, to the end
 *
 * Everything that is large is touched only when the guest uses it: an untouched page of a WebAssembly memory costs
 * no host memory.
 */
import { CompileQueue } from './compile-queue.ts';
import { alignUp, atomic32, struct, u32, u64, type Fields, type Layout, type View, type ViewOf } from './struct.ts';
import { HartState, type HartView } from './hart-state.ts';

/** What decides the memory's shape. */
export interface MachineShape {
  /** 1 to 8. */
  harts: number;
  /** Bytes of guest RAM, a multiple of 2 MiB, at most 3 GiB. */
  ramBytes: number;
}

/** Guest-physical address of RAM, as on QEMU's `virt`. */
export const RAM_BASE = 0x8000_0000;
export const PAGE_SIZE = 4096;
export const MAX_HARTS = 8;
export const MAX_RAM = 3 * 2 ** 30;

/** {@link Control}`.runState`. */
export const RunState = { NEW: 0, RUNNING: 1, PAUSED: 2, STOPPED: 3 } as const;

/** {@link Control}`.stopReason`: why a machine stopped. */
export const StopReason = { NONE: 0, POWER_OFF: 1, RESET: 2, FAILED: 3, CRASHED: 4, ASLEEP: 5 } as const;

/** Bits of {@link Control}`.console`, which the machine thread alone writes. */
export const ConsoleFlag = {
  /** The guest has used its virtio console: input goes there. Else it goes to the UART. */
  VIRTIO: 1,
  /** Input may wait until the guest is known to take it. */
  PATIENT: 2,
} as const;

export const Control = struct('Control', {
  /** 0x74616268 ("tabh"). */
  magic: u32,
  layoutVersion: u32,
  harts: u32,
  /** Bytes of RAM, and offset of RAM in this memory. */
  ramBytes: u32,
  ramOffset: u32,
  /** 1: ECALL from S-mode is served by the built-in SBI. */
  builtinSbi: u32,
  runState: atomic32,
  stopReason: atomic32,
  /** Exit code that the guest reported. */
  stopCode: atomic32,
  /** See doorbell.ts. Bits are handed out by the board. */
  doorbell: atomic32,
  /** Counts writes to pages that held code; harts compare it at FENCE.I. */
  codeEpoch: atomic32,
  /** 1 while a hart claims a page as code: a lock, see page-states.ts. */
  codeClaim: atomic32,
  /** Advanced when a hart asks for something to be compiled; the compiler's thread sleeps on it. */
  compilerBell: atomic32,
  /** How often a place is jumped to before it is compiled; 0: nothing is. */
  hotLimit: u32,
  /** See {@link ConsoleFlag}. */
  console: u32,
  /** Guest-physical address of the ELF symbol `tohost`, 0 for none. */
  tohost: u64,
  /** The clock: `time` is `timeBase` ticks plus what `performance.timeOrigin + now()` advanced past `clockOrigin` (us). */
  timeBase: u64,
  clockOrigin: u64,
});
export type ControlView = ViewOf<typeof Control>;

/** Bits of a guest page's state byte. Setting one first revokes the page from all store TLBs. */
export const PageState = {
  /** Some hart has decoded or compiled code from it. Cleared by the first write, which advances its version. */
  HAS_CODE: 1,
  /** A write must be reported (migration, snapshot). */
  DIRTY_TRACKED: 2,
  /** A debugger watches it. */
  WATCHED: 4,
} as const;
/** The bits that keep a page out of the store TLBs. */
export const PAGE_STATE_TRAPS = 7;
/** Some hart may hold a store TLB entry for the page. */
export const PAGE_STATE_WRITABLE = 0x80;

/** One TLB: 1024 entries of 16 bytes. See core/hart/mmu.ts for the tag. */
export const TLB_ENTRIES = 1024;
export const TLB_ENTRY_SIZE = 16;
const TLB_SIZE = TLB_ENTRIES * TLB_ENTRY_SIZE;

/**
 * Decoded entries of 16 bytes: two before a page, one for each of its 2-byte parcels, two behind. Then the links of the
 * page, a word for each parcel. See core/hart/decoded.ts.
 */
export const DECODED_ENTRY_SIZE = 16;
export const DECODED_BEFORE = 2;
export const DECODED_LINKS = (DECODED_BEFORE + PAGE_SIZE / 2 + 2) * DECODED_ENTRY_SIZE;
const DECODED_LINKS_SIZE = (PAGE_SIZE / 2) * 4;
export const DECODED_PAGE_SIZE = DECODED_LINKS + DECODED_LINKS_SIZE;
/** Counters of how often the interpreter has jumped to a place. Two places may share one. */
export const HEAT_COUNTERS = 1 << 15;
/** Two jumps may share a record; the last one stands in it. */
export const JUMP_RECORDS = 1 << 12;
/** Places for compiled functions in a hart's table. */
export const MOST_FUNCTIONS = 1 << 13;
/** Decoded pages that a hart keeps. */
export const DECODE_SLOTS = 1024;

/** Where one hart's parts stand, as byte offsets. */
export interface HartMap {
  state: number;
  fetchTlb: number;
  loadTlb: number;
  storeTlb: number;
  /** u16 for each guest page: number of the decoded page plus one, 0 for none. */
  decodeIndex: number;
  decodePages: number;
  /** See compile-queue.ts. */
  compileQueue: number;
  /** Where jumps went: u16 for each of {@link HEAT_COUNTERS}, by the place of the decoded entry. */
  heat: number;
  /** Where jumps to registers led within their page: {@link JUMP_RECORDS} pairs of decoded entries, the jump's and its target's. */
  jumps: number;
  /** u8 for each of {@link MOST_FUNCTIONS}: 1 when the compiled function was entered since this was looked at. */
  codeUsed: number;
}

export interface MemoryMap {
  control: number;
  devices: number;
  devicesEnd: number;
  harts: readonly HartMap[];
  /** u8 for each guest page, see {@link PageState}. */
  pageState: number;
  /** u32 for each guest page: advanced when a page with code is written. */
  pageVersion: number;
  ram: number;
  ramBytes: number;
  /** Bytes of the whole memory, a multiple of 64 KiB. */
  total: number;
}

const CONTROL_OFFSET = 0x1000;
const DEVICES_OFFSET = 0x2000;
const DEVICES_SIZE = 0x10_0000;
const WASM_PAGE = 0x1_0000;

/** Lays a machine out. Throws a RangeError with what is allowed for a shape that cannot be built. */
export function layOut(shape: MachineShape): MemoryMap {
  const { harts, ramBytes } = shape;
  if (!Number.isInteger(harts) || harts < 1 || harts > MAX_HARTS) {
    throw new RangeError(`a machine has 1 to ${MAX_HARTS} processors, not ${harts}`);
  }
  if (!Number.isInteger(ramBytes) || ramBytes < 2 ** 21 || ramBytes > MAX_RAM || ramBytes % 2 ** 21 !== 0) {
    throw new RangeError(
      `memory is 2 MiB to ${MAX_RAM / 2 ** 20} MiB in steps of 2 MiB, not ${ramBytes / 2 ** 20} MiB`,
    );
  }
  const pages = ramBytes / PAGE_SIZE;
  let next = DEVICES_OFFSET + DEVICES_SIZE;
  const take = (bytes: number, align = PAGE_SIZE): number => {
    const at = alignUp(next, align);
    next = at + bytes;
    return at;
  };
  const hartCores = Array.from({ length: harts }, () => ({
    state: take(HartState.size),
    fetchTlb: take(TLB_SIZE),
    loadTlb: take(TLB_SIZE),
    storeTlb: take(TLB_SIZE),
  }));
  const pageState = take(pages);
  const pageVersion = take(pages * 4);
  const hartMaps = hartCores.map((core) => ({
    ...core,
    decodeIndex: take(pages * 2),
    decodePages: take(DECODE_SLOTS * DECODED_PAGE_SIZE),
    compileQueue: take(CompileQueue.size),
    heat: take(HEAT_COUNTERS * 2),
    jumps: take(JUMP_RECORDS * 8),
    codeUsed: take(MOST_FUNCTIONS),
  }));
  const ram = take(ramBytes, WASM_PAGE);
  return {
    control: CONTROL_OFFSET,
    devices: DEVICES_OFFSET,
    devicesEnd: DEVICES_OFFSET + DEVICES_SIZE,
    harts: hartMaps,
    pageState,
    pageVersion,
    ram,
    ramBytes,
    total: alignUp(next, WASM_PAGE),
  };
}

/** A new, zeroed memory for a machine laid out as `map`. Throws what the engine throws when it has no room for it. */
export function createMemory(map: MemoryMap): WebAssembly.Memory {
  const pages = map.total / WASM_PAGE;
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** Hands out device structures in the devices' part. Every thread makes the same calls in the same order. */
export class DeviceAllocator {
  readonly #buffer: SharedArrayBuffer;
  readonly #end: number;
  #next: number;

  constructor(memory: WebAssembly.Memory, map: MemoryMap) {
    this.#buffer = memory.buffer as unknown as SharedArrayBuffer;
    this.#next = map.devices;
    this.#end = map.devicesEnd;
  }

  /** The next structure of this layout. */
  allocate<F extends Fields>(layout: Layout<F>): View<F> {
    const at = alignUp(this.#next, Math.max(layout.align, 64));
    this.#next = at + layout.size;
    if (this.#next > this.#end) throw new RangeError(`no room for ${layout.name} in the devices' memory`);
    return layout.view(this.#buffer, at);
  }
}

/** The view of the control block. */
export function controlView(memory: WebAssembly.Memory, map: MemoryMap): ControlView {
  return Control.view(memory.buffer, map.control);
}

/** The view of one hart. */
export function hartView(memory: WebAssembly.Memory, map: MemoryMap, hart: number): HartView {
  return HartState.view(memory.buffer, map.harts[hart].state);
}
