/** SBI 2.0, chapter 7, "IPI Extension". */
import { Interrupt, setInterrupt } from '../../core/shared/interrupts.ts';
import { failure, hartList, SbiError, success, type SbiCall, type SbiExtension } from './abi.ts';
import { countEvent, FirmwareEvent } from './state.ts';

export const ipi: SbiExtension = {
  id: 0x735049,
  functions: [
    /* sbi_send_ipi */ (call) => {
      const harts = hartList(call, call.args[0], call.args[1]);
      if (harts === undefined) return failure(SbiError.INVALID_PARAM);
      sendIpi(call, harts);
      return success();
    },
  ],
};

/** Raises SSIP of harts. */
export function sendIpi({ env, hartId }: SbiCall, harts: readonly number[]): void {
  for (const target of harts) {
    countEvent(env.state, hartId, FirmwareEvent.IPI_SENT);
    countEvent(env.state, target, FirmwareEvent.IPI_RECEIVED);
    setInterrupt(env.harts[target], Interrupt.SSI, true);
  }
}
