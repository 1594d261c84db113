/** Two harts count together: under a lock made of LR and SC, by LR and SC alone, and by an atomic addition. */
import type { AssembledProgram } from '../../core/isa/assemble-text.ts';
import { machineProgram } from './runtime.ts';

/** Passes when each of the three counters is `2 * rounds` at the end. */
export function locks(rounds: number): AssembledProgram {
  return machineProgram(`
main:   la      a1, lock
        la      a2, locked_counter
        la      a3, reserved_counter
        la      a4, atomic_counter
        li      s1, ${rounds}
        li      s2, 1
        call    barrier

each_round:
acquire:
        lr.w.aq t0, (a1)
        bnez    t0, acquire
        sc.w    t0, s2, (a1)
        bnez    t0, acquire
        ld      t1, 0(a2)
        addi    t1, t1, 1
        sd      t1, 0(a2)
        amoswap.w.rl zero, zero, (a1)

reserve:
        lr.d    t0, (a3)
        addi    t0, t0, 1
        sc.d    t0, t0, (a3)
        bnez    t0, reserve

        amoadd.d zero, s2, (a4)
        addi    s1, s1, -1
        bnez    s1, each_round

        call    barrier
        bnez    s0, idle
        li      t1, ${2 * rounds}
        li      a0, 1
        ld      t0, 0(a2)
        bne     t0, t1, fail
        li      a0, 2
        ld      t0, 0(a3)
        bne     t0, t1, fail
        li      a0, 3
        ld      t0, 0(a4)
        bne     t0, t1, fail
        j       pass

        .align  64
lock:   .dword  0
        .align  64
locked_counter:
        .dword  0
        .align  64
reserved_counter:
        .dword  0
        .align  64
atomic_counter:
        .dword  0
`);
}
