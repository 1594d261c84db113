/**
 * Timers and software interrupts: RISC-V Advanced Core Local Interruptor (ACLINT) Specification 1.0, in the places
 * of the older CLINT, as on QEMU's `virt`.
 *
 *   MSWI   0x0000  MSIP of hart 0, 1, ...          4 bytes each (chapter 3)
 *   MTIMER 0x4000  MTIMECMP of hart 0, 1, ...      8 bytes each (chapter 2)
 *          0xbff8  MTIME
 *   SSWI           SETSSIP of hart 0, 1, ...       4 bytes each (chapter 4), a block of its own
 *
 * MTIME is the board's clock. A deadline has one owner, its hart: the hart's loop sleeps no longer than until
 * `nextDeadline` and calls `tick`; a write of MTIMECMP by whomever sets `Attention.TIMER` on that hart.
 */
import { Attention, type HartView } from '../../core/shared/hart-state.ts';
import { getAttention, Interrupt, setInterrupt, type InterruptNumber } from '../../core/shared/interrupts.ts';
import { withLock } from '../../core/shared/lock.ts';
import { MAX_HARTS } from '../../core/shared/memory-map.ts';
import { array, atomic32, struct, u64, type ViewOf } from '../../core/shared/struct.ts';
import type { AccessWidth, Clock, RegisterDevice } from '../device.ts';
import { registerTable } from '../registers.ts';

/** A deadline that never comes. */
export const NEVER = 0xffff_ffff_ffff_ffffn;

export const AclintState = struct('Aclint', {
  lock: atomic32,
  mtimecmp: array(u64, MAX_HARTS),
});
export type AclintView = ViewOf<typeof AclintState>;

/** MSWI and MTIMER. The state begins its life with {@link Aclint.reset}. */
export class Aclint implements RegisterDevice {
  readonly size = 0x1_0000;
  readonly #state: AclintView;
  readonly #harts: readonly HartView[];
  readonly #clock: Clock;
  readonly #setTime: (ticks: bigint) => void;
  readonly #registers: RegisterDevice;

  /** `setTime` moves the clock when the guest writes MTIME; without it such writes are ignored. */
  constructor(
    state: AclintView,
    harts: readonly HartView[],
    clock: Clock,
    setTime: (ticks: bigint) => void = () => undefined,
  ) {
    this.#state = state;
    this.#harts = harts;
    this.#clock = clock;
    this.#setTime = setTime;
    this.#registers = this.#table();
  }

  read(offset: number, width: AccessWidth): number {
    return withLock(this.#state.lock, () => this.#registers.read(offset, width));
  }

  write(offset: number, width: AccessWidth, value: number): void {
    withLock(this.#state.lock, () => this.#registers.write(offset, width, value));
  }

  /** When `tick` has something to do for a hart, in ticks of the clock; {@link NEVER} once MTIP is raised. */
  nextDeadline(hart: number): bigint {
    return isPending(this.#harts[hart], Interrupt.MTI) ? NEVER : this.#mtimecmp(hart);
  }

  /** Raises or lowers a hart's MTIP for the time `now`. */
  tick(hart: number, now: bigint): void {
    const due = now >= this.#mtimecmp(hart);
    if (due !== isPending(this.#harts[hart], Interrupt.MTI)) setInterrupt(this.#harts[hart], Interrupt.MTI, due);
  }

  /** No deadlines, no software interrupts. */
  reset(): void {
    withLock(this.#state.lock, () => this.#state.mtimecmp.fill(NEVER));
    for (const hart of this.#harts) {
      setInterrupt(hart, Interrupt.MSI, false);
      setInterrupt(hart, Interrupt.MTI, false);
    }
  }

  #mtimecmp(hart: number): bigint {
    return withLock(this.#state.lock, () => this.#state.mtimecmp[hart]);
  }

  #table(): RegisterDevice {
    const harts = this.#harts;
    return registerTable(this.size, [
      {
        name: 'MSIP',
        offset: 0,
        width: 4,
        count: harts.length,
        read: (hart) => Number(isPending(harts[hart], Interrupt.MSI)),
        write: (value, hart) => setInterrupt(harts[hart], Interrupt.MSI, (value & 1) === 1),
      },
      {
        name: 'MTIMECMP',
        offset: 0x4000,
        width: 8,
        count: harts.length,
        read: (hart) => this.#state.mtimecmp[hart],
        write: (value, hart) => {
          this.#state.mtimecmp[hart] = value;
          setInterrupt(harts[hart], Interrupt.MTI, this.#clock.ticks() >= value);
          getAttention(harts[hart], Attention.TIMER);
        },
      },
      {
        name: 'MTIME',
        offset: 0xbff8,
        width: 8,
        read: () => this.#clock.ticks(),
        write: (value) => {
          this.#setTime(value);
          for (const hart of harts) getAttention(hart, Attention.TIMER);
        },
      },
    ]);
  }
}

/** SSWI: S-mode software interrupts between harts. */
export function sswi(harts: readonly HartView[]): RegisterDevice {
  return registerTable(0x4000, [
    {
      name: 'SETSSIP',
      offset: 0,
      width: 4,
      count: harts.length,
      read: () => 0,
      write: (value, hart) => {
        if ((value & 1) === 1) setInterrupt(harts[hart], Interrupt.SSI, true);
      },
    },
  ]);
}

function isPending(hart: HartView, interrupt: InterruptNumber): boolean {
  return ((hart.mip.load() >>> interrupt) & 1) === 1;
}
