/**
 * The state in which a hart is handed to S-mode (SBI 2.0, table "HSM Hart Start Register State"), and what firmware
 * in M-mode would have set up before: everything that can be delegated is, and nothing is forbidden.
 *
 * These write the hart's fields and no more: before guest code runs again, the hart's loop has the interpreter derive
 * anew what depends on mode, translation, protection, interrupts and timer.
 */
import { DELEGABLE, Cause, ENVCFG, MENVCFG_WRITABLE, MSTATUS, S_INTERRUPTS } from '../../core/isa/mstatus.ts';
import type { HartView } from '../../core/shared/hart-state.ts';

const SUPERVISOR = 1;
const [A0, A1] = [10, 11];
/** `cycle`, `time`, `instret`. */
const BASE_COUNTERS = 7n;
const ALL_COUNTERS = 0xffff_ffffn;
/** One PMP entry: all of the address space (NAPOT), read, write and execute. */
const PMP_EVERYTHING = { pmpaddr: (1n << 54n) - 1n, pmpcfg: 0x1fn };
const NEVER = 0xffff_ffff_ffff_ffffn;

/** What M-mode has to grant once, after a reset of the hart. */
export function grantSupervisor(hart: HartView): void {
  // A call of the SBI and one from M-mode are not S-mode's business.
  hart.medeleg = DELEGABLE & ~(1n << BigInt(Cause.ECALL_S));
  hart.mideleg = S_INTERRUPTS;
  hart.mcounteren = ALL_COUNTERS;
  hart.scounteren = BASE_COUNTERS;
  hart.menvcfg = MENVCFG_WRITABLE & ~ENVCFG.FIOM;
  hart.pmpaddr[0] = PMP_EVERYTHING.pmpaddr;
  hart.pmpcfg[0] = PMP_EVERYTHING.pmpcfg;
  hart.stimecmp = NEVER;
}

/** Puts a hart at `pc` in S-mode, without translation and with interrupts off. */
export function enterSupervisor(hart: HartView, hartId: number, pc: bigint, argument: bigint): void {
  hart.privilege = SUPERVISOR;
  hart.mstatus &= ~(MSTATUS.SIE | MSTATUS.MPRV);
  hart.satp = 0n;
  hart.x[A0] = BigInt(hartId);
  hart.x[A1] = argument;
  hart.pc = pc;
  hart.reservation = 0;
}
