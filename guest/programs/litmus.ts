/**
 * Litmus tests of the memory model (RISC-V unprivileged ISA, appendix "RVWMO Explanatory Material"): both harts run a
 * few accesses at the same moment, many times, and it is counted what each load saw.
 *
 * Every round has two words of its own, x and y, each in a cache line of its own, which begin as 0.
 */
import type { AssembledProgram } from '../../core/isa/assemble-text.ts';
import { again, machineProgram, setDeadline, type Amount } from './runtime.ts';

export interface Litmus {
  /** What a hart does with x at 0(a1) and y at 64(a1); t1 is 1. Loads go to a2 and a3, which begin as 1. */
  readonly harts: readonly [string, string];
  /** `hart 0: a2 a3, hart 1: a2 a3` that must never be seen, as four binary digits. */
  readonly forbidden: readonly string[];
}

/** By the names of the literature. */
export const litmusTests: Readonly<Record<string, Litmus>> = {
  'message passing': {
    harts: [
      `sd t1, 0(a1)
       fence w, w
       sd t1, 64(a1)`,
      `ld a2, 64(a1)
       fence r, r
       ld a3, 0(a1)`,
    ],
    forbidden: ['1110'],
  },
  'store buffering': {
    harts: [
      `sd t1, 0(a1)
       fence rw, rw
       ld a2, 64(a1)`,
      `sd t1, 64(a1)
       fence rw, rw
       ld a2, 0(a1)`,
    ],
    forbidden: ['0101'],
  },
  'load buffering': {
    harts: [
      `ld a2, 0(a1)
       fence r, w
       sd t1, 64(a1)`,
      `ld a2, 64(a1)
       fence r, w
       sd t1, 0(a1)`,
    ],
    forbidden: ['1111'],
  },
  'store buffering by atomics': {
    harts: [
      `amoswap.d.aqrl zero, t1, (a1)
       addi t0, a1, 64
       amoor.d.aqrl a2, zero, (t0)`,
      `addi t0, a1, 64
       amoswap.d.aqrl zero, t1, (t0)
       amoor.d.aqrl a2, zero, (a1)`,
    ],
    forbidden: ['0101'],
  },
  'message passing by release and acquire': {
    harts: [
      `sd t1, 0(a1)
       addi t0, a1, 64
       amoswap.d.rl zero, t1, (t0)`,
      `addi t0, a1, 64
       lr.d.aq a2, (t0)
       ld a3, 0(a1)`,
    ],
    forbidden: ['1110'],
  },
};

/** Rounds whose words there is room for at once; then they are cleared. */
const BATCH = 256;
/** `counts` of the program: 16 words, one for each outcome. */
export const OUTCOMES = 16;

/** Runs a test, in batches; the outcomes' numbers stand at the label `counts` at the end. */
export function litmus({ harts }: Litmus, amount: Amount): AssembledProgram {
  const round = (hart: 0 | 1): string => `
round_${hart}:
        li      a2, 1
        li      a3, 1
        call    barrier
        ${harts[hart]}
        slli    a2, a2, 1
        or      a2, a2, a3
        slli    t0, s2, 4
        add     t0, t0, s5
        sd      a2, ${hart * 8}(t0)
        addi    a1, a1, 128
        addi    s2, s2, 1
        bltu    s2, s3, round_${hart}
        j       evaluate
`;
  return machineProgram(`
main:   la      s1, words
        li      s3, ${BATCH}
        li      s4, ${amount.rounds}
        li      s7, 0
        ${setDeadline('s8', amount)}
        la      s5, seen
        la      s6, counts
batch:  mv      a1, s1
        li      s2, 0
        li      t1, 1
        bnez    s0, round_1
${round(0)}
${round(1)}

evaluate:
        call    barrier
        bnez    s0, evaluated
        mv      t0, s5            # what both saw makes the index of a count
        mv      t2, s1
        li      s2, 0
tally:  ld      t3, 0(t0)
        ld      t4, 8(t0)
        slli    t3, t3, 2
        or      t3, t3, t4
        slli    t3, t3, 3
        add     t3, t3, s6
        ld      t4, 0(t3)
        addi    t4, t4, 1
        sd      t4, 0(t3)
        sd      zero, 0(t2)
        sd      zero, 64(t2)
        addi    t0, t0, 16
        addi    t2, t2, 128
        addi    s2, s2, 1
        bltu    s2, s3, tally
        add     s7, s7, s3
        ${again('evaluated', 's8', 's7', 's4')}
        j       pass
evaluated:
        call    barrier
        j       batch

        .align  4096
words:  .zero   ${BATCH * 128}
seen:   .zero   ${BATCH * 16}
counts: .zero   ${OUTCOMES * 8}
`);
}
