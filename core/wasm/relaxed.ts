/**
 * Multiply-add by WebAssembly 3.0's relaxed vector instruction, which rounds once or twice as the host has it
 * ("Relaxed SIMD"), and the question whether this host rounds once.
 */
import type { Expr } from './expr.ts';
import { applyVector, FIRST_DOUBLE, SPLAT, vectorOperator } from './lanes.ts';
import { ModuleBuilder } from './module.ts';

const MADD = vectorOperator('f64x2.relaxed_madd', [0x87, 0x02], ['f64', 'f64', 'f64']);

/** a * b + c of `f64`. Only for hosts that know the instruction: see {@link hostFuses}. */
export function relaxedMadd(a: Expr, b: Expr, c: Expr): Expr {
  const vectors = [a, b, c].map((value) => applyVector(SPLAT, value));
  return applyVector(FIRST_DOUBLE, applyVector(MADD, ...vectors));
}

let fuses: boolean | undefined;

/** Whether this host knows {@link relaxedMadd} and rounds once. */
export function hostFuses(): boolean {
  fuses ??= probe();
  return fuses;
}

function probe(): boolean {
  const module = new ModuleBuilder(1);
  const f = module.function('madd', { a: 'f64', b: 'f64', c: 'f64' }, ['f64']);
  f.return(relaxedMadd(f.args.a, f.args.b, f.args.c));
  module.export(f);
  const bytes = module.encode();
  if (!WebAssembly.validate(bytes)) return false;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const madd = exports['madd'] as (a: number, b: number, c: number) => number;
  // The square is 1 + 2^-26 + 2^-54, whose last bit is lost unless it is added to before it is rounded.
  const value = 1 + 2 ** -27;
  return madd(value, value, -(1 + 2 ** -26)) === 2 ** -54;
}
