/** How a machine ends: the guest says so, or cannot go on. Whoever comes first decides what is reported. */
import { Attention, HartStatus, type HartView } from '../core/shared/hart-state.ts';
import { getAttention } from '../core/shared/interrupts.ts';
import { RunState, StopReason, type ControlView } from '../core/shared/memory-map.ts';
import type { Doorbell } from '../core/shared/doorbell.ts';
import type { Ending } from '../devices/platform/finisher.ts';

interface Machine {
  readonly control: ControlView;
  readonly harts: readonly HartView[];
  readonly doorbell: Doorbell;
}

/** Ends the machine as the guest asked. Any thread may call it. */
export function endMachine(machine: Machine, ending: Ending): void {
  switch (ending.kind) {
    case 'pass':
      return stop(machine, StopReason.POWER_OFF, 0);
    case 'fail':
      return stop(machine, StopReason.FAILED, ending.code);
    case 'reset':
      return stop(machine, StopReason.RESET, Number(ending.failure ?? false));
  }
}

/** Ends the machine because hart number `hart` cannot go on. */
export function crashMachine(machine: Machine, hart: number): void {
  stop(machine, StopReason.CRASHED, hart);
}

/** Ends the machine if the guest has stopped all its harts: nothing can ever start one again. */
export function endIfAsleep(machine: Machine): void {
  const asleep = machine.harts.every((hart) => hart.hsmStatus.load() === HartStatus.STOPPED);
  if (asleep) stop(machine, StopReason.ASLEEP, 0);
}

function stop({ control, harts, doorbell }: Machine, reason: number, code: number): void {
  if (control.stopReason.compareExchange(StopReason.NONE, reason) === StopReason.NONE) control.stopCode.store(code);
  control.runState.store(RunState.STOPPED);
  for (const hart of harts) getAttention(hart, Attention.STOP);
  doorbell.ring(1);
}
