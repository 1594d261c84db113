/** Makes the memory of a new machine ready to start: its registers as at power-on, its guest in RAM. */
import { generateHart } from '../core/hart/generate.ts';
import { Hart } from '../core/hart/hart.ts';
import { isaExtensions } from '../core/isa/table.ts';
import { layOut } from '../core/shared/memory-map.ts';
import type { LoadProgress, MachineSpec } from './api.ts';
import { Board, LAYOUT_VERSION, MAGIC, type BoardShape } from './board.ts';
import { isRiscvImage } from './boot/identify.ts';
import { loadGuest, type Guest } from './boot/load.ts';
import { startHarts } from './boot/start.ts';
import { loadImage } from './images.ts';
import { resetSbi } from './sbi/state.ts';

/** A guest's images, in memory. */
export interface GuestImages extends Omit<Guest, 'ram' | 'board'> {
  /** Whether hot code is compiled. Default: it is. */
  readonly compile?: boolean;
}

/**
 * How often a place is jumped to before it is compiled. Making good code of a guest instruction takes the host some 100 us
 * (most of it the browser's own compiler), which 50,000 executions give back.
 */
const HOT_LIMIT = 50_000;

/** What is learned about a guest while it is loaded. */
export interface LoadedGuest {
  /** It is Linux, which listens to its console only some time after the start. */
  readonly isLinux: boolean;
  /** The code of each hart, if the loader has generated it on the way. */
  readonly code?: readonly WebAssembly.Module[];
}

/** What to load, and where. Can be posted. */
export interface LoadRequest {
  readonly memory: WebAssembly.Memory;
  readonly shape: BoardShape;
  readonly images: Pick<MachineSpec, 'kernel' | 'initrd' | 'firmware' | 'cmdline'>;
}

export interface LoadOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoadProgress) => void;
}

/** Loads images and puts the guest into a machine's memory; a `Loader` may do it on another thread. */
export type Loader = (request: LoadRequest, options: LoadOptions) => Promise<LoadedGuest>;

/** Generates and compiles the code of each hart of a machine. */
export function compileHarts(shape: BoardShape): WebAssembly.Module[] {
  const map = layOut(shape);
  return map.harts.map((_, index) => new WebAssembly.Module(generateHart(map, index)));
}

/** Fetches, then loads. Rejects with `LoadError`, `BootError`, or the signal's reason. */
export const loadHere: Loader = async ({ memory, shape, images }, { signal, onProgress }) => {
  const load = (source: MachineSpec['kernel'], stage: LoadProgress['stage']): Promise<Uint8Array> | undefined =>
    source && loadImage(source, { signal, onProgress: (done, total) => onProgress({ stage, done, total }) });
  const [kernel, initrd, firmware] = await Promise.all([
    load(images.kernel, 'kernel'),
    load(images.initrd, 'initrd'),
    typeof images.firmware === 'string' ? images.firmware : load(images.firmware, 'kernel'),
  ]);
  signal.throwIfAborted();
  return loadMachine(new Board(memory, shape), {
    ...(kernel && { kernel }),
    ...(initrd && { initrd }),
    ...(firmware !== undefined && { firmware }),
    cmdline: images.cmdline,
  });
};

/** Resets a new machine and puts a guest into it. Throws `BootError`. */
export function loadMachine(board: Board, guest: GuestImages): LoadedGuest {
  const { control, harts, map } = board;
  control.magic = MAGIC;
  control.layoutVersion = LAYOUT_VERSION;
  control.harts = harts.length;
  control.ramBytes = map.ramBytes;
  control.hotLimit = guest.compile === false ? 0 : HOT_LIMIT;
  control.ramOffset = map.ram;
  control.builtinSbi = guest.firmware === undefined || guest.firmware === 'sbi' ? 1 : 0;
  board.aclint.reset();
  board.rtc.reset();
  board.uart.reset();
  resetSbi(board.sbi);
  const rngSeed = crypto.getRandomValues(new Uint8Array(64));
  const isa = { extensions: isaExtensions, mmu: 'sv57' as const };
  const entry = loadGuest({
    ...guest,
    ram: board.ram,
    board: { harts: harts.length, ramBytes: map.ramBytes, isa, rngSeed },
  });
  control.tohost = BigInt(entry.tohost ?? 16000);
  harts.forEach((view, index) => Hart.resetState(view, index));
  startHarts(harts, entry);
  return { isLinux: guest.kernel !== undefined && isRiscvImage(guest.kernel) };
}
