/** SBI 2.0, chapter 10, "System Reset Extension". */
import { failure, SbiError, type SbiExtension } from './abi.ts';

/** Table "SRST System Reset Types". */
const ResetType = { SHUTDOWN: 0n, COLD_REBOOT: 1n, WARM_REBOOT: 2n } as const;
/** Table "SRST System Reset Reasons". */
const ResetReason = { NONE: 0n, SYSTEM_FAILURE: 1n } as const;

export const systemReset: SbiExtension = {
  id: 0x53525354,
  functions: [
    /* sbi_system_reset */ ({ env, args }) => {
      const [type, reason] = args.map((arg) => BigInt.asUintN(32, arg));
      if (type > ResetType.WARM_REBOOT || reason > ResetReason.SYSTEM_FAILURE) return failure(SbiError.INVALID_PARAM);
      const failed = reason === ResetReason.SYSTEM_FAILURE;
      if (type !== ResetType.SHUTDOWN) env.end(failed ? { kind: 'reset', failure: true } : { kind: 'reset' });
      else if (failed) env.end({ kind: 'fail', code: 1 });
      else env.end({ kind: 'pass' });
      return { outcome: 'ended' };
    },
  ],
};
