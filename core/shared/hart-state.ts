/**
 * What a hart is, in the shared memory. The generated interpreter and compiled code use the offsets; the board,
 * SBI, the debugger and tests use the views. CSR names are the privileged architecture's.
 */
import { array, atomic32, struct, u32, u64, type ViewOf } from './struct.ts';

/** Bits of {@link HartState}`.attention`: why a hart must leave guest code soon. Any thread sets, the hart takes. */
export const Attention = {
  /** `mip` changed: look for an interrupt to take. */
  INTERRUPT: 1,
  /** Park until resumed, and say so in `parked`. */
  PAUSE: 2,
  /** Drop what the `requests` word names, then acknowledge. */
  REVOKE: 4,
  /** The thread ends. */
  STOP: 8,
  /** A deadline was moved: look at the clock again. */
  TIMER: 16,
  /** Another hart or the machine asks for a start or stop by SBI HSM. */
  HSM: 32,
  /** The compiler has posted code. */
  CODE: 64,
} as const;

/** Bits of {@link HartState}`.requests`: what other threads want dropped from a hart's caches. */
export const Revoke = {
  /** Entries of the store TLB. Asked before a page's state byte is relied on. */
  STORE_TLB: 1,
  /** All TLB entries (remote SFENCE.VMA). */
  TLB: 2,
  /** Decoded and compiled code whose page was written (remote FENCE.I). */
  CODE: 4,
} as const;

/** Why the interpreter returned to the hart's loop; in {@link HartState}`.exitReason`. */
export const Exit = {
  /** The budget of instructions is used up, or attention was asked for. */
  BUDGET: 0,
  /** WFI with nothing pending. `pc` is behind it. */
  WFI: 1,
  /** ECALL from S-mode with the built-in SBI. `pc` is behind it. */
  SBI: 2,
  /** A trap loop that can make no progress: the trap vector itself faults at fetch. */
  WEDGED: 3,
} as const;

/** SBI HSM hart states (SBI 2.0, section 9 "Hart State Management Extension"). */
export const HartStatus = { STARTED: 0, STOPPED: 1, START_PENDING: 2, STOP_PENDING: 3, SUSPENDED: 4 } as const;

/** {@link HartState}`.parked`: what a hart's thread does, for who waits for it. */
export const Parked = {
  /** It may run guest code. */
  NOT: 0,
  /** It sleeps, in WFI or because it was not started, and may wake at any moment; it serves requests before all else. */
  ASLEEP: 1,
  /** It touches nothing of the machine until it is resumed, or for ever: the memory may be copied, the thread ended. */
  OUT: 2,
} as const;

/** Slot of {@link HartState}`.x` that takes writes to x0. */
export const X_SINK = 32;

/** Number of PMP entries implemented. */
export const PMP_ENTRIES = 16;

/** Pages that a function of compiled code remembers, at most. */
export const KNOWN_PAGES = 8;

export const HartState = struct('HartState', {
  /** x0 to x31; index 32 takes what is written to x0, which itself is never written. */
  x: array(u64, 33),
  f: array(u64, 32),
  hartId: u64,
  pc: u64,
  /** Retired instructions, whoever executed them; read as `minstret` and `mcycle` with the offsets below. */
  instret: u64,
  /** `time` as last read from the clock, in ticks of 10 MHz. */
  time: u64,
  /** Privilege: 0 U, 1 S, 3 M. */
  privilege: u32,
  fflags: u32,
  frm: u32,
  /** 1 while an exception is being raised by a helper; `exceptionCause` and `exceptionTval` say which. */
  exception: u32,
  exceptionCause: u32,
  /** Result of a call out of WebAssembly that has 64 bits: low and high word. */
  transfer: array(u32, 2),
  exceptionTval: u64,

  mstatus: u64,
  medeleg: u64,
  mideleg: u64,
  mie: u64,
  mtvec: u64,
  mscratch: u64,
  mepc: u64,
  mcause: u64,
  mtval: u64,
  mcounteren: u64,
  mcountinhibit: u64,
  menvcfg: u64,
  stvec: u64,
  sscratch: u64,
  sepc: u64,
  scause: u64,
  stval: u64,
  scounteren: u64,
  senvcfg: u64,
  satp: u64,
  stimecmp: u64,
  /** Added to `instret` to read `mcycle` and `minstret`; changed by writes to those. */
  mcycleOffset: u64,
  minstretOffset: u64,
  mhpmcounter: array(u64, 29),
  mhpmevent: array(u64, 29),
  pmpcfg: array(u64, PMP_ENTRIES / 8),
  pmpaddr: array(u64, PMP_ENTRIES),

  /** Interrupt-pending bits. Devices OR and AND it; the hart does so too for its own writes of `mip` and `sip`. */
  mip: atomic32,
  /** See {@link Attention}. Who sets a bit notifies; a hart in WFI sleeps on this word while it is 0. */
  attention: atomic32,
  /** See {@link Revoke}, and revoke.ts for the protocol of these three. */
  requests: atomic32,
  /** Counts requests made, and those of them that were served. */
  requested: atomic32,
  acknowledged: atomic32,
  /** See {@link Parked}. While it is not 0 the hart runs no guest code: requests count as acknowledged. */
  parked: atomic32,
  /** SBI HSM state, see {@link HartStatus}. */
  hsmStatus: atomic32,
  exitReason: u32,
  /** Instructions that this call of the interpreter may still run. Counts down; negative when over. */
  budget: u32,

  /** LR's reservation: offset into the shared memory, 0 for none, and the value that SC compares with. */
  reservation: u32,
  /** Current fetch and data contexts of the TLBs: tag bits, see core/hart/mmu.ts. */
  fetchContext: u32,
  dataContext: u32,
  /** Address-space number (1..63) in the TLB tags for the current `satp`; 0 stands for Bare and M-mode. */
  space: u32,
  reservationValue: u64,

  /**
   * Pages of guest memory that compiled code has found lately, see core/jit/remembered-pages.ts: virtual address; bytes at
   * which an access may begin, 0 when none is known; what is added to an address to get its place in the shared memory.
   */
  knownPage: array(u64, KNOWN_PAGES),
  knownRoom: array(u64, KNOWN_PAGES),
  knownAddend: array(u32, KNOWN_PAGES),
  /** What is left of the budget, while compiled code runs. */
  left: u32,
  /** How often a place is jumped to before it is compiled; 0 for never. */
  hotLimit: u32,
  /** How much the interpreter's jump to another page counts, until the place that it leads to is found. */
  heat: u32,
  /** What the last page walk found: physical address, log2 of the page's size. */
  walkShift: u32,
  walkAddress: u64,
  /** `satp` values that the numbers of address spaces stand for. */
  spaces: array(u64, 64),
  /** Next number to hand out. */
  nextSpace: u32,
  /** HSM start: where to begin, and the argument in a1. */
  startArgument: array(u32, 2),
  startAddress: array(u32, 2),
  /** Counters for people: traps taken, TLB misses, calls out for MMIO, decoded instructions. */
  statTraps: u64,
  statTlbMisses: u64,
  statMmio: u64,
  statDecoded: u64,
  /** Instructions executed by compiled code, how often it was entered, and how often it left for the interpreter. */
  statCompiled: u64,
  statEntered: u64,
  statInterpreted: u64,
  /** What the compiler has made for the hart: modules, regions, guest instructions in them, bytes, microseconds taken. */
  statModules: u64,
  statRegions: u64,
  statTranslated: u64,
  statCodeBytes: u64,
  statCompileTime: u64,
  /** Regions dropped since there was no room for all. */
  statEvicted: u64,
  /** Ticks of the clock that the hart slept in WFI. */
  statIdle: u64,
  /** When its present sleep began; 0 while it is awake. */
  sleepingSince: u64,
});

export type HartView = ViewOf<typeof HartState>;
