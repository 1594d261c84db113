/** Two harts throw an inter-processor interrupt to each other, by the software interrupts of the ACLINT. */
import type { AssembledProgram } from '../../core/isa/assemble-text.ts';
import { machineProgram, MSIP, MTIMECMP } from './runtime.ts';

/**
 * Passes when each hart has caught `rounds` of them. Between them a hart sleeps in WFI, or, with `sleep` false, looks
 * at the memory all the time.
 */
export function pingPong(rounds: number, sleep: boolean): AssembledProgram {
  return machineProgram(`
main:   la      t0, caught
        csrw    mtvec, t0
        li      a1, ${MSIP}
        slli    t0, s0, 2
        add     a2, a1, t0        # MSIP of this hart
        xori    t0, t0, 4
        add     a3, a1, t0        # MSIP of the other
        li      s1, 0             # caught so far
        li      s2, ${rounds}
        li      s3, 1
        csrwi   mie, 8            # MSIE
        call    barrier
        bnez    s0, serve
        sw      s3, 0(a3)         # hart 0 throws the first
serve:  csrsi   mstatus, 8        # MIE
wait:   ${sleep ? 'wfi' : 'nop'}
        bltu    s1, s2, wait
        csrci   mstatus, 8
        call    barrier
        bnez    s0, idle
        j       pass

        .align  4
caught: sw      zero, 0(a2)
        addi    s1, s1, 1
        bltu    s1, s2, throw     # the last one of hart 0 is not answered
        beqz    s0, thrown
throw:  sw      s3, 0(a3)
thrown: mret
`);
}

/** Sleeps through `rounds` timer interrupts of MTIMECMP, `ticks` apart, on both harts at once. */
export function timers(rounds: number, ticks: number): AssembledProgram {
  return machineProgram(`
main:   la      t0, rings
        csrw    mtvec, t0
        slli    t0, s0, 3
        li      a1, ${MTIMECMP}
        add     a1, a1, t0
        li      s1, 0
        li      s2, ${rounds}
        csrr    s4, time
        li      s3, ${ticks}
        add     s4, s4, s3
        sd      s4, 0(a1)
        li      t0, 0x80          # MTIE
        csrw    mie, t0
        csrsi   mstatus, 8
wait:   wfi
        bltu    s1, s2, wait
        csrci   mstatus, 8
        call    barrier
        bnez    s0, idle
        j       pass

        .align  4
rings:  csrr    t0, time
        li      a0, 1             # too early?
        bltu    t0, s4, fail
        addi    s1, s1, 1
        add     s4, s4, s3
        sd      s4, 0(a1)
        mret
`);
}
