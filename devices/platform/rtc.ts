/**
 * The real-time clock `google,goldfish-rtc`: nanoseconds since 1970, and one alarm.
 *
 *   0x00 TIME_LOW         reading it latches the time; TIME_HIGH then reads the other half. Writing sets the half
 *   0x04 TIME_HIGH
 *   0x08 ALARM_LOW        writing it arms the alarm with what ALARM_HIGH holds
 *   0x0c ALARM_HIGH
 *   0x10 IRQ_ENABLED      bit 0: the alarm drives the interrupt line
 *   0x14 CLEAR_ALARM      disarms
 *   0x18 ALARM_STATUS     1 while armed
 *   0x1c CLEAR_INTERRUPT
 *
 * The alarm has one owner, the machine thread: it sleeps until `nextAlarm` and calls `tick`; a guest that moves the
 * alarm calls `alarmMoved`, on its own thread, which must make the machine thread look again.
 */
import { withLock } from '../../core/shared/lock.ts';
import { atomic32, struct, u32, u64, type ViewOf } from '../../core/shared/struct.ts';
import type { AccessWidth, Clock, InterruptLine, RegisterDevice } from '../device.ts';
import { registerTable } from '../registers.ts';

export const RtcState = struct('Rtc', {
  lock: atomic32,
  /** TIME_HIGH as it was when TIME_LOW was read. */
  timeHigh: u32,
  alarmHigh: u32,
  irqEnabled: u32,
  alarmArmed: u32,
  interruptPending: u32,
  /** What the guest has added to the wall clock by setting the time, in ns, modulo 2^64. */
  offset: u64,
  /** In the guest's time. */
  alarm: u64,
});
export type RtcView = ViewOf<typeof RtcState>;

const LOW = 0xffff_ffffn;

export class Rtc implements RegisterDevice {
  readonly size = 0x1000;
  readonly #state: RtcView;
  readonly #clock: Clock;
  readonly #line: InterruptLine;
  readonly #alarmMoved: () => void;
  readonly #registers: RegisterDevice;

  constructor(state: RtcView, clock: Clock, line: InterruptLine, alarmMoved: () => void) {
    this.#state = state;
    this.#clock = clock;
    this.#line = line;
    this.#alarmMoved = alarmMoved;
    this.#registers = this.#table();
  }

  read(offset: number, width: AccessWidth): number {
    return withLock(this.#state.lock, () => this.#registers.read(offset, width));
  }

  write(offset: number, width: AccessWidth, value: number): void {
    withLock(this.#state.lock, () => this.#registers.write(offset, width, value));
  }

  /** Nanoseconds until the alarm, at least 0; undefined when none is armed. */
  nextAlarm(): bigint | undefined {
    return withLock(this.#state.lock, () => {
      if (this.#state.alarmArmed === 0) return undefined;
      const left = this.#state.alarm - this.#now();
      return left > 0n ? left : 0n;
    });
  }

  /** Sounds the alarm if it is due. */
  tick(): void {
    withLock(this.#state.lock, () => {
      if (this.#state.alarmArmed === 0 || this.#state.alarm > this.#now()) return;
      this.#state.alarmArmed = 0;
      this.#state.interruptPending = 1;
      this.#drive();
    });
  }

  /** The host's time, and no alarm. */
  reset(): void {
    withLock(this.#state.lock, () => {
      const state = this.#state;
      state.timeHigh = state.alarmHigh = state.irqEnabled = state.alarmArmed = state.interruptPending = 0;
      state.offset = state.alarm = 0n;
      this.#drive();
    });
  }

  #now(): bigint {
    return BigInt.asUintN(64, this.#clock.wallNanoseconds() + this.#state.offset);
  }

  #setNow(time: bigint): void {
    this.#state.offset = BigInt.asUintN(64, time - this.#clock.wallNanoseconds());
    if (this.#state.alarmArmed === 1) this.#alarmMoved();
  }

  #drive(): void {
    this.#line.set((this.#state.irqEnabled & this.#state.interruptPending) === 1);
  }

  #table(): RegisterDevice {
    const state = this.#state;
    return registerTable(this.size, [
      {
        name: 'TIME_LOW',
        offset: 0x00,
        width: 4,
        wholeOnly: true,
        read: () => {
          const now = this.#now();
          state.timeHigh = Number(now >> 32n);
          return Number(now & LOW);
        },
        write: (value) => this.#setNow((this.#now() & ~LOW) | BigInt(value)),
      },
      {
        name: 'TIME_HIGH',
        offset: 0x04,
        width: 4,
        wholeOnly: true,
        read: () => state.timeHigh,
        write: (value) => this.#setNow((BigInt(value) << 32n) | (this.#now() & LOW)),
      },
      {
        name: 'ALARM_LOW',
        offset: 0x08,
        width: 4,
        wholeOnly: true,
        read: () => Number(state.alarm & LOW),
        write: (value) => {
          state.alarm = (BigInt(state.alarmHigh) << 32n) | BigInt(value);
          state.alarmArmed = 1;
          this.#alarmMoved();
        },
      },
      {
        name: 'ALARM_HIGH',
        offset: 0x0c,
        width: 4,
        wholeOnly: true,
        read: () => state.alarmHigh,
        write: (value) => void (state.alarmHigh = value),
      },
      {
        name: 'IRQ_ENABLED',
        offset: 0x10,
        width: 4,
        read: () => state.irqEnabled,
        write: (value) => {
          state.irqEnabled = value & 1;
          this.#drive();
        },
      },
      { name: 'CLEAR_ALARM', offset: 0x14, width: 4, write: () => void (state.alarmArmed = 0) },
      { name: 'ALARM_STATUS', offset: 0x18, width: 4, read: () => state.alarmArmed },
      {
        name: 'CLEAR_INTERRUPT',
        offset: 0x1c,
        width: 4,
        write: () => {
          state.interruptPending = 0;
          this.#drive();
        },
      },
    ]);
  }
}
