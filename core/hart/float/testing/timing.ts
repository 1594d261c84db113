/**
 * Prints nanoseconds for a call in a dependent chain, on the exact paths and on the fast ones with NX accrued and not:
 * `npx tsx core/hart/float/testing/timing.ts`. The chains keep their values in the middle of the range and inexact.
 */
import type { FloatName } from '../index.ts';
import { floatHarness, type FloatHarness } from './harness.ts';

const CALLS = 1_000_000;

const f64 = (value: number): bigint => new BigUint64Array(new Float64Array([value]).buffer)[0];
const f32 = (value: number): bigint => BigInt(new Uint32Array(new Float32Array([value]).buffer)[0]);

const CHAINS: readonly (readonly [FloatName, readonly bigint[]])[] = [
  ['f32_add', [f32(1.1), f32(1.3e-7)]],
  ['f32_mul', [f32(1.1), f32(1 + 2 ** -22)]],
  ['f32_div', [f32(1.1), f32(1 + 2 ** -22)]],
  ['f32_sqrt', [f32(1.1)]],
  ['f32_madd', [f32(1.1), f32(1 + 2 ** -22), f32(1.3e-7)]],
  ['f64_add', [f64(1.1), f64(1.3e-10)]],
  ['f64_mul', [f64(1.1), f64(1 + 1e-10)]],
  ['f64_div', [f64(1.1), f64(1 + 1e-10)]],
  ['f64_sqrt', [f64(1.1)]],
  ['f64_madd', [f64(1.1), f64(1 + 1e-10), f64(1.3e-10)]],
];

function best(harness: FloatHarness, name: FloatName, args: readonly bigint[], accrued: number): string {
  const times = Array.from({ length: 8 }, () => harness.time(name, args, CALLS, accrued));
  return Math.min(...times).toFixed(1);
}

const exact = floatHarness({ fast: false });
const fast = floatHarness();
for (const [name, args] of CHAINS) {
  const row = [best(exact, name, args, 0), best(fast, name, args, 1), best(fast, name, args, 0)];
  console.log(`${name.padEnd(9)} exact ${row[0]} ns, fast ${row[1]} ns (${row[2]} ns beginning with no flags)`);
}
