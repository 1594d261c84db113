/**
 * The built-in SBI: what firmware in M-mode would be for a kernel in S-mode, without a machine mode.
 *
 * RISC-V Supervisor Binary Interface Specification 2.0: an extension is a file, a function a row of its table.
 * All calls run on the calling hart's own thread, between two of its instructions.
 */
import {
  failure,
  SbiError,
  success,
  type SbiCall,
  type SbiEnvironment,
  type SbiExtension,
  type SbiOutcome,
  type SbiReturn,
} from './abi.ts';
import { debugConsole } from './console.ts';
import { fences } from './fences.ts';
import { hartState } from './hsm.ts';
import { ipi } from './ipi.ts';
import { isLegacy, legacyCall } from './legacy.ts';
import { performance } from './pmu.ts';
import { systemReset } from './reset.ts';
import { timer } from './timer.ts';

const SPECIFICATION_VERSION = 0x0200_0000n;
/** "tabh"; no number is assigned. */
const IMPLEMENTATION_ID = 0x7461_6268n;
const IMPLEMENTATION_VERSION = 1n;

/** Chapter 4, "Base Extension". */
const base: SbiExtension = {
  id: 0x10,
  functions: [
    /* sbi_get_spec_version */ () => success(SPECIFICATION_VERSION),
    /* sbi_get_impl_id */ () => success(IMPLEMENTATION_ID),
    /* sbi_get_impl_version */ () => success(IMPLEMENTATION_VERSION),
    /* sbi_probe_extension */ ({ args: [id] }) => success(isAvailable(id) ? 1n : 0n),
    /* sbi_get_mvendorid */ () => success(),
    /* sbi_get_marchid */ () => success(),
    /* sbi_get_mimpid */ () => success(),
  ],
};

const extensions = new Map(
  [base, timer, ipi, fences, hartState, systemReset, debugConsole, performance].map((extension) => [
    BigInt(extension.id),
    extension,
  ]),
);

function isAvailable(id: bigint): boolean {
  return extensions.has(id) || isLegacy(id);
}

const [A0, A1, A6, A7] = [10, 11, 16, 17];

/** Serves the ECALL behind which the hart stands. Says how the hart goes on. */
export function sbiCall(env: SbiEnvironment, hartId: number): SbiOutcome {
  const hart = env.harts[hartId];
  const { x } = hart;
  const call: SbiCall = { env, hartId, hart, args: [...x.subarray(A0, A0 + 6)] };
  const id = x[A7];
  const result = isLegacy(id)
    ? legacyCall(Number(id), call)
    : (extensions.get(id)?.functions[Number(x[A6])]?.(call) ?? failure(SbiError.NOT_SUPPORTED));

  if (typeof result === 'bigint') {
    x[A0] = result;
    return 'resume';
  }
  if (!('outcome' in result)) {
    putResult(x, result);
    return 'resume';
  }
  if (result.outcome === 'retry') hart.pc = BigInt.asUintN(64, hart.pc - 4n);
  if (result.result !== undefined) putResult(x, result.result);
  return result.outcome;
}

function putResult(x: BigUint64Array, { error, value }: SbiReturn): void {
  x[A0] = BigInt.asUintN(64, error);
  x[A1] = BigInt.asUintN(64, value);
}
