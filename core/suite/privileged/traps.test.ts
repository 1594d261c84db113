/** Exceptions, interrupts, and returns from them (privileged architecture, "Machine-Level ISA", "Supervisor-Level ISA"). */
import { describe, expect, test } from 'vitest';
import { engineOf, engines } from '../testing/engines.ts';
import { END, inMode, loadText, outcomeOf, runText, TO_MACHINE } from './testing/scenario.ts';

const SSIP = 1;
const STIP = 5;

describe.each(Object.keys(engines))('%s', (name) => {
  const engine = engineOf(name);
  const run = (text: string): ReturnType<typeof runText> => runText(engine, text);

  test('causes and trap values of what a program does wrong', () => {
    const { log, at } = run(`
        .word 0xffffffff
        .word 0
a:      ebreak
        ecall
        lr.w t0, (s11)
        addi s0, s11, 2
b:      lr.w t0, (s0)
        sc.w t0, t1, (s0)
        amoadd.d t0, t1, (s0)
        li   s1, 0x10000008
        ld   t0, 0(s1)
        sw   t0, 0(s1)
        li   s1, 0x20000000
        lb   t0, 3(s1)
        la   ra, back
        jalr zero, 2(s1)
back:   csrrw t0, 0x123, t1
        csrrw t0, cycle, t1
        csrrs t0, cycle, zero`);
    const lr = BigInt(at('log'));
    expect(log.map(({ cause, tval }) => [Number(cause), tval])).toEqual([
      [2, 0xffff_ffffn],
      // The first parcel of zeros is an instruction of 16 bits; so is the handler's return into the middle of the second.
      [2, 0n],
      [3, BigInt(at('a'))],
      [11, 0n],
      [4, lr + 5n * 24n + 2n - 24n],
      [6, lr + 5n * 24n + 2n - 24n],
      [6, lr + 5n * 24n + 2n - 24n],
      [5, 0x1000_0008n],
      [7, 0x1000_0008n],
      [5, 0x2000_0003n],
      [1, 0x2000_0002n],
      [2, 0x1233_12f3n],
      [2, 0xc003_12f3n],
    ]);
    expect(log[4].pc).toBe(BigInt(at('b')));
  });

  test('a compressed illegal instruction has 16 bits in the trap value', () => {
    const { log } = run(`
        .half 0x0000, 0x0001
        .half 0x9c41, 0x0001`);
    expect(log.map(({ cause, tval }) => [cause, tval])).toEqual([
      [2n, 0n],
      [2n, 0x9c41n],
    ]);
  });

  test('instructions that trap do not retire', () => {
    const { reg } = run(`
        csrr a0, minstret
        csrr a1, minstret
        nop
        nop
        csrr a2, minstret
        la   t0, quick
        csrw mtvec, t0
        csrr a3, minstret
        .word 0xffffffff
        csrr a4, minstret
        ecall
        csrr a5, minstret
        j    out
        .align 4
quick:  csrr t6, mepc
        addi t6, t6, 4
        csrw mepc, t6
        mret
out:    la   t0, handler
        csrw mtvec, t0`);
    expect(reg('a1') - reg('a0')).toBe(1n);
    expect(reg('a2') - reg('a1')).toBe(3n);
    // Four of the handler and the reading before.
    expect(reg('a4') - reg('a3')).toBe(5n);
    expect(reg('a5') - reg('a4')).toBe(5n);
  });

  test('ECALL names the mode, and is delegated by it', () => {
    const text = `
        la   t0, stop
        csrw stvec, t0
        li   t0, 0x100
        csrw medeleg, t0
        ${inMode(1)}
        li   a7, 0
        ecall
        ${TO_MACHINE}
        ${inMode(0)}
there:  ecall
        j    back
        .align 4
stop:   csrr a0, scause
        csrr a1, sepc
        csrr a2, sstatus
        csrr a3, stval
        ecall
back:`;
    const { causes, reg, at } = run(text);
    expect(causes).toEqual([9, 9, 9]);
    expect(reg('a0')).toBe(8n);
    expect(Number(reg('a1'))).toBe(at('there'));
    // SPP and SPIE are clear: from U-mode, with SIE clear.
    expect(reg('a2') & 0x122n).toBe(0n);
    expect(reg('a3')).toBe(0n);
  });

  test('traps from M-mode are not delegated', () => {
    const { causes } = run(`
        li   t0, -1
        csrw medeleg, t0
        csrr a0, medeleg
        ebreak
        .word 0xffffffff`);
    expect(causes).toEqual([3, 2]);
  });

  test('MRET and SRET restore the interrupt enables, lower the mode, and clear MPRV', () => {
    const { reg } = run(`
        li   t0, 0x21888           # MPRV, MPP M, MPIE, MIE
        csrw mstatus, t0
        la   t0, one
        csrw mepc, t0
        mret
one:    csrr a0, mstatus           # MPRV stays, since M-mode is returned to
        li   t0, 0x21800
        csrc mstatus, t0
        li   t0, 0x20800           # MPRV, MPP S
        csrs mstatus, t0
        la   t0, two
        csrw mepc, t0
        mret
two:    csrr a1, sstatus
        ${TO_MACHINE}
        csrr a2, mstatus           # MPRV was cleared
        li   t0, 0x20122           # MPRV, SPP S, SPIE, SIE
        csrs mstatus, t0
        la   t0, three
        csrw sepc, t0
        sret                       # from M-mode
three:  csrr a3, sstatus
        ${TO_MACHINE}
        csrr a4, mstatus
        li   t0, 0x122
        csrc mstatus, t0
        csrr a5, mstatus`);
    expect(reg('a0') & 0x2_1888n).toBe(0x2_0088n);
    expect(reg('a1') & 0x122n).toBe(0n);
    expect(reg('a2') & 0x2_0000n).toBe(0n);
    expect(reg('a3') & 0x122n).toBe(0x22n);
    expect(reg('a4') & 0x2_0000n).toBe(0n);
    expect(reg('a5') & 0x122n).toBe(0n);
  });

  test('what is privileged is illegal below', () => {
    const all = `
        mret
        sret
        wfi
        sfence.vma zero, zero
        sinval.vma zero, zero
        sfence.w.inval
        sfence.inval.ir
        csrr t1, mstatus
        csrr t1, sstatus
        csrr t1, satp`;
    // In S-mode a WFI would stop, and SRET would leave.
    const inS = all.replace('wfi', 'nop').replace('sret', 'nop');
    const { causes } = run(`${inMode(1)} ${inS} ${TO_MACHINE} ${inMode(0)} ${all}`);
    expect(causes).toEqual([2, 2, 9, ...new Array<number>(10).fill(2)]);
  });

  test('TVM, TW and TSR take from S-mode what M-mode keeps', () => {
    const { causes, log } = run(`
        li   t0, 0x700000
        csrs mstatus, t0
        sfence.vma zero, zero
        csrr t1, satp
        ${inMode(1)}
        sfence.vma zero, zero
        sinval.vma zero, zero
        sfence.w.inval
        sfence.inval.ir
        csrr t1, satp
        csrw satp, zero
        sret
        wfi`);
    expect(causes).toEqual([2, 2, 2, 2, 2, 2]);
    expect(log[4].tval).toBe(0x1020_0073n);
  });

  describe('interrupts', () => {
    const vectored = `
        la   t0, vectors
        ori  t0, t0, 1
        csrw mtvec, t0
        j    begin
        .align 256
vectors: j   end
        ${Array.from({ length: 11 }, (_, i) => `j taken_${i + 1}`).join('\n')}
${Array.from({ length: 11 }, (_, i) => `taken_${i + 1}: li a1, ${i + 1}\n j taken`).join('\n')}
taken:  slli a0, a0, 4
        or   a0, a0, a1
        csrr a2, mcause
        li   t1, 1
        sll  t1, t1, a1
        csrc mie, t1
        mret
begin:`;

    test('are taken in the order MEI MSI MTI SEI SSI STI, at their vectors', () => {
      const labels = loadText(engine, `${vectored}\n li t0, 0xaaa\n csrw mie, t0\n csrsi mstatus, 8\n nop\n ${END}`);
      for (const bit of [1, 3, 5, 7, 9, 11]) engine.interrupt(bit, true);
      expect(engine.run(20_000)).toBe('wfi');
      const { bits } = outcomeOf(engine, labels);
      expect(bits('a0').toString(16)).toBe('b37915');
      expect(bits('a2')).toBe((1n << 63n) | 5n);
    });

    test('delegated ones wait for S-mode, others come at once', () => {
      const labels = loadText(
        engine,
        `
        la   t0, s_handler
        csrw stvec, t0
        li   t0, 0x222
        csrw mideleg, t0
        csrw mie, t0
        li   t0, 0xa
        csrs mstatus, t0           # SIE, MIE
        csrsi mip, 2               # SSIP: delegated, so not taken in M-mode
        li   a0, 1
        ${inMode(1)}
        li   a1, 1                 # not reached before the interrupt
        ${END}
        .align 4
s_handler:
        csrr a2, scause
        csrr a3, sepc
        csrr a4, sip
        csrci sip, 2
        csrr a5, sip
        csrr s2, sstatus
        sret`,
      );
      expect(engine.run(20_000)).toBe('wfi');
      const { bits } = outcomeOf(engine, labels);
      expect(bits('a0')).toBe(1n);
      expect(bits('a1')).toBe(1n);
      expect(bits('a2')).toBe((1n << 63n) | BigInt(SSIP));
      expect([bits('a4'), bits('a5')]).toEqual([2n, 0n]);
      expect(bits('s2') & 0x122n).toBe(0x120n);
    });

    test('in U-mode come whatever SIE says; sip shows only what is delegated', () => {
      const labels = loadText(
        engine,
        `
        la   t0, s_handler
        csrw stvec, t0
        li   t0, 0x20
        csrw mideleg, t0
        li   t0, 0x222
        csrw mie, t0
        csrr a0, sie
        csrr a1, sip
        csrr a2, mip
        ${inMode(0)}
loop:   j    loop
        .align 4
s_handler:
        csrr a3, scause
        ${END}`,
      );
      engine.interrupt(STIP, true);
      engine.interrupt(SSIP, true);
      // SSIP is not delegated, so M-mode takes it first, below M.
      engine.interrupt(SSIP, false);
      expect(engine.run(20_000)).toBe('wfi');
      const { bits } = outcomeOf(engine, labels);
      expect([bits('a0'), bits('a1'), bits('a2')]).toEqual([0x20n, 0x20n, 0x20n]);
      expect(bits('a3')).toBe((1n << 63n) | BigInt(STIP));
    });
  });
});
