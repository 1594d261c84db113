/**
 * Inline floating point against the reference model, and how often it needs no routine. TABHYVE_FLOAT_CASES sets the
 * number of random calls.
 */
import { setFlagsFromString } from 'node:v8';
import { describe, expect, it } from 'vitest';
import type { FloatName } from '../hart/float/index.ts';
import { randomDisagreements, specialDisagreements } from '../hart/float/testing/differential.ts';
import { operandKind, seededRandom } from '../hart/float/testing/operands.ts';
import { hostFuses } from '../wasm/relaxed.ts';
import { inlineHarness } from './testing/inline-float-harness.ts';

// Node 20 has relaxed vectors behind a flag; later ones have them, and do not know the flag.
if (process.version.startsWith('v20.')) setFlagsFromString('--experimental-wasm-relaxed-simd');

const [RNE, RTZ, RDN, RUP, RMM] = [0, 1, 2, 3, 4];
const [NX, DZ] = [1, 8];
const cases = Number(process.env['TABHYVE_FLOAT_CASES'] ?? 2000);
const fuses = hostFuses();
const ofInstruction = inlineHarness({ mode: 'static', holdsGuard: false, fuses });
const ofRegister = inlineHarness({ mode: 'dynamic', holdsGuard: true, fuses });
const byRoutine = inlineHarness({ mode: 'dynamic', holdsGuard: false, fuses: false });
const harnesses = [ofInstruction, ofRegister, byRoutine];
const { names } = ofInstruction;

const f64 = (value: number): bigint => new BigUint64Array(new Float64Array([value]).buffer)[0];
const f32 = (value: number): bigint => BigInt(new Uint32Array(new Float32Array([value]).buffer)[0]);

describe('all combinations of special operands', () => {
  it.each(names)('%s agrees with the reference model', (name) => {
    expect(specialDisagreements([ofInstruction, ofRegister], name)).toEqual([]);
  });
});

describe('random operands', () => {
  it.each(names)('%s agrees with the reference model', { timeout: 20_000 + 5 * cases }, (name) => {
    expect(randomDisagreements(harnesses, name, cases, 1)).toEqual([]);
  });
});

/** Operands such as programs have: numbers of some size with long fractions, integers that most formats hold. */
function ordinaryOperands(name: FloatName, count: number): bigint[][] {
  const random = seededRandom(7);
  const kind = operandKind(name);
  const isUnsigned = /_to_u/.test(name) || name.startsWith('u');
  const isInteger = kind === 'i64';
  const operand = (): bigint => {
    const magnitude = 0.01 + (random() % 1_000_000) / 997;
    const value = !isUnsigned && random() & 1 ? -magnitude : magnitude;
    if (isInteger) return BigInt.asUintN(64, BigInt(Math.round(value * 1000)));
    return kind === 'f32' ? f32(value) : f64(value);
  };
  const args = Array.from({ length: 200 }, () => Array.from({ length: count }, operand));
  const positive = (bits: bigint): bigint => BigInt.asUintN(kind === 'f32' ? 31 : 63, bits);
  return name.endsWith('sqrt') ? args.map(([bits]) => [positive(bits)]) : args;
}

/** Whether the routine is called however ordinary the operands are. */
const alwaysCalls = (name: FloatName): boolean => name.endsWith('class') || (name === 'f64_madd' && !fuses);
/** Whether the result is certain whatever `fcsr` says. */
const needsNoGuard = (name: FloatName): boolean =>
  /_(eq|lt|le|min|max)$/.test(name) || ['f32_to_f64', 'i32_to_f64', 'u32_to_f64'].includes(name);

describe('ordinary operands', () => {
  it.each(names.filter((name) => !alwaysCalls(name)))('%s calls no routine when NX has accrued', (name) => {
    const all = ordinaryOperands(name, ofInstruction.arity(name));
    for (const harness of [ofInstruction, ofRegister]) {
      harness.takeCalls();
      for (const args of all) harness.call(name, args, RNE, NX | DZ);
      // A binary32 sum that lies between two numbers in binary64 is rare, but happens.
      expect(harness.takeCalls()).toBeLessThanOrEqual(name === 'f32_madd' ? 2 : 0);
    }
  });

  it.each(names.filter(needsNoGuard))('%s calls no routine in any state', (name) => {
    ofRegister.takeCalls();
    for (const args of ordinaryOperands(name, ofRegister.arity(name))) ofRegister.call(name, args, RUP, 0);
    expect(ofRegister.takeCalls()).toBe(0);
  });

  it.each(['f32_to_i32', 'f64_to_i32', 'f64_to_u32', 'f64_to_i64', 'f64_to_u64'] as const)(
    '%s calls no routine for a cast, a floor and a ceiling',
    (name) => {
      ofInstruction.takeCalls();
      for (const args of ordinaryOperands(name, 1)) {
        for (const rm of [RTZ, RDN, RUP]) ofInstruction.call(name, args, rm, NX);
      }
      expect(ofInstruction.takeCalls()).toBe(0);
    },
  );
});

describe('the guard', () => {
  const inexact = [f64(0.1), f64(0.2)];

  it('has the routine called until NX has accrued', () => {
    ofRegister.takeCalls();
    ofRegister.call('f64_add', inexact, RNE, DZ);
    expect(ofRegister.takeCalls()).toBe(1);
  });

  it('is read again behind a routine', () => {
    for (const harness of harnesses) {
      harness.takeCalls();
      harness.callTwice('f64_add', inexact, RNE);
      expect(harness.takeCalls()).toBe(1);
    }
  });

  it.each([RTZ, RDN, RUP, RMM])('has the routine called in mode %i', (rm) => {
    ofRegister.takeCalls();
    ofRegister.call('f64_add', inexact, rm, NX);
    expect(ofRegister.takeCalls()).toBe(1);
  });
});
