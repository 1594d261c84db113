/**
 * The host's arithmetic, and where it is what RISC-V asks for: one definition for the routines (fast.ts), which
 * test for more, and for compiled code, which calls a routine where this is not certain.
 *
 * The host rounds to nearest even (WebAssembly 3.0, "Numerics"). A finite result means that no operand was a NaN and none
 * infinite where that matters, and excludes overflow, division by zero and invalid operations; one that is also a little
 * above the least normal number excludes underflow. What is left is "inexact", which nobody can tell once it has accrued.
 */
import type { Expr } from '../../wasm/expr.ts';
import type { FunctionBuilder } from '../../wasm/function.ts';
import { relaxedMadd } from '../../wasm/relaxed.ts';
import type { IntegerFormat } from './convert.ts';
import { F32, F64, type FloatFormat } from './format.ts';

/**
 * What the size of a certain result is below, whatever its format: so some great numbers are not, which are rare.
 *
 *   64 bits of binary64, without the sign:  exponent (11), fraction (52), 0
 *   64 bits of binary32, without the sign:  exponent (8), fraction (23), 0 (33)
 */
export const CERTAIN_SIZE = 0xfdn << 56n;

export interface HostResult {
  /** A host's number, or for integers and comparisons the register, as an `i64`. Pinned if a condition needs it. */
  readonly value: Expr;
  /** Whether the operation may be inexact: then it is certain only where the mode is RNE and NX has accrued. */
  readonly rounds: boolean;
  /** The result is certain if this, an `i64` without a sign, is below {@link CERTAIN_SIZE}, */
  readonly size?: Expr;
  /** and each of these holds. */
  readonly conditions?: readonly Expr[];
}

/** Whether the host's result is certain, but for "inexact". */
export function isCertain({ size, conditions = [] }: HostResult): Expr {
  const all = size ? [size.ltU(CERTAIN_SIZE), ...conditions] : conditions;
  return all.reduce((a, b) => a.and(b));
}

/** x + y and x - y. A sum that is subnormal or zero is exact. */
export function hostSum(f: FunctionBuilder, operation: 'add' | 'sub', x: Expr, y: Expr): HostResult {
  const value = f.let(x.binary(operation, y));
  return { value, rounds: true, size: finiteSize(value) };
}

/** x * y and x / y. */
export function hostProduct(f: FunctionBuilder, operation: 'mul' | 'div', x: Expr, y: Expr): HostResult {
  const value = f.let(x.binary(operation, y));
  return { value, rounds: true, size: safeSize(value) };
}

/** Square root: of a finite number it is never subnormal. */
export function hostRoot(f: FunctionBuilder, x: Expr): HostResult {
  const value = f.let(x.to(`${x.type}.sqrt`));
  return { value, rounds: true, size: finiteSize(value) };
}

export interface HostFused32 extends HostResult {
  /** In binary64: the product, which is exact, the addend, and their sum. */
  readonly product: Expr;
  readonly addend: Expr;
  readonly sum: Expr;
}

/**
 * x * y + z in binary32, by a product that is exact in binary64 and one sum there. Rounding that sum again is harmless
 * unless it lies exactly between two binary32 numbers: rounding keeps order, so it cannot have crossed the middle.
 */
export function hostFused32(f: FunctionBuilder, x: Expr, y: Expr, z: Expr): HostFused32 {
  const product = f.let(promote(x).mul(promote(y)));
  const addend = f.let(promote(z));
  const sum = f.let(product.add(addend));
  const value = f.let(sum.to('f32.demote_f64'));
  const dropped = F64.fractionBits - F32.fractionBits;
  const below = sum
    .to('i64.reinterpret_f64')
    .wrap()
    .and(2 ** dropped - 1);
  const conditions = [below.ne(2 ** (dropped - 1))];
  return { value, rounds: true, size: safeSize(value), conditions, product, addend, sum };
}

/** x * y + z in binary64, where the host rounds once: see `hostFuses`. */
export function hostFused64(f: FunctionBuilder, x: Expr, y: Expr, z: Expr): HostResult {
  const value = f.let(relaxedMadd(x, y, z));
  return { value, rounds: true, size: safeSize(value) };
}

/** Binary64 to binary32. */
export function hostNarrow(f: FunctionBuilder, x: Expr): HostResult {
  const value = f.let(x.to('f32.demote_f64'));
  return { value, rounds: true, size: safeSize(value) };
}

/** Binary32 to binary64: exact but for NaN. */
export function hostWiden(x: Expr): HostResult {
  return { value: promote(x), rounds: false, conditions: [isNumber(x)] };
}

/** 1 or 0. */
export function hostCompare(relation: 'eq' | 'lt' | 'le', x: Expr, y: Expr): HostResult {
  return { value: x.binary(relation, y).zext(), rounds: false, conditions: [isNumber(x), isNumber(y)] };
}

/** Minimum and maximum: the host has -0 below +0 too, and gives a NaN if either operand is one. */
export function hostExtreme(f: FunctionBuilder, choice: 'min' | 'max', x: Expr, y: Expr): HostResult {
  const value = f.let(x.binary(choice, y));
  return { value, rounds: false, conditions: [isNumber(value)] };
}

/** A number rounded towards zero, as an integer in a register: as it is in all modes if it has no fraction. */
export function hostToInteger(integer: IntegerFormat, x: Expr): HostResult {
  const { name, least, write } = integer;
  const { bias } = formatOf(x);
  const value = write(x.to(`i64.trunc_sat_${x.type}_s`));
  // The sign stands above the exponent, and makes a negative number too great for an unsigned format. The host's own
  // conversion to 64 unsigned bits is slow, and the numbers that need it are rare.
  const measure = least === 0n ? upper(x) : exponent(x);
  const digits = { i32: 31, u32: 32, i64: 63, u64: 63 }[name];
  return { value, rounds: true, conditions: [measure.ltU(bias + digits)] };
}

/** An integer in a register, as a number; certain in all modes if the significand has room for all of its format. */
export function hostFromInteger(format: FloatFormat, integer: IntegerFormat, register: Expr): HostResult {
  const { name, least } = integer;
  const low = name.endsWith('32') ? register.wrap() : register;
  const value = low.to(`${format.name}.convert_${low.type}_${least === 0n ? 'u' : 's'}`);
  return { value, rounds: format === F32 || low.type === 'i64' };
}

/** The size of a result that is certain if it is finite. */
function finiteSize(value: Expr): Expr {
  return value.type === 'f32'
    ? value
        .to('i32.reinterpret_f32')
        .zext()
        .shl(64 - F32.signBit)
    : value.to('i64.reinterpret_f64').shl(64 - F64.signBit);
}

/**
 * The same if it must be at least twice the least normal number besides, so that the exact result was normal before and
 * after rounding: what is less becomes greatest.
 */
function safeSize(value: Expr): Expr {
  const { fractionBits, signBit } = formatOf(value);
  return finiteSize(value).sub(2n << BigInt(fractionBits + 64 - signBit));
}

/** One comparison, where inequality would be two for the processor. */
function isNumber(value: Expr): Expr {
  return value.le(value);
}

/** The exponent's field. */
function exponent(value: Expr): Expr {
  return upper(value).and(formatOf(value).maxBiased);
}

/** Sign and exponent. */
function upper(value: Expr): Expr {
  return value.type === 'f32'
    ? value.to('i32.reinterpret_f32').shrU(F32.fractionBits)
    : value.to('i64.reinterpret_f64').shrU(F64.fractionBits).wrap();
}

function formatOf(value: Expr): FloatFormat {
  return value.type === 'f32' ? F32 : F64;
}

export function promote(value: Expr): Expr {
  return value.to('f64.promote_f32');
}
