/**
 * One hart writes code that the other one runs. The function is two instructions, `li a0, N` and `ret`; what is
 * written is the first of them, with another N.
 */
import { assemble } from '../../core/isa/assemble.ts';
import type { AssembledProgram } from '../../core/isa/assemble-text.ts';
import { again, machineProgram, sbi, Sbi, setDeadline, supervisorProgram, type Amount } from './runtime.ts';

/** N is 1 to this, and begins again. */
const MOST = 2000;
const LI_A0 = assemble('addi', { rd: 10 });
const RET = assemble('jalr', { rs1: 1 });

const FUNCTION = `.word ${LI_A0}, ${RET}`;

/** Where the function stands. */
export type Place =
  /** In a page with nothing else. */
  | 'alone'
  /** In the page in which the words stand that both harts write all the time. */
  | 'beside data'
  /** Its first instruction begins in one page and ends in the next. */
  | 'across pages';

function functionAt(place: Place): string {
  switch (place) {
    case 'alone':
      return `.align 4096\n function: ${FUNCTION}\n .align 4096\n data:`;
    case 'beside data':
      return `.align 4096\n function: ${FUNCTION}\n .align 64\n data:`;
    case 'across pages':
      return `.align 4096\n .zero 4094\n function: ${FUNCTION}\n .align 4096\n data:`;
  }
}

const DATA = `
        .align  64
flag:   .dword  0
        .align  64
answer: .dword  0
`;

/** Writes `li a0, t0` to where a1 points; halves, since it may stand across pages. Uses t1 and t2. */
const PATCH = `
        slli    t1, t0, 20
        li      t2, ${LI_A0}
        or      t1, t1, t2
        srli    t2, t1, 16
        sh      t2, 2(a1)
        sh      t1, 0(a1)
`;

/**
 * Hart 0 patches the function and signals; hart 1 executes FENCE.I and calls; and hart 0 waits for the answer before it
 * patches again. With `ownUse`, hart 0 too calls the function in every round, before and after it writes.
 */
export function patchAndCall(amount: Amount, place: Place, ownUse: boolean): AssembledProgram {
  const call = (code: number): string => `
        mv      s4, t0
        fence.i
        callr   a1
        mv      t0, s4
        mv      t3, a0
        li      a0, ${code}
        bne     t3, ${code === 2 ? 's3' : 't0'}, fail
`;
  return machineProgram(`
main:   la      a1, function
        la      a2, flag
        la      a3, answer
        li      s1, ${amount.rounds}
        ${setDeadline('s5', amount)}
        li      s2, 0             # the last round
        li      s3, 0             # what the function returned in it
        call    barrier
        bnez    s0, reader

writer: addi    s2, s2, 1
        li      t0, ${MOST}
        remu    t0, s2, t0
        addi    t0, t0, 1
        ${ownUse ? call(2) : ''}
        ${PATCH}
        ${ownUse ? call(3) : ''}
        mv      s3, t0
        fence   rw, rw
        sd      s2, 0(a2)
answered:
        ld      t1, 0(a3)
        bne     t1, s2, answered
        ${again('writer', 's5', 's2', 's1')}
        j       pass

reader: addi    s2, s2, 1
        li      t0, ${MOST}
        remu    s4, s2, t0
        addi    s4, s4, 1
signalled:
        ld      t1, 0(a2)
        bne     t1, s2, signalled
        fence   rw, rw
        fence.i
        callr   a1
        mv      t3, a0
        li      a0, 1
        bne     t3, s4, fail
        fence   rw, rw
        sd      s2, 0(a3)
        j       reader
${functionAt(place)}
${DATA}`);
}

/**
 * Hart 0 patches the function all the time, and hart 1 calls it all the time: what it returns is never older than what
 * hart 0 had signalled before. Hart 1 executes FENCE.I before each call, or hart 0 a remote one of the SBI after each
 * patch.
 */
export function patchWhileCalling(
  amount: Amount,
  place: 'alone' | 'beside data',
  fence: 'local' | 'sbi',
): AssembledProgram {
  const remote = `
        li      a0, 2             # hart 1
        li      a1, 0
        ${sbi(Sbi.RFENCE, 0)}
        mv      t3, a0
        li      a0, 2
        bnez    t3, fail
`;
  const make = fence === 'sbi' ? supervisorProgram : machineProgram;
  return make(`
main:   la      s1, function
        la      s2, flag
        li      s3, 0
        li      s4, ${MOST}
        li      s7, ${amount.rounds}
        ${setDeadline('s8', amount)}
        li      s5, ${LI_A0}
each_pass:
        sd      zero, 0(s2)
        sw      s5, 0(s1)
        fence.i
        call    barrier
        li      s6, 0
        bnez    s0, reader

writer: addi    s6, s6, 1
        slli    t0, s6, 20
        or      t0, t0, s5
        sw      t0, 0(s1)
        fence   rw, rw
        ${fence === 'sbi' ? remote : ''}
        sd      s6, 0(s2)
        addi    s3, s3, 1
        ${again('go_on', 's8', 's3', 's7')}
        j       pass
go_on:  bltu    s6, s4, writer
        j       pass_done

reader: ld      s6, 0(s2)
        fence   rw, rw
        ${fence === 'local' ? 'fence.i' : ''}
        callr   s1
        mv      t3, a0
        li      a0, 1
        bltu    t3, s6, fail
        bltu    s6, s4, reader

pass_done:
        call    barrier
        j       each_pass
${functionAt(place)}
${DATA}`);
}
