/** Directed cases with the outcomes written down, then all combinations of special operands against the reference model. */
import { describe, expect, it } from 'vitest';
import { floatReference } from '../../reference/float.ts';
import type { FloatName } from './index.ts';
import { specialDisagreements } from './testing/differential.ts';
import { floatHarness } from './testing/harness.ts';

const [RNE, RTZ, RDN, RUP, RMM] = [0, 1, 2, 3, 4];
const [NX, UF, OF, DZ, NV] = [1, 2, 4, 8, 16];

const f64 = (value: number): bigint => new BigUint64Array(new Float64Array([value]).buffer)[0];
const f32 = (value: number): bigint => BigInt(new Uint32Array(new Float32Array([value]).buffer)[0]);
const QNAN64 = 0x7ff8_0000_0000_0000n;
const SNAN64 = 0x7ff0_0000_0000_0001n;
const QNAN32 = 0x7fc0_0000n;
const SNAN32 = 0x7f80_0001n;
/** A quiet NaN with a payload, which no operation passes on. */
const PAYLOAD64 = 0xfff8_dead_beef_0001n;
const MAX64 = f64(Number.MAX_VALUE);
const MIN64 = f64(2 ** -1022);
const TINY64 = 1n;
const MAX32 = 0x7f7f_ffffn;
const MINUS_ONE = 0xffff_ffff_ffff_ffffn;

type Case = readonly [name: FloatName, args: readonly bigint[], rm: number, value: bigint, flags: number];

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'the sign of a zero sum': [
    ['f64_add', [f64(1), f64(-1)], RNE, f64(0), 0],
    ['f64_add', [f64(1), f64(-1)], RDN, f64(-0), 0],
    ['f64_sub', [f64(-0), f64(0)], RNE, f64(-0), 0],
    ['f64_sub', [f64(0), f64(0)], RDN, f64(-0), 0],
    ['f64_madd', [f64(3), f64(2), f64(-6)], RDN, f64(-0), 0],
    ['f64_madd', [f64(-0), f64(2), f64(-0)], RUP, f64(-0), 0],
  ],
  'halfway between two numbers': [
    ['f64_add', [f64(1), f64(2 ** -53)], RNE, f64(1), NX],
    ['f64_add', [f64(1), f64(2 ** -53)], RMM, f64(1) + 1n, NX],
    ['f64_add', [f64(1), f64(2 ** -53)], RUP, f64(1) + 1n, NX],
    ['f64_add', [f64(1) + 1n, f64(2 ** -53)], RNE, f64(1) + 2n, NX],
    ['f64_add', [f64(-1), f64(-(2 ** -53))], RDN, f64(-1) + 1n, NX],
    ['f64_add', [f64(-1), f64(-(2 ** -53))], RTZ, f64(-1), NX],
    ['f32_add', [f32(1), f32(2 ** -24)], RNE, f32(1), NX],
    ['f32_madd', [f32(1) + 1n, f32(1), f32(2 ** -24)], RNE, f32(1) + 2n, NX],
    // A hair beyond the middle, lost if the sum is rounded to binary64 first.
    ['f32_madd', [f32(1), f32(2 ** -24), f32(1)], RNE, f32(1), NX],
    ['f32_madd', [f32(1 + 2 ** -12), f32(2 ** -24 - 2 ** -36), f32(1)], RNE, f32(1), NX],
    ['f32_madd', [f32(1 + 2 ** -20), f32(2 ** -24), f32(1)], RNE, f32(1) + 1n, NX],
  ],
  overflow: [
    ['f64_add', [MAX64, MAX64], RNE, f64(Infinity), OF | NX],
    ['f64_add', [MAX64, MAX64], RTZ, MAX64, OF | NX],
    ['f64_add', [MAX64, MAX64], RDN, MAX64, OF | NX],
    ['f64_add', [MAX64, MAX64], RUP, f64(Infinity), OF | NX],
    ['f64_mul', [f64(-Number.MAX_VALUE), f64(2)], RUP, f64(-Number.MAX_VALUE), OF | NX],
    ['f64_mul', [f64(-Number.MAX_VALUE), f64(2)], RMM, f64(-Infinity), OF | NX],
    ['f64_to_f32', [MAX64], RTZ, MAX32, OF | NX],
    ['f64_to_f32', [f64(2 ** 128 - 2 ** 103)], RNE, f32(Infinity), OF | NX],
    ['f64_to_f32', [f64(2 ** 128 - 2 ** 103) - 1n], RNE, MAX32, NX],
    ['f64_madd', [MAX64, f64(2), f64(-Number.MAX_VALUE)], RNE, MAX64, 0],
  ],
  'underflow, tiny after rounding': [
    ['f64_mul', [TINY64, f64(0.5)], RNE, 0n, UF | NX],
    ['f64_mul', [TINY64, f64(0.5)], RUP, TINY64, UF | NX],
    ['f64_mul', [TINY64, f64(0.5)], RMM, TINY64, UF | NX],
    ['f64_mul', [MIN64, f64(0.5)], RNE, MIN64 >> 1n, 0],
    // Just below the least normal number: tiny if 53 bits of it still are, whatever the result rounds to.
    ['f64_mul', [MIN64 + 1n, f64(1) - 1n], RNE, MIN64, NX],
    ['f64_mul', [MIN64, f64(1) - 1n], RNE, MIN64, UF | NX],
    ['f64_div', [MIN64, f64(1) + 1n], RNE, MIN64 - 1n, UF | NX],
    ['f64_to_f32', [f64(2 ** -126) - 1n], RNE, f32(2 ** -126), NX],
    ['f64_to_f32', [f64(2 ** -126) - (1n << 29n)], RNE, f32(2 ** -126), UF | NX],
    ['f64_to_f32', [f64(2 ** -150)], RNE, 0n, UF | NX],
    ['f64_to_f32', [f64(2 ** -150) + 1n], RNE, 1n, UF | NX],
    ['f64_to_f32', [f64(-(2 ** -149))], RDN, 0x8000_0001n, 0],
  ],
  'a subnormal factor': [
    ['f64_madd', [0x400_0000n, 0xda3f_ffff_ffff_ffffn, 0x18bf_ffff_ffff_fffdn], RNE, 0x9580_0000_0000_0000n, 0],
  ],
  'NaN and invalid operations': [
    ['f64_add', [PAYLOAD64, f64(1)], RNE, QNAN64, 0],
    ['f64_add', [f64(1), SNAN64], RNE, QNAN64, NV],
    ['f64_sub', [f64(Infinity), f64(Infinity)], RNE, QNAN64, NV],
    ['f64_mul', [f64(Infinity), f64(-0)], RNE, QNAN64, NV],
    ['f64_div', [f64(0), f64(-0)], RNE, QNAN64, NV],
    ['f64_div', [f64(-Infinity), f64(Infinity)], RNE, QNAN64, NV],
    ['f64_div', [f64(-1), f64(0)], RNE, f64(-Infinity), DZ],
    ['f64_div', [f64(-Infinity), f64(0)], RNE, f64(-Infinity), 0],
    ['f64_sqrt', [f64(-1)], RNE, QNAN64, NV],
    ['f64_sqrt', [f64(-0)], RNE, f64(-0), 0],
    ['f64_madd', [f64(Infinity), f64(0), PAYLOAD64], RNE, QNAN64, NV],
    ['f64_madd', [f64(Infinity), f64(1), f64(-Infinity)], RNE, QNAN64, NV],
    ['f64_madd', [f64(Infinity), f64(1), QNAN64], RNE, QNAN64, 0],
    ['f32_to_f64', [0xffc0_deadn], RNE, QNAN64, 0],
    ['f32_to_f64', [SNAN32], RNE, QNAN64, NV],
    ['f64_to_f32', [SNAN64], RNE, QNAN32, NV],
  ],
  'comparison, minimum, maximum': [
    ['f64_eq', [f64(0), f64(-0)], RNE, 1n, 0],
    ['f64_eq', [QNAN64, f64(1)], RNE, 0n, 0],
    ['f64_eq', [QNAN64, SNAN64], RNE, 0n, NV],
    ['f64_lt', [QNAN64, f64(1)], RNE, 0n, NV],
    ['f64_le', [f64(-Infinity), f64(-Infinity)], RNE, 1n, 0],
    ['f64_min', [f64(0), f64(-0)], RNE, f64(-0), 0],
    ['f64_max', [f64(-0), f64(0)], RNE, f64(0), 0],
    ['f64_min', [SNAN64, f64(7)], RNE, f64(7), NV],
    ['f64_max', [f64(7), PAYLOAD64], RNE, f64(7), 0],
    ['f64_max', [PAYLOAD64, PAYLOAD64], RNE, QNAN64, 0],
  ],
  'float to integer': [
    ['f64_to_i32', [f64(2.5)], RNE, 2n, NX],
    ['f64_to_i32', [f64(2.5)], RMM, 3n, NX],
    ['f64_to_i32', [f64(-2.5)], RDN, MINUS_ONE - 2n, NX],
    ['f64_to_i32', [f64(2 ** 31 - 0.5)], RTZ, 0x7fff_ffffn, NX],
    ['f64_to_i32', [f64(2 ** 31 - 0.5)], RNE, 0x7fff_ffffn, NV],
    ['f64_to_i32', [f64(-(2 ** 31) - 0.5)], RTZ, 0xffff_ffff_8000_0000n, NX],
    ['f64_to_i32', [f64(-(2 ** 31) - 1)], RTZ, 0xffff_ffff_8000_0000n, NV],
    ['f64_to_i32', [QNAN64], RTZ, 0x7fff_ffffn, NV],
    // Unsigned results of 32 bits are extended by their sign too.
    ['f64_to_u32', [f64(2 ** 32 - 1)], RTZ, MINUS_ONE, 0],
    ['f64_to_u32', [f64(2 ** 32)], RTZ, MINUS_ONE, NV],
    ['f64_to_u32', [f64(-0.5)], RNE, 0n, NX],
    ['f64_to_u32', [f64(-0.5)], RMM, 0n, NV],
    ['f64_to_u32', [f64(-0)], RTZ, 0n, 0],
    ['f64_to_i64', [f64(2 ** 63)], RTZ, 2n ** 63n - 1n, NV],
    ['f64_to_i64', [f64(-(2 ** 63))], RTZ, 2n ** 63n, 0],
    ['f64_to_u64', [f64(2 ** 64) - 1n], RTZ, 2n ** 64n - 2048n, 0],
    ['f64_to_u64', [f64(-1)], RTZ, 0n, NV],
    ['f64_to_u64', [f64(NaN)], RTZ, MINUS_ONE, NV],
    ['f32_to_u64', [f32(-Infinity)], RTZ, 0n, NV],
  ],
  'integer to float': [
    ['i32_to_f32', [0xffff_ffffn], RNE, f32(-1), 0],
    ['u32_to_f32', [MINUS_ONE], RNE, f32(2 ** 32), NX],
    ['u32_to_f32', [MINUS_ONE], RTZ, f32(2 ** 32) - 1n, NX],
    ['i64_to_f32', [2n ** 24n + 1n], RNE, f32(2 ** 24), NX],
    ['i64_to_f32', [2n ** 24n + 1n], RUP, f32(2 ** 24) + 1n, NX],
    ['i64_to_f64', [2n ** 63n - 1n], RNE, f64(2 ** 63), NX],
    ['i64_to_f64', [2n ** 63n], RNE, f64(-(2 ** 63)), 0],
    ['u64_to_f64', [MINUS_ONE], RNE, f64(2 ** 64), NX],
    ['u64_to_f64', [MINUS_ONE], RDN, f64(2 ** 64) - 1n, NX],
  ],
};

const harnesses = [floatHarness({ fast: false }), floatHarness({ fast: true })];

describe.each(Object.entries(CASES))('%s', (_, cases) => {
  it.each(cases)('%s of %s, rm %i', (name, args, rm, value, flags) => {
    expect(floatReference(name, args, rm), 'reference model').toEqual({ value, flags });
    for (const harness of harnesses) {
      expect(harness.call(name, args, rm)).toEqual({ value, flags });
      expect(harness.call(name, args, rm, NX | DZ)).toEqual({ value, flags: flags | NX | DZ });
    }
  });
});

describe('all combinations of special operands', () => {
  it.each(harnesses[0].names)('%s agrees with the reference model', (name) => {
    expect(specialDisagreements(harnesses, name)).toEqual([]);
  });
});

describe('the choice of fast paths', () => {
  it('is open for each routine', () => {
    const some = floatHarness({ fast: ['f64_add'] });
    expect(some.names).toEqual(harnesses[0].names);
    expect(some.call('f64_add', [f64(0.1), f64(0.2)], RNE)).toEqual({ value: f64(0.1 + 0.2), flags: NX });
  });
});
