/**
 * SBI 2.0, chapter 5, "Legacy Extensions": the extension is the function, and a0 alone is returned.
 *
 * The hart masks of 4 to 7 are behind a virtual address. A mask that is not given or cannot be read stands for all
 * harts: more fences and interrupts than were asked for do no harm.
 */
import { Interrupt, setInterrupt } from '../../core/shared/interrupts.ts';
import type { SbiCall, SbiDeparture } from './abi.ts';
import { sendIpi } from './ipi.ts';
import { setTimer } from './timer.ts';

type LegacyFunction = (call: SbiCall) => bigint | SbiDeparture;

const NO_INPUT = 0xffff_ffff_ffff_ffffn;

const functions: readonly LegacyFunction[] = [
  /* sbi_set_timer */ (call) => {
    setTimer(call, call.args[0]);
    return 0n;
  },
  /* sbi_console_putchar */ ({ env, args: [char] }) =>
    env.consoleWrite(Uint8Array.of(Number(char & 0xffn))) === 1 ? 0n : { outcome: 'retry' },
  /* sbi_console_getchar */ ({ env }) => {
    const [byte] = env.consoleRead(1);
    return byte === undefined ? NO_INPUT : BigInt(byte);
  },
  /* sbi_clear_ipi */ ({ hart }) => {
    const pending = (hart.mip.load() >>> Interrupt.SSI) & 1;
    setInterrupt(hart, Interrupt.SSI, false);
    return BigInt(pending);
  },
  /* sbi_send_ipi */ (call) => {
    sendIpi(call, maskedHarts(call));
    return 0n;
  },
  /* sbi_remote_fence_i */ (call) => {
    call.env.remoteFence(maskedHarts(call), 'fence.i');
    return 0n;
  },
  /* sbi_remote_sfence_vma */ remoteSfence,
  /* sbi_remote_sfence_vma_asid */ remoteSfence,
  /* sbi_shutdown */ ({ env }) => {
    env.end({ kind: 'pass' });
    return { outcome: 'ended' };
  },
];

function remoteSfence(call: SbiCall): bigint {
  call.env.remoteFence(maskedHarts(call), 'sfence.vma');
  return 0n;
}

export function isLegacy(id: bigint): boolean {
  return id < BigInt(functions.length);
}

/** Calls legacy extension `id`; returns a0. */
export function legacyCall(id: number, call: SbiCall): bigint | SbiDeparture {
  return functions[id](call);
}

function maskedHarts({ env, hartId, args: [address] }: SbiCall): number[] {
  const mask = address === 0n ? undefined : env.loadVirtual?.(hartId, address);
  return env.harts.map((_, id) => id).filter((id) => mask === undefined || ((mask >> BigInt(id)) & 1n) === 1n);
}
