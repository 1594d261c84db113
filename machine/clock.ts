/**
 * The machine's clock: 10 MHz from the monotonic clock, with one epoch in the shared memory, since the clocks of
 * workers begin at different moments. While the machine is paused the clock stands still.
 */
import type { ControlView } from '../core/shared/memory-map.ts';
import type { Clock } from '../devices/device.ts';

const TICKS_PER_MILLISECOND = 10_000;

/** Milliseconds of the host's monotonic clock, the same on every thread. */
const hostNow = (): number => performance.timeOrigin + performance.now();

export class MachineClock implements Clock {
  readonly #control: ControlView;
  /** What `ticks` is at host time 0. */
  #origin = 0;

  constructor(control: ControlView) {
    this.#control = control;
    this.refresh();
  }

  /** Begins to count at 0. The machine thread does it once, before harts run. */
  start(): void {
    this.#control.clockOrigin = BigInt(Math.round(hostNow() * 1000));
    this.#control.timeBase = 0n;
    this.refresh();
  }

  /** Goes on counting at `ticks` or a moment later, after a pause or elsewhere. */
  resumeAt(ticks: bigint): void {
    this.#control.clockOrigin = BigInt(Math.floor(hostNow() * 1000));
    this.#control.timeBase = ticks;
    this.refresh();
  }

  /** Reads the epoch again; threads do it when they leave a pause. */
  refresh(): void {
    this.#origin = Number(this.#control.timeBase) - Number(this.#control.clockOrigin) * 10;
  }

  ticks(): bigint {
    return BigInt(Math.floor(this.#origin + hostNow() * TICKS_PER_MILLISECOND));
  }

  /** Milliseconds until `deadline`, at least 0; Infinity for one that is out of reach. */
  untilMilliseconds(deadline: bigint): number {
    const left = Number(deadline) - (this.#origin + hostNow() * TICKS_PER_MILLISECOND);
    return left > 2 ** 53 ? Infinity : Math.max(0, left / TICKS_PER_MILLISECOND);
  }

  wallNanoseconds(): bigint {
    return BigInt(Math.round(hostNow() * 1000)) * 1000n;
  }
}
