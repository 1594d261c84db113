/** Zicbom and Zicboz (unprivileged architecture, "CMO"; privileged architecture, the `envcfg` registers). */
import { describe, expect, test } from 'vitest';
import { engineOf, engines } from '../testing/engines.ts';
import { ALL, EX, PageTables, RD, V } from './testing/page-tables.ts';
import { inMode, runText, TO_MACHINE, type Outcome } from './testing/scenario.ts';

const AT = 0x8010_0000;
const VA = 0x4000_0000n;
const OPERATIONS = 'cbo.inval (s0) \n cbo.clean (s0) \n cbo.flush (s0) \n cbo.zero (s0)';
const ALLOW_ALL = 0xf0;

describe.each(Object.keys(engines))('%s', (name) => {
  const engine = engineOf(name);

  /** Which of the four are illegal in a mode. */
  const illegal = (mode: 0 | 1 | 3, menvcfg: number, senvcfg: number): string => {
    const { log } = runText(
      engine,
      `
        li   s0, ${AT}
        li   t0, ${menvcfg}
        csrw menvcfg, t0
        li   t0, ${senvcfg}
        csrw senvcfg, t0
        ${inMode(mode)}
        ${OPERATIONS}`,
    );
    expect(log.every(({ cause }) => cause === 2n)).toBe(true);
    const names: Readonly<Record<number, string>> = { 0: 'inval', 1: 'clean', 2: 'flush', 4: 'zero' };
    return log.map(({ tval }) => names[Number(tval >> 20n)]).join(' ');
  };

  test('are allowed by menvcfg, and in U-mode by senvcfg too', () => {
    const everything = 'inval clean flush zero';
    expect(illegal(3, 0, 0)).toBe('');
    expect(illegal(1, 0, ALLOW_ALL)).toBe(everything);
    expect(illegal(0, 0, ALLOW_ALL)).toBe(everything);
    expect(illegal(1, ALLOW_ALL, 0)).toBe('');
    expect(illegal(0, ALLOW_ALL, 0)).toBe(everything);
    expect(illegal(0, ALLOW_ALL, ALLOW_ALL)).toBe('');
    expect(illegal(1, 0x10, 0)).toBe('clean flush zero');
    expect(illegal(1, 0x40, 0)).toBe('inval zero');
    expect(illegal(0, ALLOW_ALL, 0x80)).toBe('inval clean flush');
  });

  test('CBO.ZERO clears the 64 bytes around its address', () => {
    const { dword } = runText(engine, `li s0, ${AT + 0x7f} \n cbo.zero (s0)`, {
      blocks: [{ address: AT, bytes: new Uint8Array(256).fill(0xff) }],
    });
    const words = Array.from({ length: 32 }, (_, i) => dword(AT + i * 8));
    expect(words).toEqual(words.map((_, i) => (i >= 8 && i < 16 ? 0n : 0xffff_ffff_ffff_ffffn)));
  });

  test('fault as stores do, at the address in rs1', () => {
    const run = (flags: number): Outcome => {
      const map = new PageTables(3, 0x8020_0000).map(0x8000_0000n, 0x8000_0000, ALL, 1);
      if (flags !== 0) map.map(VA, AT, flags);
      return runText(
        engine,
        `
        li   t0, ${ALLOW_ALL}
        csrw menvcfg, t0
        li   t0, ${map.satp()}
        csrw satp, t0
        li   s0, ${VA + 0x65n}
        ${inMode(1)}
        ${OPERATIONS}
        ${TO_MACHINE}`,
        { blocks: [map.block] },
      );
    };
    const address = VA + 0x65n;
    const none = run(0).log;
    expect(none.slice(0, 4).map(({ cause, tval }) => [cause, tval])).toEqual(
      new Array<unknown>(4).fill([15n, address]),
    );
    expect(run(V | RD | 64).causes).toEqual([15, 9]);
    expect(run(V | EX | 64).causes).toEqual([15, 15, 15, 15, 9]);
    // Not accessed yet, without Svadu; managing does not need the dirty bit.
    expect(run(V | RD | 4).causes).toEqual([15, 15, 15, 15, 9]);
    expect(run(V | RD | 4 | 64).causes).toEqual([15, 9]);
  });

  test('PMP forbids with access faults, also where translation allows', () => {
    const { log } = runText(
      engine,
      `
        li   t0, ${AT / 4 + 0x1ff}
        csrw pmpaddr0, t0
        li   t0, -1
        csrw pmpaddr1, t0
        li   t0, 0x1f18
        csrw pmpcfg0, t0
        li   t0, ${ALLOW_ALL}
        csrw menvcfg, t0
        li   s0, ${AT + 3}
        ${inMode(1)}
        ${OPERATIONS}`,
    );
    expect(log.map(({ cause, tval }) => [cause, tval])).toEqual(new Array<unknown>(4).fill([7n, BigInt(AT + 3)]));
  });

  test('where there is no memory, zeroing is an access fault and managing does nothing', () => {
    const { causes } = runText(engine, `li s0, 0x10000000 \n ${OPERATIONS}`);
    expect(causes).toEqual([7]);
  });
});
