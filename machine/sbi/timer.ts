/** SBI 2.0, chapter 6, "Timer Extension": the deadline is the hart's own `stimecmp` (Sstc). */
import { Attention } from '../../core/shared/hart-state.ts';
import { getAttention, Interrupt, setInterrupt } from '../../core/shared/interrupts.ts';
import { success, type SbiCall, type SbiExtension } from './abi.ts';
import { countEvent, FirmwareEvent } from './state.ts';

export const timer: SbiExtension = {
  id: 0x54494d45,
  functions: [
    /* sbi_set_timer */ (call) => {
      setTimer(call, call.args[0]);
      return success();
    },
  ],
};

/** Sets the next timer interrupt of the calling hart, in ticks; one that is past is pending at once. */
export function setTimer({ env, hart, hartId }: SbiCall, deadline: bigint): void {
  countEvent(env.state, hartId, FirmwareEvent.SET_TIMER);
  hart.stimecmp = deadline;
  setInterrupt(hart, Interrupt.STI, env.clock.ticks() >= deadline);
  getAttention(hart, Attention.TIMER);
}
