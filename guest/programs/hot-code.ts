/** Two harts whose hot code changes: what was compiled of it must go with the page that it was read from. */
import { assemble } from '../../core/isa/assemble.ts';
import type { AssembledProgram } from '../../core/isa/assemble-text.ts';
import { again, machineProgram, setDeadline, type Amount } from './runtime.ts';

const RET = assemble('jalr', { rs1: 1 });
const LUI_A0 = assemble('lui', { rd: 10 });

/** A function `lui a0, N` and `ret` in a page of its own. */
const FUNCTION = `
        .align  4096
function: .word ${LUI_A0}, ${RET}
        .align  4096
`;
const WORDS = ['flag', 'answer', 'published', 'last', 'raced']
  .map((label) => `.align 64\n ${label}: .dword 0\n`)
  .join('');

/** Puts `lui a0, N` into t1, with N in `from`. */
const lui = (from: string): string => `
        slli    t1, ${from}, 12
        li      t2, ${LUI_A0}
        or      t1, t1, t2
`;

/** Calls the function; fails with `code` where it does not return what is in `expected`. */
const expectCall = (expected: string, code: number): string => `
        callr   s1
        srli    t3, a0, 12
        li      a0, ${code}
        bne     t3, ${expected}, wrong
`;

/**
 * Both harts call the function so often that it is compiled, and find the number of the round. Then hart 0 writes the
 * next one, executes FENCE.I, and tells hart 1, which goes on calling until it is told and then executes FENCE.I too.
 * From there on neither may find the old number. Hart 0 does not wait until hart 1 has called often enough: until then hart 1
 * may find the next number as well.
 */
export function rewriteHot(amount: Amount, calls: number): AssembledProgram {
  return machineProgram(`
        .align  4096
main:   la      s1, function
        la      s2, flag
        la      s3, answer
        li      s4, 0             # the round
        li      s5, ${amount.rounds}
        ${setDeadline('s7', amount)}
        call    barrier
round:  li      s6, ${calls}
hot:    callr   s1
        srli    t3, a0, 12
        sub     t3, t3, s4
        li      a0, 1
        bltu    s0, t3, wrong      # hart 1 may find the next one
        addi    s6, s6, -1
        bnez    s6, hot
        addi    s8, s4, 1
        bnez    s0, reader

        ${lui('s8')}
        sw      t1, 0(s1)
        fence.i
        ${expectCall('s8', 2)}
        fence   rw, rw
        sd      s8, 0(s2)
wait:   ld      t0, 0(s3)
        bne     t0, s8, wait
        mv      s4, s8
        ${again('round', 's7', 's4', 's5')}
        j       pass

reader: callr   s1
        srli    t3, a0, 12
        sub     t3, t3, s4
        li      t0, 1
        li      a0, 3
        bltu    t0, t3, wrong      # neither the old nor the new one
        ld      t0, 0(s2)
        bne     t0, s8, reader
        fence   rw, rw
        fence.i
        ${expectCall('s8', 4)}
        mv      s4, s8
        sd      s8, 0(s3)
        j       round
wrong:  j       fail
${FUNCTION}
${WORDS}`);
}

/** Numbers that a function can return. */
const NUMBERS = 1 << 19;

/**
 * In each round hart 1 stores functions, one over the other, as fast as it can, while hart 0 calls what is there: it is
 * never older than what hart 1 has said to be stored. At the end of the round it is the last one. `raced` counts how
 * often hart 0 found another number than the call before.
 */
export function storeAndCall(amount: Amount, tries: number): AssembledProgram {
  const stores = Math.floor(NUMBERS / (amount.rounds + 1));
  return machineProgram(`
        .align  4096
main:   la      s1, function
        la      s2, flag
        la      s3, answer
        la      s8, published
        la      s9, last
        li      s4, 0             # the round
        li      s5, ${amount.rounds}
        li      s6, 0             # the number that was stored last
        ${setDeadline('s7', amount)}
        bnez    s0, writer

reader: addi    s4, s4, 1
        ld      s11, 0(s8)
        sd      s4, 0(s2)         # hart 1 may begin
begun:  ld      t0, 0(s8)
        beq     t0, s11, begun    # so that there is something new in each round, whenever hart 1 gets to run
        li      s6, ${tries}
try:    ld      s10, 0(s8)
        fence   rw, rw
        fence.i
        callr   s1
        srli    t3, a0, 12
        li      a0, 1
        bltu    t3, s10, wrong
        beq     t3, a7, same
        la      t0, raced
        ld      t1, 0(t0)
        addi    t1, t1, 1
        sd      t1, 0(t0)
same:   mv      a7, t3
        slli    t0, s4, 3         # the moment differs from round to round
delay:  addi    t0, t0, -1
        bgez    t0, delay
        addi    s6, s6, -1
        bnez    s6, try
        neg     t0, s4
        sd      t0, 0(s2)         # hart 1 must end
wait:   ld      t0, 0(s3)
        bne     t0, s4, wait
        fence   rw, rw
        ld      s10, 0(s9)
        fence.i
        ${expectCall('s10', 2)}
        ${again('reader', 's7', 's4', 's5')}
        j       pass

writer: addi    s4, s4, 1
        neg     s10, s4
begin:  ld      t0, 0(s2)
        beq     t0, s10, ended
        bne     t0, s4, begin
        li      s11, ${stores}
store:  addi    s6, s6, 1
        ${lui('s6')}
        sw      t1, 0(s1)
        fence   rw, rw
        sd      s6, 0(s8)
        ld      t0, 0(s2)
        beq     t0, s10, ended
        addi    s11, s11, -1
        bnez    s11, store
full:   ld      t0, 0(s2)
        bne     t0, s10, full
ended:  sd      s6, 0(s9)
        fence   rw, rw
        sd      s4, 0(s3)
        j       writer
wrong:  j       fail
${FUNCTION}
${WORDS}`);
}
