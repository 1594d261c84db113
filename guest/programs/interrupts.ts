/** Two harts throw an inter-processor interrupt to each other, by the software interrupts of the ACLINT. */
import type { AssembledProgram } from '../../core/isa/assemble-text.ts';
import { again, machineProgram, MSIP, MTIMECMP, setDeadline, type Amount } from './runtime.ts';

/** Ticks between two events at hart 0, at most, end up at the label `longest`. */
const NOTE_LONGEST = `
        csrr    t0, time
        sub     t1, t0, s6
        mv      s6, t0
        la      t2, longest
        ld      t0, 0(t2)
        bgeu    t0, t1, noted
        sd      t1, 0(t2)
noted:
`;

/**
 * Passes when both harts have caught as many as are wanted. Between them a hart sleeps in WFI, or, with `sleep` false,
 * looks at its registers all the time.
 */
export function pingPong(amount: Amount, sleep: boolean): AssembledProgram {
  return machineProgram(`
main:   la      t0, caught
        csrw    mtvec, t0
        li      a1, ${MSIP}
        slli    t0, s0, 2
        add     a2, a1, t0        # MSIP of this hart
        xori    t0, t0, 4
        add     a3, a1, t0        # MSIP of the other
        li      s1, 0             # caught so far
        li      s2, ${amount.rounds}
        li      s3, 1
        csrwi   mie, 8            # MSIE
        call    barrier
        csrr    s6, time
        ${setDeadline('s8', amount)}
        bnez    s0, serve
        sw      s3, 0(a3)         # hart 0 throws the first
serve:  csrsi   mstatus, 8        # MIE
wait:   ${sleep ? 'wfi' : 'nop'}
        j       wait

        .align  4
caught: sw      zero, 0(a2)
        addi    s1, s1, 1
        bnez    s0, throw
        ${NOTE_LONGEST}
        ${again('throw', 's8', 's1', 's2')}
        j       pass
throw:  sw      s3, 0(a3)
        mret

longest: .dword 0
`);
}

/** Hart 1 ends the run by `tohost` while hart 0 sleeps. */
export function tohostFromTheOther(value: number): AssembledProgram {
  return machineProgram(`
main:   beqz    s0, idle
        li      t0, 1000000
delay:  addi    t0, t0, -1
        bnez    t0, delay
        la      t0, tohost
        li      t1, ${value}
        sd      t1, 0(t0)
        j       idle
        .align  64
tohost: .dword  0
`);
}

/** Sleeps through `rounds` timer interrupts of MTIMECMP, `ticks` apart, on both harts at once; `longest` is how late one was. */
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
        mv      s6, s4
        bnez    s0, next
        ${NOTE_LONGEST}
        csrr    t0, time
next:
        addi    s1, s1, 1
        add     s4, t0, s3
        sd      s4, 0(a1)
        mret

longest: .dword 0
`);
}
