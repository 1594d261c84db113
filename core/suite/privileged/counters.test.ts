/** Counters, timers, WFI (privileged architecture; "Zicntr", "Zihpm", "Sstc"). */
import { describe, expect, test } from 'vitest';
import { engineOf, engines } from '../testing/engines.ts';
import { END, inMode, loadText, outcomeOf, runText, TO_MACHINE } from './testing/scenario.ts';

const STCE = 1n << 63n;

describe.each(Object.keys(engines))('%s', (name) => {
  const engine = engineOf(name);

  test('a written counter is read by the next instruction as written, and goes on from there', () => {
    const { reg } = runText(
      engine,
      `
        li   t0, 1000
        csrw minstret, t0
        csrr a0, minstret
        csrr a1, instret
        li   t0, -1
        csrw mcycle, t0
        csrr a2, mcycle
        csrr a3, cycle
        nop
        csrr a4, mcycle`,
    );
    expect(['a0', 'a1', 'a2', 'a3', 'a4'].map(reg)).toEqual([1000n, 1001n, -1n, 0n, 2n]);
  });

  test('mcountinhibit stops each by itself, and stopped ones can be written', () => {
    const { reg, bits } = runText(
      engine,
      `
        csrwi mcountinhibit, 4
        csrr a0, minstret
        csrr s0, mcycle
        nop
        csrr a1, minstret
        csrr s1, mcycle
        li   t0, 77
        csrw minstret, t0
        nop
        csrr a2, minstret
        csrwi mcountinhibit, 1
        csrr a3, minstret
        csrr s2, mcycle
        nop
        csrr a4, minstret
        csrr s3, mcycle
        li   t0, -1
        csrw mcountinhibit, t0
        csrr a5, mcountinhibit`,
    );
    expect(reg('a1')).toBe(reg('a0'));
    expect(reg('s1') - reg('s0')).toBe(3n);
    expect(reg('a2')).toBe(77n);
    expect(reg('a4') - reg('a3')).toBe(3n);
    expect(reg('s3')).toBe(reg('s2'));
    expect(bits('a5') & 2n).toBe(0n);
  });

  test.each([
    ['cycle', 0],
    ['time', 1],
    ['instret', 2],
    ['hpmcounter3', 3],
    ['hpmcounter31', 31],
  ] as const)('%s is seen below M-mode as mcounteren and scounteren say', (csr, bit) => {
    const visible = (machine: boolean, supervisor: boolean): readonly number[] =>
      runText(
        engine,
        `
        li   t0, ${machine ? 1n << BigInt(bit) : ~(1n << BigInt(bit))}
        csrw mcounteren, t0
        li   t0, ${supervisor ? 1n << BigInt(bit) : ~(1n << BigInt(bit))}
        csrw scounteren, t0
        csrr a0, ${csr}
        ${inMode(1)}
        csrr a0, ${csr}
        ${TO_MACHINE}
        ${inMode(0)}
        csrr a0, ${csr}`,
      ).causes;
    expect(visible(true, true)).toEqual([9]);
    expect(visible(true, false)).toEqual([9, 2]);
    expect(visible(false, true)).toEqual([2, 9, 2]);
  });

  test('time is the clock; it cannot be written', () => {
    const labels = loadText(engine, `csrr a0, time \n csrrw a1, time, a0 ${END}`);
    engine.clock.now = 123_456_789_012_345n;
    engine.run(20_000);
    const { reg, causes } = outcomeOf(engine, labels);
    expect(reg('a0')).toBe(123_456_789_012_345n);
    expect(causes).toEqual([2]);
  });

  test('stimecmp raises STIP when it is not later than time, and lowers it', () => {
    const labels = loadText(
      engine,
      `
        li   t0, 1000
        csrw stimecmp, t0
        csrr a0, mip               # nothing without STCE
        li   t0, ${STCE}
        csrw menvcfg, t0
        csrr a1, mip
        li   t0, 1001
        csrw stimecmp, t0
        csrr a2, mip
        csrsi mip, 2
        li   t0, 0x20
        csrs mip, t0               # STIP is not software's
        csrr a3, mip
        li   t0, 999
        csrw stimecmp, t0
        csrr a4, mip
        csrc mip, t0
        csrr a5, mip
        ${END}`,
    );
    engine.clock.now = 1000n;
    expect(engine.run(20_000)).toBe('wfi');
    const { bits } = outcomeOf(engine, labels);
    expect(['a0', 'a1', 'a2', 'a3', 'a4', 'a5'].map(bits)).toEqual([0n, 0x20n, 0n, 2n, 0x22n, 0x20n]);
  });

  test('stimecmp is for S-mode when menvcfg.STCE and mcounteren.TM are set', () => {
    const accessible = (stce: bigint, tm: number): readonly number[] =>
      runText(
        engine,
        `
        li   t0, ${stce}
        csrw menvcfg, t0
        csrwi mcounteren, ${tm}
        csrr a0, stimecmp
        ${inMode(1)}
        csrr a0, stimecmp
        csrw stimecmp, a0
        ${TO_MACHINE}
        ${inMode(0)}
        csrr a0, stimecmp`,
      ).causes;
    expect(accessible(STCE, 2)).toEqual([9, 2]);
    expect(accessible(STCE, 0)).toEqual([2, 2, 9, 2]);
    expect(accessible(0n, 2)).toEqual([2, 2, 9, 2]);
  });

  test('a timer interrupt ends a loop of S-mode when the clock has come so far', () => {
    const labels = loadText(
      engine,
      `
        la   t0, s_handler
        csrw stvec, t0
        li   t0, ${STCE}
        csrw menvcfg, t0
        li   t0, 0x20
        csrw mideleg, t0
        csrw mie, t0
        csrwi mcounteren, 2
        li   t0, 500
        csrw stimecmp, t0
        csrsi mstatus, 2
        ${inMode(1)}
loop:   addi a0, a0, 1
        j    loop
        .align 4
s_handler:
        csrr a1, scause
        csrr a2, sip
        li   t0, -1
        csrw stimecmp, t0
        csrr a3, sip
        ${END}`,
    );
    engine.clock.now = 499n;
    expect(engine.run(2000)).toBe('budget');
    engine.clock.now = 500n;
    expect(engine.run(2000)).toBe('wfi');
    const { bits } = outcomeOf(engine, labels);
    expect(bits('a0')).toBeGreaterThan(500n);
    expect(['a1', 'a2', 'a3'].map(bits)).toEqual([(1n << 63n) | 5n, 0x20n, 0n]);
  });

  test('WFI stops with pc behind it, and an interrupt is taken from there', () => {
    const labels = loadText(engine, `csrwi mie, 8 \n li a0, 1 \n wfi \nbehind: li a0, 2 ${END}`);
    expect(engine.run(20_000)).toBe('wfi');
    expect(Number(engine.read().fields.pc)).toBe(labels.get('behind'));
    expect(engine.read().x[10]).toBe(1n);
    engine.interrupt(3, true);
    expect(engine.run(20_000)).toBe('wfi');
    expect(outcomeOf(engine, labels).reg('a0')).toBe(2n);
  });

  test('fields of mstatus and the envcfg registers keep what is legal', () => {
    const { bits } = runText(
      engine,
      `
        li   t0, -1
        csrw mstatus, t0
        csrr a0, mstatus
        li   t0, 0x1000            # MPP of 2 is reserved: it stays
        csrw mstatus, t0
        csrr a1, mstatus
        li   t0, 0x1800
        csrw mstatus, t0
        csrw sstatus, zero
        csrr a2, mstatus
        li   t0, -1
        csrw menvcfg, t0
        csrr a3, menvcfg
        li   t0, 0x20              # CBIE of 2 is reserved
        csrw senvcfg, t0
        csrr a4, senvcfg
        li   t0, -1
        csrw senvcfg, t0
        csrr a5, senvcfg
        csrw mtvec, t0
        csrr s2, mtvec
        la   t0, handler
        csrw mtvec, t0
        li   t0, -1
        csrw sepc, t0
        csrr s3, sepc
        csrw sip, t0
        csrr s4, mip
        csrw mstatus, zero`,
    );
    expect(bits('a0')).toBe(0x8000_000a_007e_79aan);
    expect(bits('a1')).toBe(0xa_0000_1800n);
    expect(bits('a2')).toBe(0xa_0000_1800n);
    expect(bits('a3')).toBe(0xe000_0000_0000_00f1n);
    expect(bits('a4') & 0x30n).not.toBe(0x20n);
    expect(bits('a5')).toBe(0xf1n);
    expect(bits('s2')).toBe(0xffff_ffff_ffff_fffdn);
    expect(bits('s3')).toBe(0xffff_ffff_ffff_fffen);
    expect(bits('s4')).toBe(0n);
  });

  test('floating point is illegal while FS is Off, and leaves it Dirty', () => {
    const { causes, bits } = runText(
      engine,
      `
        fadd.d ft0, ft1, ft2
        csrr t1, fcsr
        li   s0, 0x2000
        csrs mstatus, s0
        fsd  ft0, 0(s11)
        fmv.x.d t1, ft0
        csrr t1, fflags
        csrr a0, mstatus
        fmv.d.x ft0, t1
        csrr a1, mstatus
        csrwi frm, 5
        fadd.d ft0, ft1, ft2
        fcvt.d.w ft0, t1
        csrw fcsr, zero
        fadd.d ft0, ft1, ft2`,
    );
    expect(causes).toEqual([2, 2, 2, 2]);
    expect(bits('a0') & 0x8000_0000_0000_6000n).toBe(0x2000n);
    expect(bits('a1') & 0x8000_0000_0000_6000n).toBe(0x8000_0000_0000_6000n);
  });
});
