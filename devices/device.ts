/**
 * What the board expects of a device, and what a device may expect of the board.
 *
 * A device has two sides. Its register side runs synchronously on whichever thread touches a register (a hart's, or
 * the machine thread's): it keeps every bit of its state in a structure of the shared memory, under the device's lock
 * word. Its queue side, if it has one, runs on the machine thread alone, woken by the doorbell. Each thread builds its
 * own objects over the same structures, in the same order.
 */

/** The width of one access in bytes. Wider accesses reach a device as two of 4 bytes, low word first. */
export type AccessWidth = 1 | 2 | 4;

/** A block of device registers. */
export interface RegisterDevice {
  /** Bytes that it decodes. */
  readonly size: number;
  /** Reads `width` bytes at `offset` (not necessarily aligned). Unknown registers read 0. Unsigned. */
  read(offset: number, width: AccessWidth): number;
  /** Writes the low `width` bytes of `value` (unsigned) at `offset`. Unknown and read-only registers ignore it. */
  write(offset: number, width: AccessWidth, value: number): void;
}

/** A level-triggered wire to the interrupt controller. Any thread may drive it. */
export interface InterruptLine {
  set(level: boolean): void;
}

/** The board's clock; injected, so that tests and deterministic runs decide what time it is. */
export interface Clock {
  /** Ticks of 10 MHz since the machine was made; never backwards, the same on every thread. */
  ticks(): bigint;
  /** Nanoseconds since 1970 (UTC). */
  wallNanoseconds(): bigint;
}

/** What a device of the machine thread goes through. Legal order: (start (pause resume)* reset)*. */
export interface QueueDevice {
  /** Does the work of the queues that were notified. Called on the machine thread after its doorbell bit was rung. */
  serve(): void;
  /** Stops taking requests; resolves when none is in the hands of a back end, or all of them are recorded as popped. */
  pause(): Promise<void>;
  /** Takes up work again, popped but uncompleted requests first; also after the memory was copied elsewhere. */
  resume(): void;
}
