/**
 * SBI 2.0, chapter 8, "RFENCE Extension". The harts drop more than the range that is named, which is allowed. The
 * functions for hypervisors (FID 3 to 6) do not exist, since no hart has the H extension.
 */
import { failure, hartList, SbiError, success, type FenceKind, type SbiExtension, type SbiFunction } from './abi.ts';
import { countEvent, FirmwareEvent } from './state.ts';

export const fences: SbiExtension = {
  id: 0x52464e43,
  functions: [
    /* sbi_remote_fence_i */
    fence('fence.i', FirmwareEvent.FENCE_I_SENT, FirmwareEvent.FENCE_I_RECEIVED),
    /* sbi_remote_sfence_vma */
    fence('sfence.vma', FirmwareEvent.SFENCE_VMA_SENT, FirmwareEvent.SFENCE_VMA_RECEIVED),
    /* sbi_remote_sfence_vma_asid */
    fence('sfence.vma', FirmwareEvent.SFENCE_VMA_ASID_SENT, FirmwareEvent.SFENCE_VMA_ASID_RECEIVED),
  ],
};

type Event = Parameters<typeof countEvent>[2];

function fence(kind: FenceKind, sent: Event, received: Event): SbiFunction {
  return (call) => {
    const { env, hartId, args } = call;
    const harts = hartList(call, args[0], args[1]);
    if (harts === undefined) return failure(SbiError.INVALID_PARAM);
    for (const target of harts) {
      countEvent(env.state, hartId, sent);
      countEvent(env.state, target, received);
    }
    if (harts.length > 0) env.remoteFence(harts, kind);
    return success();
  };
}
