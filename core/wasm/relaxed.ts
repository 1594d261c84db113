/**
 * Multiply-add by WebAssembly 3.0's relaxed vector instruction, which rounds once or twice as the host has it
 * ("Relaxed SIMD"), and the question whether this host rounds once.
 */
import { Expr } from './expr.ts';
import { ModuleBuilder } from './module.ts';
import type { Operator } from './opcodes.ts';

// The vectors stay between these instructions, so that no other code has to know their type: it is written as `f64` here.
const SPLAT: Operator = { name: 'f64x2.splat', code: [0xfd, 0x14], operands: ['f64'], result: 'f64' };
const MADD: Operator = {
  name: 'f64x2.relaxed_madd',
  code: [0xfd, 0x87, 0x02],
  operands: ['f64', 'f64', 'f64'],
  result: 'f64',
};
const FIRST_LANE: Operator = {
  name: 'f64x2.extract_lane 0',
  code: [0xfd, 0x21, 0x00],
  operands: ['f64'],
  result: 'f64',
};

/** a * b + c of `f64`. Only for hosts that know the instruction: see {@link hostFuses}. */
export function relaxedMadd(a: Expr, b: Expr, c: Expr): Expr {
  const vectors = [a, b, c].map((value) => apply(SPLAT, value));
  return apply(FIRST_LANE, apply(MADD, ...vectors));
}

function apply(op: Operator, ...args: Expr[]): Expr {
  if (args.some(({ type }) => type !== 'f64')) throw new TypeError(`${op.name} takes f64`);
  return new Expr('f64', { kind: 'op', op, args });
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
