/**
 * SBI 2.0, chapter 9, "Hart State Management Extension".
 *
 * Protocol of a start: the caller takes the SBI's lock, finds the target STOPPED, writes `startAddress` and
 * `startArgument`, then stores START_PENDING, then asks for attention with `Attention.HSM`. The target alone leaves
 * START_PENDING: its loop calls `takeStart`, which reads the two and stores STARTED. A hart that stops itself stores
 * STOPPED, and runs no guest code until `takeStart` gives it work.
 */
import { Attention, HartStatus, type HartView } from '../../core/shared/hart-state.ts';
import { getAttention } from '../../core/shared/interrupts.ts';
import { withLock } from '../../core/shared/lock.ts';
import { failure, SbiError, success, type SbiCall, type SbiExtension, type SbiReturn } from './abi.ts';
import { enterSupervisor } from './handoff.ts';

/** Table "HSM Hart Suspend Types". All others are reserved, or platforms' own. */
const SuspendType = { RETENTIVE: 0n, NON_RETENTIVE: 0x8000_0000n } as const;

export const hartState: SbiExtension = {
  id: 0x48534d,
  functions: [
    /* sbi_hart_start */ hartStart,
    /* sbi_hart_stop */ ({ hart }) => {
      hart.hsmStatus.store(HartStatus.STOPPED);
      return { outcome: 'stop' };
    },
    /* sbi_hart_get_status */ ({ env, args: [id] }) => {
      if (id >= BigInt(env.harts.length)) return failure(SbiError.INVALID_PARAM);
      return success(BigInt(env.harts[Number(id)].hsmStatus.load()));
    },
    /* sbi_hart_suspend */ (call) => {
      const [type, address, argument] = call.args;
      const { hart, hartId } = call;
      switch (BigInt.asUintN(32, type)) {
        case SuspendType.RETENTIVE:
          hart.hsmStatus.store(HartStatus.SUSPENDED);
          return { outcome: 'wait', result: success() };
        case SuspendType.NON_RETENTIVE:
          if (!isExecutable(call, address)) return failure(SbiError.INVALID_ADDRESS);
          enterSupervisor(hart, hartId, address, argument);
          hart.hsmStatus.store(HartStatus.SUSPENDED);
          return { outcome: 'wait' };
        default:
          return failure(SbiError.INVALID_PARAM);
      }
    },
  ],
};

function hartStart(call: SbiCall): SbiReturn {
  const { env } = call;
  const [id, address, argument] = call.args;
  if (id >= BigInt(env.harts.length)) return failure(SbiError.INVALID_PARAM);
  if (!isExecutable(call, address)) return failure(SbiError.INVALID_ADDRESS);
  const target = env.harts[Number(id)];
  return withLock(env.state.lock, () => {
    if (target.hsmStatus.load() !== HartStatus.STOPPED) return failure(SbiError.ALREADY_AVAILABLE);
    split(target.startAddress, address);
    split(target.startArgument, argument);
    target.hsmStatus.store(HartStatus.START_PENDING);
    getAttention(target, Attention.HSM);
    return success();
  });
}

/** For the loop of a stopped hart: enters what another hart has asked it to run, if one has. */
export function takeStart(hart: HartView, hartId: number): boolean {
  if (hart.hsmStatus.load() !== HartStatus.START_PENDING) return false;
  enterSupervisor(hart, hartId, join(hart.startAddress), join(hart.startArgument));
  hart.hsmStatus.store(HartStatus.STARTED);
  return true;
}

/** For the hart's loop, when the wait after the outcome `wait` is over. */
export function endSuspend(hart: HartView): void {
  hart.hsmStatus.compareExchange(HartStatus.SUSPENDED, HartStatus.STARTED);
}

function isExecutable({ env }: SbiCall, address: bigint): boolean {
  return (address & 1n) === 0n && env.ram.contains(Number(address), 2);
}

function split(words: Uint32Array, value: bigint): void {
  words[0] = Number(value & 0xffff_ffffn);
  words[1] = Number(value >> 32n);
}

function join(words: Uint32Array): bigint {
  return (BigInt(words[1]) << 32n) | BigInt(words[0]);
}
