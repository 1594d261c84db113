/**
 * Fast paths: the host's arithmetic, which rounds to nearest even (WebAssembly 3.0, "Numerics"), wherever its result is what
 * RISC-V asks for and the exceptions are certain.
 *
 * A finite result means that no operand was a NaN and none infinite where that matters, and excludes overflow, division
 * by zero and invalid operations; one that is also a little above the least normal number excludes underflow. What
 * is left is "inexact", which nobody can tell once it has accrued; before, the result must be shown to be exact, or
 * the test must be decisive so that the exception can be raised here.
 *
 * Each path is code at the beginning of a routine that returns, or falls through to the exact path.
 */
import type { Expr } from '../../wasm/expr.ts';
import type { FunctionBuilder } from '../../wasm/function.ts';
import type { IntegerFormat } from './convert.ts';
import { F32, F64, Flag, fromHost, magnitudeOf, Rounding, toHost, type FloatFormat } from './format.ts';
import type { FloatUnit } from './unit.ts';

type RoundedOperation = FunctionBuilder<{ a: 'i64'; b: 'i64'; rm: 'i32' }>;

/** a + b and a - b. A sum that is subnormal or zero is exact. */
export function fastAdd(unit: FloatUnit, f: RoundedOperation, format: FloatFormat, operation: 'add' | 'sub'): void {
  const { a, b, rm } = f.args;
  const x = f.let(toHost(format, a));
  const y = f.let(toHost(format, b));
  const result = f.let(x.binary(operation, y));
  const bits = f.let(fromHost(result));
  likely(f, rm.eqz().and(isFinite(format, bits)), () => {
    const addend = operation === 'add' ? y : y.to(`${format.name}.neg`);
    returnIfExact(unit, f, bits, () => sumError(f, x, f.let(addend), result).eq(0));
  });
}

/** a * b. The product of two binary32 numbers is exact in binary64, and tells whether its rounding is. */
export function fastMultiply(unit: FloatUnit, f: RoundedOperation, format: FloatFormat): void {
  const { a, b, rm } = f.args;
  const x = toHost(format, a);
  const y = toHost(format, b);
  const result = f.let(x.mul(y));
  const bits = f.let(fromHost(result));
  likely(f, rm.eqz().and(isSafe(format, bits)), () => {
    if (format === F32) returnRounded(unit, f, bits, () => promote(x).mul(promote(y)).eq(promote(result)));
    else returnIfExact(unit, f, bits, () => fitsProduct(a, b));
  });
  const hasZero = magnitudeOf(format, a).eqz().or(magnitudeOf(format, b).eqz());
  f.if(hasZero.and(isFinite(format, bits)), () => f.return(bits));
}

/** a / b: exact if the quotient times b is a, and that product is exact itself. */
export function fastDivide(unit: FloatUnit, f: RoundedOperation, format: FloatFormat): void {
  const { a, b, rm } = f.args;
  const x = toHost(format, a);
  const y = toHost(format, b);
  const result = f.let(x.binary('div', y));
  const bits = f.let(fromHost(result));
  likely(f, rm.eqz().and(isSafe(format, bits)), () => {
    if (format === F32) returnRounded(unit, f, bits, () => promote(result).mul(promote(y)).eq(promote(x)));
    else returnIfExact(unit, f, bits, () => isSafe(F64, a).and(fitsProduct(bits, b)).and(result.mul(y).eq(x)));
  });
}

/** Square root: of a finite number it is never subnormal. */
export function fastSquareRoot(
  unit: FloatUnit,
  f: FunctionBuilder<{ a: 'i64'; rm: 'i32' }>,
  format: FloatFormat,
): void {
  const { a, rm } = f.args;
  const x = toHost(format, a);
  const result = f.let(x.to(`${format.name}.sqrt`));
  const bits = f.let(fromHost(result));
  likely(f, rm.eqz().and(isFinite(format, bits)), () => {
    if (format === F32) returnRounded(unit, f, bits, () => promote(result).mul(promote(result)).eq(promote(x)));
    else returnIfExact(unit, f, bits, () => isSafe(F64, a).and(fitsProduct(bits, bits)).and(result.mul(result).eq(x)));
  });
}

type FusedOperation = FunctionBuilder<{ a: 'i64'; b: 'i64'; c: 'i64'; rm: 'i32' }>;

/**
 * a * b + c in binary32, by a product that is exact in binary64 and one sum there. Rounding that sum again is harmless
 * unless it lies exactly between two binary32 numbers: rounding keeps order, so it cannot have crossed the middle.
 */
export function fastFused32(unit: FloatUnit, f: FusedOperation): void {
  const { a, b, c, rm } = f.args;
  const product = f.let(promote(toHost(F32, a)).mul(promote(toHost(F32, b))));
  const addend = f.let(promote(toHost(F32, c)));
  const sum = f.let(product.add(addend));
  const result = f.let(sum.to('f32.demote_f64'));
  const bits = f.let(fromHost(result));
  const dropped = F64.fractionBits - F32.fractionBits;
  const between = (1n << BigInt(dropped)) - 1n;
  const isBetween = fromHost(sum)
    .and(between)
    .eq(1n << BigInt(dropped - 1));
  likely(f, rm.eqz().and(isSafe(F32, bits)).and(isBetween.eqz()), () => {
    returnRounded(unit, f, bits, () => sumError(f, product, addend, sum).eq(0).and(promote(result).eq(sum)));
  });
}

/**
 * a * b + c in binary64, as `sum + rest`: the product and its error, added to c with the sum's error. Were `rest` exact, its
 * addition would be the one rounding; it has a relative error of 2^-53 at most, which does no harm if both ends of a
 * wider interval round to the same result. Rounding keeps order.
 */
export function fastFused64(unit: FloatUnit, f: FusedOperation): void {
  const { a, b, c, rm } = f.args;
  const x = toHost(F64, a);
  const y = toHost(F64, b);
  const z = f.let(toHost(F64, c));
  const product = f.let(x.mul(y));
  // No error underflows, no sum overflows.
  const isWithin = product
    .to('f64.abs')
    .binary('ge', 2 ** -800)
    .and(product.to('f64.abs').lt(2 ** 800));
  likely(
    f,
    rm
      .eqz()
      .and(isWithin)
      .and(z.to('f64.abs').lt(2 ** 800)),
    () => {
      const productRest = f.let(productError(f, a, b, product));
      const sum = f.let(product.add(z));
      const sumRest = f.let(sumError(f, product, z, sum));
      const rest = f.let(sumRest.add(productRest));
      const bits = f.let(fromHost(sum.add(rest)));
      const [least, most] = [1 - 2 ** -51, 1 + 2 ** -51].map((factor) => sum.add(rest.mul(factor)));
      // Not finite: splitting a number near the greatest one has overflowed.
      likely(f, isFinite(F64, bits).and(sumRest.eq(0).or(least.eq(most))), () => {
        const isRestExact = sumRest.eq(0).or(productRest.eq(0));
        returnIfExact(unit, f, bits, () => isRestExact.and(sumError(f, sum, rest, toHost(F64, bits)).eq(0)));
      });
    },
  );
}

/** Narrowing: exact if widening gives the same number. */
export function fastNarrow(unit: FloatUnit, f: FunctionBuilder<{ a: 'i64'; rm: 'i32' }>): void {
  const { a, rm } = f.args;
  const x = toHost(F64, a);
  const result = f.let(x.to('f32.demote_f64'));
  const bits = f.let(fromHost(result));
  likely(f, rm.eqz().and(isSafe(F32, bits)), () => returnRounded(unit, f, bits, () => promote(result).eq(x)));
}

/** Float to integer in all modes but RMM: the host rounds to an integral number first. */
export function fastToInteger(
  unit: FloatUnit,
  f: FunctionBuilder<{ a: 'i64'; rm: 'i32' }>,
  format: FloatFormat,
  integer: IntegerFormat,
): void {
  const { a, rm } = f.args;
  const x = f.let(format === F32 ? promote(toHost(F32, a)) : toHost(F64, a));
  const rounded = f.local('f64');
  const round = (how: string) => (): void => f.set(rounded, x.to(`f64.${how}`));
  f.if(rm.eq(Rounding.RTZ), round('trunc'), () => {
    f.if(rm.eqz(), round('nearest'), () => {
      f.if(rm.eq(Rounding.RDN), round('floor'), round('ceil'));
    });
  });
  // Both ends are exact in binary64: the upper one is the first number that does not fit.
  const isInRange = rounded.binary('ge', -Number(integer.least)).and(rounded.lt(Number(integer.greatest + 1n)));
  likely(f, rm.ne(Rounding.RMM).and(isInRange), () => {
    f.if(rounded.binary('ne', x), () => unit.raise(f, Flag.NX));
    const isUnsigned64 = integer.name === 'u64';
    f.return(integer.write(rounded.to(isUnsigned64 ? 'i64.trunc_sat_f64_u' : 'i64.trunc_sat_f64_s')));
  });
}

/** Integer to float: exact in any mode if the magnitude has no more bits than the significand. */
export function fastFromInteger(
  unit: FloatUnit,
  f: FunctionBuilder<{ a: 'i64'; rm: 'i32' }>,
  format: FloatFormat,
  integer: IntegerFormat,
): void {
  const { a, rm } = f.args;
  const value = f.let(integer.read(a));
  const convert = `${format.name}.convert_i64_${integer.name === 'u64' ? 'u' : 's'}`;
  const bits = f.let(fromHost(value.to(convert)));
  const limit = 1n << BigInt(format.fractionBits + 1);
  if (format === F64 && integer.name.endsWith('32')) {
    f.return(bits);
    return;
  }
  const fits = integer.least === 0n ? value.leU(limit) : value.add(limit).leU(2n * limit);
  likely(f, fits, () => f.return(bits));
  f.if(rm.eqz().and(unit.inexactIsSticky()), () => f.return(bits));
}

function likely(f: FunctionBuilder, condition: Expr, then: () => void): void {
  f.if(condition, then, undefined, 'likely');
}

/** Returns if "inexact" has accrued, or the result is exact by a test that need not find all exact results. */
function returnIfExact(unit: FloatUnit, f: FunctionBuilder, bits: Expr, isExact: () => Expr): void {
  likely(f, unit.inexactIsSticky(), () => f.return(bits));
  f.if(isExact(), () => f.return(bits));
}

/** Returns, and raises "inexact" unless the result is exact by a decisive test. */
function returnRounded(unit: FloatUnit, f: FunctionBuilder, bits: Expr, isExact: () => Expr): void {
  f.ifUnlikely(unit.inexactIsSticky().eqz(), () => {
    f.ifUnlikely(isExact().eqz(), () => unit.raise(f, Flag.NX));
  });
  f.return(bits);
}

function isFinite(format: FloatFormat, bits: Expr): Expr {
  return magnitudeOf(format, bits).ltU(format.infinity);
}

/** Finite, and at least twice the least normal number: the exact result was normal before and after rounding. */
function isSafe(format: FloatFormat, bits: Expr): Expr {
  const least = 2n << BigInt(format.fractionBits);
  return magnitudeOf(format, bits)
    .sub(least)
    .ltU(format.infinity - least);
}

/** Whether the product of two binary64 numbers has at most 53 bits, by the zeros at the ends of their fractions. */
function fitsProduct(a: Expr, b: Expr): Expr {
  // n zeros leave 53 - n bits. A power of two counts as 53 zeros: it gives the product no bits of its own.
  const zeros = (bits: Expr): Expr =>
    bits
      .and(F64.fraction)
      .or(1n << 53n)
      .ctz();
  return zeros(a).add(zeros(b)).gtU(52);
}

/** What the host's `sum = x + y` lost by rounding, exactly (Knuth's TwoSum); not zero if a step overflows. */
function sumError(f: FunctionBuilder, x: Expr, y: Expr, sum: Expr): Expr {
  const yPart = f.let(sum.sub(x));
  return x.sub(sum.sub(yPart)).add(y.sub(yPart));
}

/** What the host's binary64 product of two numbers with these bits lost by rounding, exactly (Dekker's TwoProduct). */
function productError(f: FunctionBuilder, a: Expr, b: Expr, product: Expr): Expr {
  // Halves of 26 bits: the upper one is rounded, so that the lower one, with a sign of its own, fits too.
  const upper = (bits: Expr): Expr => f.let(toHost(F64, bits.add(1 << 26).and(-1 << 27)));
  const xHigh = upper(a);
  const xLow = f.let(toHost(F64, a).sub(xHigh));
  const yHigh = upper(b);
  const yLow = f.let(toHost(F64, b).sub(yHigh));
  const high = xHigh.mul(yHigh).sub(product);
  return high.add(xHigh.mul(yLow)).add(xLow.mul(yHigh)).add(xLow.mul(yLow));
}

function promote(value: Expr): Expr {
  return value.to('f64.promote_f32');
}
