/**
 * What the instruction suite asks of an engine, so that every test runs on each: the reference model, the interpreter,
 * compiled code. An engine is one hart over RAM, with a test finisher and a clock that the test moves.
 */
import type { StateField } from '../../isa/emitter.ts';

/** All that a program can see of a hart. Values are unsigned. */
export interface ArchState {
  x: bigint[];
  f: bigint[];
  fields: Record<StateField, bigint>;
  pmpcfg: bigint[];
  pmpaddr: bigint[];
  mhpmcounter: bigint[];
  mip: bigint;
}

/** Bytes at a physical address. */
export interface Block {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Why a run ended: at a WFI (`pc` is behind it), or since the instructions were used up. */
export type Stop = 'wfi' | 'budget';

export const RAM_BASE = 0x8000_0000;
/** The one device register there is, 4 bytes: reads as what was written last. */
export const DEVICE = 0x1000_0000;

export interface Engine {
  readonly name: string;
  readonly ramBytes: number;
  /** What the `time` CSR reads; a test may set it between runs. */
  readonly clock: { now: bigint };
  /** Begins anew: reset state with these changes, zeroed RAM with these blocks, no caches. */
  load(state: StateChange, memory: readonly Block[]): void;
  /** Runs until a WFI or about so many instructions; it may be more by as many as stand in a row without a branch. */
  run(instructions: number): Stop;
  read(): ArchState;
  /** The bytes of RAM from `address` on; valid until the next run. */
  memory(address: number, length: number): Uint8Array;
  /** Writes RAM as a device does. */
  dma(address: number, bytes: Uint8Array): void;
  /** Raises or lowers an interrupt line, by the number of its bit in `mip`. */
  interrupt(bit: number, level: boolean): void;
}

/** Changes to the state after reset. */
export interface StateChange {
  readonly x?: Readonly<Record<number, bigint>>;
  readonly f?: Readonly<Record<number, bigint>>;
  readonly fields?: Readonly<Partial<Record<StateField, bigint>>>;
  readonly pmpcfg?: Readonly<Record<number, bigint>>;
  readonly pmpaddr?: Readonly<Record<number, bigint>>;
}

/** The physical memory protection that allows everything, for states that begin below M-mode. */
export const EVERYTHING_ALLOWED: StateChange = { pmpcfg: { 0: 0x1fn }, pmpaddr: { 0: (1n << 54n) - 1n } };
