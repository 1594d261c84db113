/**
 * A number in single precision in the lower half of one in double precision, without a way through an integer, which would
 * cost the processor two moves between its register files (WebAssembly 3.0, "Vector Instructions").
 */
import { Expr } from './expr.ts';
import { define, type Operator, type ValueType } from './opcodes.ts';

/**
 * An instruction on vectors. They stay between such instructions, so that no other code has to know their type: it is written as
 * `f64`.
 */
export function vectorOperator(
  name: string,
  code: readonly number[],
  operands: readonly ValueType[],
  result: ValueType = 'f64',
): Operator {
  return define(name, [0xfd, ...code], operands, result);
}

export const SPLAT = vectorOperator('f64x2.splat', [0x14], ['f64']);
export const FIRST_DOUBLE = vectorOperator('f64x2.extract_lane 0', [0x21, 0x00], ['f64']);
const FIRST_SINGLE = vectorOperator('f32x4.extract_lane 0', [0x1f, 0x00], ['f64'], 'f32');
const SET_FIRST_SINGLE = vectorOperator('f32x4.replace_lane 0', [0x20, 0x00], ['f64', 'f32']);
const ONES = vectorOperator('v128.const i64x2 -1 -1', [0x0c, ...Array<number>(16).fill(0xff)], []);

export function applyVector(op: Operator, ...args: Expr[]): Expr {
  if (args.some(({ type }, i) => type !== op.operands[i]))
    throw new TypeError(`${op.name} takes ${op.operands.join()}`);
  return new Expr(op.result, 'op', op, ...args);
}

/** The `f32` whose bits are the lower half of an `f64`. */
export function lowerHalf(value: Expr): Expr {
  return applyVector(FIRST_SINGLE, applyVector(SPLAT, value));
}

/** The `f64` whose lower half is an `f32`, and whose upper half is ones. */
export function belowOnes(value: Expr): Expr {
  return applyVector(FIRST_DOUBLE, applyVector(SET_FIRST_SINGLE, applyVector(ONES), value));
}
