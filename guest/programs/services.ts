/** What S-mode gets of the firmware below it: timers, interrupts between harts, protection of its memory. */
import type { AssembledProgram } from '../../core/isa/assemble-text.ts';
import { again, sbi, Sbi, setDeadline, supervisorProgram, type Amount } from './runtime.ts';

/** Start of RAM, where firmware stands, if it is not built in. */
const FIRMWARE = 0x8000_0000;

/**
 * Hart 0 waits in WFI for a timer of the SBI in each round, and then for an answer to an interrupt that it sends to hart
 * 1 by the SBI. With `firmware`, it first finds that it can neither read nor write the firmware's memory.
 */
export function timersAndInterrupts(amount: Amount, { firmware }: { firmware: boolean }): AssembledProgram {
  const protectedMemory = `
        la      t0, refused
        csrw    stvec, t0
        li      s7, 0
        li      t0, ${FIRMWARE}
        ld      t1, 0(t0)         # load access fault
        sd      t1, 0(t0)         # store access fault
        li      a0, 1
        li      t0, 12
        bne     s7, t0, fail
        j       protected
        .align  4
refused:
        csrr    t2, scause
        add     s7, s7, t2
        csrr    t2, sepc
        addi    t2, t2, 4
        csrw    sepc, t2
        sret
protected:
`;
  return supervisorProgram(`
main:   bnez    s0, hart_1
        ${firmware ? protectedMemory : ''}
        la      t0, hart_0_caught
        csrw    stvec, t0
        li      s1, 0
        li      s2, ${amount.rounds}
        ${setDeadline('s3', amount)}
        call    barrier
round:  csrr    s4, time
        li      t0, 5000
        add     s4, s4, t0
        mv      a0, s4
        ${sbi(Sbi.TIME, 0)}
        li      s5, 5             # the timer's
        li      t0, 0x20
        call    await
        li      a0, 2             # too early?
        csrr    t0, time
        bltu    t0, s4, fail
        li      a0, 2
        li      a1, 0
        ${sbi(Sbi.IPI, 0)}
        mv      t0, a0
        li      a0, 3
        bnez    t0, fail
        li      s5, 1             # the answer
        li      t0, 2
        call    await
        addi    s1, s1, 1
        ${again('round', 's3', 's1', 's2')}
        li      a0, 0
        li      a1, 0
        ${sbi(Sbi.SRST, 0)}

        # Waits for the interrupt whose bit is t0 and whose number is s5.
await:  li      s6, 0
        csrw    sie, t0
awaiting:
        csrci   sstatus, 2
        bnez    s6, awaited
        wfi
        csrsi   sstatus, 2
        nop
        j       awaiting
awaited:
        ret

        .align  4
hart_0_caught:
        csrr    t0, scause
        slli    t0, t0, 1
        srli    t0, t0, 1
        li      a0, 4
        bne     t0, s5, fail
        li      s6, 1
        csrw    sie, zero
        csrci   sip, 2
        sret

hart_1: la      t0, hart_1_caught
        csrw    stvec, t0
        li      t0, 2
        csrw    sie, t0
        call    barrier
        csrsi   sstatus, 2
serve:  wfi
        j       serve

        .align  4
hart_1_caught:
        csrci   sip, 2
        li      a0, 1
        li      a1, 0
        ${sbi(Sbi.IPI, 0)}
        sret
`);
}
