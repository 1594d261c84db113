/**
 * One hart changes a page-table entry, and has the other one forget what it knows of it.
 *
 * Hart 1 runs in S-mode under Sv39, and looks at one virtual page all the time: it loads from it, and calls a function
 * in it. Hart 0 puts another page there, again and again, each with a higher number in it than the last.
 *
 *   0x0000_0000   1 GiB   as it is: devices
 *   0x4000_0000   4 KiB   the page that changes: number, then `li a0, number` and `ret`
 *   0x8000_0000   1 GiB   as it is: RAM
 */
import { assemble } from '../../core/isa/assemble.ts';
import type { AssembledProgram } from '../../core/isa/assemble-text.ts';
import { again, machineProgram, MSIP, sbi, Sbi, setDeadline, supervisorProgram, type Amount } from './runtime.ts';

/** Numbers are 1 to this at most: what `li` can hold. */
const MOST = 2000;
const POOL = 8;
const WINDOW = 0x4000_0000;
const LI_A0 = assemble('addi', { rd: 10 });
const RET = assemble('jalr', { rs1: 1 });

/** Valid, readable, writable, executable, accessed, dirty. */
const LEAF = 0xcf;
const gigapage = (address: number): number => (address / 4096) * 1024 + LEAF;

/** Makes the entry for the page at t0 in t1, which is a leaf or leads to the next table. Uses t2. */
const entry = (bits: number): string => `
        srli    t1, t0, 2
        ori     t1, t1, ${bits & 1}
        li      t2, ${bits}
        or      t1, t1, t2
`;

const TABLES = `
        .align  4096
root:   .dword  ${gigapage(0)}, 0, ${gigapage(0x8000_0000)}
        .align  4096
middle: .dword  0
        .align  4096
lowest: .dword  0
        .align  4096
pool:   .zero   ${POOL * 4096}
flag:   .dword  0
        .align  64
fenced: .dword  0
`;

const HART_0 = `
        # The tables above the page that changes.
        la      t0, middle
        ${entry(1)}
        la      t2, root
        sd      t1, 8(t2)
        la      t0, lowest
        ${entry(1)}
        la      t2, middle
        sd      t1, 0(t2)
`;

/** The next number, s6, into the next page of the pool, and that into the table. */
const REPLACE = `
        addi    s6, s6, 1
        andi    t0, s6, ${POOL - 1}
        slli    t0, t0, 12
        add     t0, t0, s5
        sd      s6, 0(t0)
        slli    t1, s6, 20
        li      t2, ${LI_A0}
        or      t1, t1, t2
        sw      t1, 8(t0)
        li      t1, ${RET}
        sw      t1, 12(t0)
        fence   rw, rw
        ${entry(LEAF)}
        la      t2, lowest
        sd      t1, 0(t2)
        fence   rw, rw
`;

/** Enters Sv39 with the tables above. */
const TRANSLATE = `
        la      t0, root
        srli    t0, t0, 12
        li      t1, ${8n << 60n}
        or      t0, t0, t1
        csrw    satp, t0
        sfence.vma zero, zero
`;

/** What hart 1 does in S-mode: s6 is the number that it must see at least. */
const LOOK = `
look:   ld      s6, 0(s2)
        fence   rw, rw
        ld      t0, 0(s3)
        li      a0, 1
        bltu    t0, s6, fail
        addi    t0, s3, 8
        callr   t0
        mv      t0, a0
        li      a0, 2
        bltu    t0, s6, fail
        j       look
`;

const registers = (amount: Amount): string => `
main:   la      s2, flag
        li      s3, ${WINDOW}
        li      s4, ${Math.min(MOST, amount.rounds)}
        la      s5, pool
        li      s6, 0
        ${setDeadline('a5', amount)}
`;

/** Both harts in M-mode at first; hart 0 asks by an IPI, whose handler fences. */
export function remoteFenceByIpi(amount: Amount): AssembledProgram {
  return machineProgram(`
${registers(amount)}
        bnez    s0, looker
${HART_0}
${REPLACE}
        sd      s6, 0(s2)
        la      s7, fenced
        li      s8, ${MSIP + 4}
        li      s9, 1
        call    barrier
change: ${REPLACE}
        sw      s9, 0(s8)
        addi    s10, s6, -1       # fences so far are one less than pages
wait:   ld      t0, 0(s7)
        bne     t0, s10, wait
        sd      s6, 0(s2)
        ${again('change', 'a5', 's6', 's4')}
        j       pass

looker: la      t0, interrupted
        csrw    mtvec, t0
        la      s7, fenced
        li      s8, ${MSIP + 4}
        csrwi   mie, 8
        li      t0, -1
        csrw    pmpaddr0, t0
        li      t0, 0x1f
        csrw    pmpcfg0, t0
        call    barrier
        ${TRANSLATE}
        li      t0, 0x800         # MPP = S
        csrs    mstatus, t0
        la      t0, look
        csrw    mepc, t0
        mret
${LOOK}
        .align  4
interrupted:
        csrw    mscratch, t0
        csrr    t0, mcause
        bgez    t0, fail_at_trap
        sw      zero, 0(s8)
        fence   rw, rw
        sfence.vma zero, zero
        fence.i
        ld      t0, 0(s7)
        addi    t0, t0, 1
        sd      t0, 0(s7)
        csrr    t0, mscratch
        mret
${TABLES}`);
}

/** Both harts in S-mode; hart 0 asks the SBI. */
export function remoteFenceBySbi(amount: Amount): AssembledProgram {
  const ask = (functionId: number): string => `
        li      a0, 1             # hart 1, by mask and base
        li      a1, 1
        li      a2, 0
        li      a3, -1
        ${sbi(Sbi.RFENCE, functionId)}
        mv      t0, a0
        li      a0, 3
        bnez    t0, fail
`;
  return supervisorProgram(`
${registers(amount)}
        bnez    s0, looker
${HART_0}
${REPLACE}
        sd      s6, 0(s2)
        call    barrier
change: ${REPLACE}
        ${ask(1)}
        ${ask(0)}
        sd      s6, 0(s2)
        ${again('change', 'a5', 's6', 's4')}
        j       pass

looker: call    barrier
        ${TRANSLATE}
${LOOK}
${TABLES}`);
}
