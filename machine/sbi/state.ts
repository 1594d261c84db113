/** What the built-in SBI remembers, in the shared memory. */
import { withLock } from '../../core/shared/lock.ts';
import { MAX_HARTS } from '../../core/shared/memory-map.ts';
import { array, atomic32, struct, u32, u64, type ViewOf } from '../../core/shared/struct.ts';

/** Firmware events that are counted (SBI 2.0, table "PMU Firmware Events"). */
export const FirmwareEvent = {
  SET_TIMER: 5,
  IPI_SENT: 6,
  IPI_RECEIVED: 7,
  FENCE_I_SENT: 8,
  FENCE_I_RECEIVED: 9,
  SFENCE_VMA_SENT: 10,
  SFENCE_VMA_RECEIVED: 11,
  SFENCE_VMA_ASID_SENT: 12,
  SFENCE_VMA_ASID_RECEIVED: 13,
} as const;
type FirmwareEventCode = (typeof FirmwareEvent)[keyof typeof FirmwareEvent];
const FIRMWARE_EVENTS = 14;

/** Counters of the PMU extension: the two of the hart, then those of the firmware. */
export const HARDWARE_COUNTERS = 2;
export const PMU_COUNTERS = HARDWARE_COUNTERS + 8;

const SbiHart = struct('SbiHart', {
  /** How often each firmware event happened; other harts add to it, under the lock. */
  events: array(u64, FIRMWARE_EVENTS),
  /** What each counter counts: `event_idx`, 0 for nothing. */
  pmuEvent: array(u32, PMU_COUNTERS),
  /** A firmware counter's value, less its event's count while it runs. */
  pmuOffset: array(u64, PMU_COUNTERS),
  /** One bit for each counter. */
  pmuStarted: u32,
  /** Guest-physical address of the snapshot memory, 0 for none. */
  snapshot: u64,
});
export type SbiHartView = ViewOf<typeof SbiHart>;

export const SbiState = struct('Sbi', {
  /** Taken to count events and to ask for a hart's start. */
  lock: atomic32,
  harts: array(SbiHart, MAX_HARTS),
});
export type SbiView = ViewOf<typeof SbiState>;

/** Counts an event of a hart. */
export function countEvent(state: SbiView, hart: number, event: FirmwareEventCode): void {
  withLock(state.lock, () => {
    state.harts[hart].events[event]++;
  });
}

/** As at power-on. */
export function resetSbi(state: SbiView): void {
  for (const { events, pmuEvent, pmuOffset } of state.harts) {
    events.fill(0n);
    pmuEvent.fill(0);
    pmuOffset.fill(0n);
  }
  for (const hart of state.harts) {
    hart.pmuStarted = 0;
    hart.snapshot = 0n;
  }
}
