/** Device registers as instructions see them: widths, sign extension, alignment, and who may not touch them. */
import { describe, expect, test } from 'vitest';
import { DEVICE } from './testing/engine.ts';
import { engineOf, engines } from './testing/engines.ts';
import { runText } from './privileged/testing/scenario.ts';

describe.each(Object.keys(engines))('%s', (name) => {
  const engine = engineOf(name);

  test('a register is read and written whole, and extended like memory', () => {
    const { bits, causes } = runText(
      engine,
      `
        li   s0, ${DEVICE}
        li   t0, 0x9234567887654321
        sw   t0, 0(s0)
        lw   a0, 0(s0)
        lwu  a1, 0(s0)
        li   s1, 0x2000
        csrs mstatus, s1
        flw  fa0, 0(s0)
        fmv.x.d a2, fa0`,
    );
    expect(causes).toEqual([]);
    expect(bits('a0')).toBe(0xffff_ffff_8765_4321n);
    expect(bits('a1')).toBe(0x8765_4321n);
    expect(bits('a2')).toBe(0xffff_ffff_8765_4321n);
  });

  test('what a device does not have, or does not allow, is an access fault with the address', () => {
    const { log } = runText(
      engine,
      `
        li   s0, ${DEVICE}
        lb   a0, 0(s0)
        sh   a0, 0(s0)
        ld   a0, 0(s0)
        lw   a0, 2(s0)
        sw   a0, 1(s0)
        lw   a0, 4(s0)
        lr.w a0, (s0)
        amoadd.w a0, a0, (s0)
        sc.w a0, a0, (s0)`,
    );
    const [load, store] = [5n, 7n];
    const at = BigInt(DEVICE);
    const expected = [
      ...[[load, 0n] as const, [store, 0n] as const, [load, 2n] as const, [store, 1n] as const],
      ...[[load, 4n] as const, [load, 0n] as const, [store, 0n] as const, [store, 0n] as const],
    ];
    // A load of 8 bytes is one of its first half, or of its second, which is not there.
    const faults = log.filter(({ tval }, i) => !(i === 2 && tval === at));
    expect(log).toHaveLength(9);
    expect(faults.map(({ cause, tval }) => [cause, tval - at])).toEqual(expected);
  });
});
