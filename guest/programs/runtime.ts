/**
 * What the programs of this folder have in common: they run on the bare machine, on all its processors, in M-mode
 * or, over an SBI, in S-mode, and end by the test finisher.
 *
 *   s0   number of the hart         s11   arrivals that the next barrier waits for
 *   main the program's own label, where every hart goes
 */
import { assembleText, type AssembledProgram } from '../../core/isa/assemble-text.ts';

const FINISHER = 0x10_0000;
/** Register windows of the ACLINT (device-tree/virt.ts of machine/ says where they stand). */
export const MSIP = 0x200_0000;
export const MTIMECMP = 0x200_4000;

/**
 * `barrier` returns when both harts have called it (uses t5, t6). `pass` ends the machine well, `fail` with the code
 * in a0, and `fail_at_trap`, a trap handler, with 1000 plus the cause.
 */
const SUBROUTINES = `
barrier:
        addi    s11, s11, 2
        la      t5, arrived
        li      t6, 1
        amoadd.w.aqrl zero, t6, (t5)
barrier_wait:
        lw      t6, 0(t5)
        bltu    t6, s11, barrier_wait
        fence   rw, rw
        ret

pass:   li      t0, ${FINISHER}
        li      t1, 0x5555
        sw      t1, 0(t0)
        j       idle
fail:   li      t0, ${FINISHER}
        li      t1, 0x3333
        slli    a0, a0, 16
        or      t1, t1, a0
        sw      t1, 0(t0)
idle:   wfi
        j       idle

        .align  64
arrived:
        .dword  0
        .align  64
rounds: .dword  0
        .align  64
`;

/** Rounds that are done however long they take. */
const LEAST_ROUNDS = 4;

/** How much a program does: so many rounds, or fewer if that takes longer than so many ticks of 10 MHz. */
export interface Amount {
  readonly rounds: number;
  readonly ticks: number;
}

/** Puts the time at which to end into a register. */
export function setDeadline(register: string, { ticks }: Amount): string {
  return `
        csrr    ${register}, time
        li      t0, ${ticks}
        add     ${register}, ${register}, t0
`;
}

/** Goes to `label` until the deadline, or until `count` has reached the number in `limit`; `rounds` keeps the count. */
export function again(label: string, deadline: string, count: string, limit: string): string {
  return `
        la      t0, rounds
        sd      ${count}, 0(t0)
        li      t0, ${LEAST_ROUNDS}
        bltu    ${count}, t0, ${label}
        csrr    t0, time
        bgeu    t0, ${deadline}, end_${label}
        bltu    ${count}, ${limit}, ${label}
end_${label}:
`;
}

/** A program for M-mode (`firmware: 'none'`). */
export function machineProgram(main: string): AssembledProgram {
  const start = `
        csrr    s0, mhartid
        li      s11, 0
        la      t0, fail_at_trap
        csrw    mtvec, t0
        j       main
        .align  4
fail_at_trap:
        csrr    a0, mcause
        slli    a0, a0, 1
        srli    a0, a0, 1
        addi    a0, a0, 1000
        j       fail
`;
  return assembleText(start + SUBROUTINES + main);
}

/** Where a program for S-mode is linked to run. */
export const SUPERVISOR_BASE = 0x8020_0000;

/** Numbers of SBI extensions, for {@link sbi}. */
export const Sbi = {
  BASE: 0x10,
  TIME: 0x54494d45,
  IPI: 0x735049,
  RFENCE: 0x52464e43,
  HSM: 0x48534d,
  SRST: 0x53525354,
} as const;

/** A call of an SBI function with a0 and the rest as they are. */
export function sbi(extension: number, functionId: number): string {
  return `
        li      a7, ${extension}
        li      a6, ${functionId}
        ecall
`;
}

/** A program for S-mode over an SBI: whichever hart is the first starts the other one. */
export function supervisorProgram(main: string): AssembledProgram {
  const start = `
        mv      s0, a0
        li      s11, 0
        la      t0, fail_at_trap
        csrw    stvec, t0
        la      t0, entered
        li      t1, 1
        amoadd.w t1, t1, (t0)
        bnez    t1, main
        xori    a0, s0, 1
        li      a1, ${SUPERVISOR_BASE}
        ${sbi(Sbi.HSM, 0)}
        beqz    a0, main
        li      a0, 1
        j       fail
        .align  4
fail_at_trap:
        csrr    a0, scause
        slli    a0, a0, 1
        srli    a0, a0, 1
        addi    a0, a0, 1000
        j       fail
entered:
        .dword  0
`;
  return assembleText(start + SUBROUTINES + main, SUPERVISOR_BASE);
}
