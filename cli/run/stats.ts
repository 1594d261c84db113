/** Figures of a run, for --stats. */
import type { CountedDisk } from '../../machine/disks.node.ts';
import type { Outcome } from './outcome.ts';
import type { Harts } from './runner.ts';

const TICKS_PER_SECOND = 1e7;
const MICROSECONDS = 1e6;

export interface StopWatch {
  /** Since the watch was started: on the wall, and of all processors of the host, in seconds. */
  read(): { readonly wallSeconds: number; readonly cpuSeconds: number };
}

export function startWatch(): StopWatch {
  const from = performance.now();
  const cpu = process.cpuUsage();
  return {
    read: () => {
      const { user, system } = process.cpuUsage(cpu);
      return { wallSeconds: (performance.now() - from) / 1000, cpuSeconds: (user + system) / MICROSECONDS };
    },
  };
}

export interface RunStats {
  readonly exit: { readonly reason: string; readonly status: number; readonly message?: string };
  readonly boots: number;
  readonly wallSeconds: number;
  /** Of all threads, devices and start included. */
  readonly cpuSeconds: number;
  /** Retired by all harts in all boots; so are the other counts. */
  readonly instructions: number;
  /** Millions of instructions for each second on the wall, and for each second that a hart was not asleep. */
  readonly mips: number;
  readonly mipsBusy: number;
  readonly traps: number;
  readonly tlbMisses: number;
  readonly mmio: number;
  readonly decoded: number;
  readonly compiler: CompilerStats;
  readonly harts: readonly HartStats[];
  readonly disks: readonly (CountedDisk['requests'] & { readonly id: string; readonly allocatedBytes: number })[];
}

/** What was compiled, and how it was used. */
export interface CompilerStats {
  readonly modules: number;
  readonly regions: number;
  /** Guest instructions in the regions. */
  readonly translated: number;
  readonly bytes: number;
  /** Of the compiler's thread. */
  readonly seconds: number;
  readonly evicted: number;
  /** Instructions that compiled code executed. */
  readonly instructions: number;
  /** How often the interpreter entered it, and how often it came back for the interpreter's sake. */
  readonly entered: number;
  readonly interpreted: number;
}

export interface HartStats {
  readonly instructions: number;
  readonly traps: number;
  readonly tlbMisses: number;
  readonly mmio: number;
  readonly decoded: number;
  readonly idleSeconds: number;
  readonly compiler: CompilerStats;
}

/** The figures of a run that is over. */
export function collectStats(
  outcome: Outcome,
  boots: readonly Harts[],
  disks: readonly CountedDisk[],
  watch: StopWatch,
): RunStats {
  const time = watch.read();
  const harts = (boots[0] ?? []).map((_, i) => hartStats(boots.map((each) => each[i])));
  const sum = (field: Exclude<keyof HartStats, 'compiler'>): number =>
    harts.reduce((total, hart) => total + hart[field], 0);
  const instructions = sum('instructions');
  const busySeconds = Math.max(time.wallSeconds * harts.length - sum('idleSeconds'), 1e-3);
  const { reason, status, message } = outcome;
  return {
    exit: { reason, status, ...(message !== undefined && { message }) },
    boots: boots.length,
    ...time,
    instructions,
    mips: instructions / time.wallSeconds / 1e6,
    mipsBusy: instructions / busySeconds / 1e6,
    traps: sum('traps'),
    tlbMisses: sum('tlbMisses'),
    mmio: sum('mmio'),
    decoded: sum('decoded'),
    compiler: compilerStats(boots.flat()),
    harts,
    disks: disks.map(({ id, requests, backend }) => ({
      id,
      ...requests,
      allocatedBytes: backend.usage().allocatedBytes,
    })),
  };
}

type Counter = (hart: Harts[number]) => bigint;

/** Adds up a counter of several harts, or of one hart in several boots. */
function sumOver(harts: readonly Harts[number][]): (counter: Counter) => number {
  return (counter) => harts.reduce((total, hart) => total + Number(counter(hart)), 0);
}

/** One hart, over all boots. */
function hartStats(boots: readonly Harts[number][]): HartStats {
  const sum = sumOver(boots);
  return {
    instructions: sum((hart) => hart.instret),
    traps: sum((hart) => hart.statTraps),
    tlbMisses: sum((hart) => hart.statTlbMisses),
    mmio: sum((hart) => hart.statMmio),
    decoded: sum((hart) => hart.statDecoded),
    idleSeconds: sum((hart) => hart.statIdle) / TICKS_PER_SECOND,
    compiler: compilerStats(boots),
  };
}

function compilerStats(harts: readonly Harts[number][]): CompilerStats {
  const sum = sumOver(harts);
  return {
    modules: sum((hart) => hart.statModules),
    regions: sum((hart) => hart.statRegions),
    translated: sum((hart) => hart.statTranslated),
    bytes: sum((hart) => hart.statCodeBytes),
    seconds: sum((hart) => hart.statCompileTime) / MICROSECONDS,
    evicted: sum((hart) => hart.statEvicted),
    instructions: sum((hart) => hart.statCompiled),
    entered: sum((hart) => hart.statEntered),
    interpreted: sum((hart) => hart.statInterpreted),
  };
}
