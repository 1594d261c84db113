/** The binary encoding of the RISC-V Supervisor Binary Interface Specification 2.0 (chapter 3 "Binary Encoding"). */
import type { GuestRam } from '../../core/shared/guest-ram.ts';
import type { HartView } from '../../core/shared/hart-state.ts';
import type { Clock } from '../../devices/device.ts';
import type { Ending } from '../../devices/platform/finisher.ts';
import type { SbiView } from './state.ts';

/** Table "Standard SBI Errors". */
export const SbiError = {
  SUCCESS: 0n,
  FAILED: -1n,
  NOT_SUPPORTED: -2n,
  INVALID_PARAM: -3n,
  DENIED: -4n,
  INVALID_ADDRESS: -5n,
  ALREADY_AVAILABLE: -6n,
  ALREADY_STARTED: -7n,
  ALREADY_STOPPED: -8n,
  NO_SHMEM: -9n,
} as const;
export type SbiErrorCode = (typeof SbiError)[keyof typeof SbiError];

/** What other harts are asked to do. */
export type FenceKind = 'fence.i' | 'sfence.vma';

/** What the SBI needs of the machine. */
export interface SbiEnvironment {
  /** Index is hart id. */
  readonly harts: readonly HartView[];
  readonly state: SbiView;
  readonly ram: GuestRam;
  readonly clock: Clock;
  /** Writes to the console without waiting; returns how many bytes it took. */
  consoleWrite(bytes: Uint8Array): number;
  /** Takes up to `max` bytes of input; empty when there is none. */
  consoleRead(max: number): Uint8Array;
  /** Returns when all these harts (the caller may be one) have done it, or run no guest code and will do it first. */
  remoteFence(harts: readonly number[], kind: FenceKind): void;
  /** The guest ends or restarts the machine. */
  end(ending: Ending): void;
  /**
   * Reads 8 bytes at a virtual address as the calling hart's S-mode does; undefined when it cannot. Only legacy calls
   * need it; without it they go to all harts.
   */
  loadVirtual?(hart: number, address: bigint): bigint | undefined;
}

/** One call: who calls, with what in a0 to a5. */
export interface SbiCall {
  readonly env: SbiEnvironment;
  readonly hartId: number;
  readonly hart: HartView;
  readonly args: readonly bigint[];
}

/** `struct sbiret`. */
export interface SbiReturn {
  readonly error: SbiErrorCode;
  readonly value: bigint;
}

/**
 * What the hart's loop does after a call.
 *
 *   resume    go on behind the ECALL
 *   retry     nothing was done and `pc` is the ECALL again: serve attention, wait a moment, go on
 *   wait      as WFI; afterwards `endSuspend`
 *   stop      the hart runs no more until `takeStart` gives it work
 *   ended     the machine stops
 */
export type SbiOutcome = 'resume' | 'retry' | 'wait' | 'stop' | 'ended';

/** A call that does not just return. */
export interface SbiDeparture {
  readonly outcome: Exclude<SbiOutcome, 'resume'>;
  /** For `wait`: what it returns, unless `hart` was given another place to go on. */
  readonly result?: SbiReturn;
}

export type SbiFunction = (call: SbiCall) => SbiReturn | SbiDeparture;

/** An extension: its EID, and its functions by FID. */
export interface SbiExtension {
  readonly id: number;
  readonly functions: readonly SbiFunction[];
}

export function success(value = 0n): SbiReturn {
  return { error: SbiError.SUCCESS, value };
}

export function failure(error: SbiErrorCode): SbiReturn {
  return { error, value: 0n };
}

/** Section 3.1, "Hart list parameter": the hart ids, or undefined when one of them does not exist. */
export function hartList({ env }: SbiCall, mask: bigint, base: bigint): number[] | undefined {
  const all = env.harts.map((_, id) => id);
  if (base === 0xffff_ffff_ffff_ffffn) return all;
  const harts: number[] = [];
  for (let bit = 0n; bit < 64n; bit++) {
    if (((mask >> bit) & 1n) === 0n) continue;
    if (base + bit >= BigInt(all.length)) return undefined;
    harts.push(Number(base + bit));
  }
  return harts;
}

/** Section 3.2, "Shared memory physical address range parameter": the address, or undefined when it is not RAM. */
export function sharedMemory({ env }: SbiCall, low: bigint, high: bigint, size: bigint): number | undefined {
  return high === 0n && env.ram.contains(Number(low), Number(size)) ? Number(low) : undefined;
}
