/**
 * Fast paths of the routines: the host's arithmetic wherever its result is certain (host.ts) and "inexact" has accrued. Before
 * it has, the result must be shown to be exact, or the test must be decisive so that the exception can be raised here.
 *
 * Each path is code at the beginning of a routine that returns, or falls through to the exact path.
 */
import type { Expr } from '../../wasm/expr.ts';
import type { FunctionBuilder } from '../../wasm/function.ts';
import type { IntegerFormat } from './convert.ts';
import { F32, F64, Flag, fromHost, magnitudeOf, Rounding, toHost, type FloatFormat } from './format.ts';
import {
  hostFromInteger,
  hostFused32,
  hostFused64,
  hostNarrow,
  hostProduct,
  hostRoot,
  hostSum,
  hostToInteger,
  isCertain,
  promote,
  type HostResult,
} from './host.ts';
import type { FloatUnit } from './unit.ts';

type RoundedOperation = FunctionBuilder<{ a: 'i64'; b: 'i64'; rm: 'i32' }>;

/** a + b and a - b. */
export function fastAdd(unit: FloatUnit, f: RoundedOperation, format: FloatFormat, operation: 'add' | 'sub'): void {
  const { a, b, rm } = f.args;
  const x = f.let(toHost(format, a));
  const y = f.let(toHost(format, b));
  const host = hostSum(f, operation, x, y);
  ifCertain(f, rm, host, () => {
    const addend = operation === 'add' ? y : y.to(`${format.name}.neg`);
    returnIfExact(unit, f, host.value, () => sumError(f, x, f.let(addend), host.value).eq(0));
  });
}

/** a * b. The product of two binary32 numbers is exact in binary64, and tells whether its rounding is. */
export function fastMultiply(unit: FloatUnit, f: RoundedOperation, format: FloatFormat): void {
  const { a, b, rm } = f.args;
  const x = toHost(format, a);
  const y = toHost(format, b);
  const host = hostProduct(f, 'mul', x, y);
  ifCertain(f, rm, host, () => {
    if (format === F32) returnRounded(unit, f, host.value, () => promote(x).mul(promote(y)).eq(promote(host.value)));
    else returnIfExact(unit, f, host.value, () => fitsProduct(a, b));
  });
  const bits = f.let(fromHost(host.value));
  const hasZero = magnitudeOf(format, a).eqz().or(magnitudeOf(format, b).eqz());
  f.if(hasZero.and(magnitudeOf(format, bits).ltU(format.infinity)), () => f.return(bits));
}

/** a / b: exact if the quotient times b is a, and that product is exact itself. */
export function fastDivide(unit: FloatUnit, f: RoundedOperation, format: FloatFormat): void {
  const { a, b, rm } = f.args;
  const x = toHost(format, a);
  const y = toHost(format, b);
  const host = hostProduct(f, 'div', x, y);
  const { value } = host;
  ifCertain(f, rm, host, () => {
    if (format === F32) returnRounded(unit, f, host.value, () => promote(value).mul(promote(y)).eq(promote(x)));
    else
      returnIfExact(unit, f, host.value, () =>
        isSafe64(a)
          .and(fitsProduct(fromHost(value), b))
          .and(value.mul(y).eq(x)),
      );
  });
}

/** Square root. */
export function fastSquareRoot(
  unit: FloatUnit,
  f: FunctionBuilder<{ a: 'i64'; rm: 'i32' }>,
  format: FloatFormat,
): void {
  const { a, rm } = f.args;
  const x = toHost(format, a);
  const host = hostRoot(f, x);
  const { value } = host;
  ifCertain(f, rm, host, () => {
    const bits = fromHost(value);
    if (format === F32) returnRounded(unit, f, host.value, () => promote(value).mul(promote(value)).eq(promote(x)));
    else returnIfExact(unit, f, host.value, () => isSafe64(a).and(fitsProduct(bits, bits)).and(value.mul(value).eq(x)));
  });
}

type FusedOperation = FunctionBuilder<{ a: 'i64'; b: 'i64'; c: 'i64'; rm: 'i32' }>;

/** a * b + c in binary32. */
export function fastFused32(unit: FloatUnit, f: FusedOperation): void {
  const { a, b, c, rm } = f.args;
  const host = hostFused32(f, toHost(F32, a), toHost(F32, b), toHost(F32, c));
  const { value, product, addend, sum } = host;
  ifCertain(f, rm, host, () => {
    returnRounded(unit, f, host.value, () => sumError(f, product, addend, sum).eq(0).and(promote(value).eq(sum)));
  });
}

/** a * b + c in binary64, by the host if it rounds once. That tells nothing of exactness: see {@link fastFused64}. */
export function fastFusedByHost(unit: FloatUnit, f: FusedOperation): void {
  const { a, b, c, rm } = f.args;
  f.if(unit.inexactIsSticky(), () => {
    const host = hostFused64(f, toHost(F64, a), toHost(F64, b), toHost(F64, c));
    ifCertain(f, rm, host, () => f.return(fromHost(host.value)));
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
  const size = f.let(product.to('f64.abs'));
  const conditions = [
    // No error underflows, no sum overflows.
    size.binary('ge', 2 ** -800),
    size.lt(2 ** 800),
    z.to('f64.abs').lt(2 ** 800),
    // A subnormal number does not split into a half that is near it, and a rest.
    isSafe64(a),
    isSafe64(b),
  ];
  likely(
    f,
    conditions.reduce((all, condition) => all.and(condition), rm.eqz()),
    () => {
      const productRest = f.let(productError(f, a, b, product));
      const sum = f.let(product.add(z));
      const sumRest = f.local('f64');
      // Which of the two is greater is mostly the same again, and makes three subtractions of what else takes six.
      f.if(
        size.lt(z.to('f64.abs')),
        () => f.set(sumRest, product.sub(sum.sub(z))),
        () => f.set(sumRest, z.sub(sum.sub(product))),
      );
      const rest = f.let(sumRest.add(productRest));
      const result = f.let(sum.add(rest));
      const [least, most] = [1 - 2 ** -51, 1 + 2 ** -51].map((factor) => sum.add(rest.mul(factor)));
      // Not finite: splitting a number near the greatest one has overflowed.
      likely(
        f,
        result
          .to('f64.abs')
          .lt(Infinity)
          .and(sumRest.eq(0).or(least.eq(most))),
        () => {
          const isRestExact = sumRest.eq(0).or(productRest.eq(0));
          returnIfExact(unit, f, result, () => isRestExact.and(sumError(f, sum, rest, result).eq(0)));
        },
      );
    },
  );
}

/** Narrowing: exact if widening gives the same number. */
export function fastNarrow(unit: FloatUnit, f: FunctionBuilder<{ a: 'i64'; rm: 'i32' }>): void {
  const { a, rm } = f.args;
  const x = toHost(F64, a);
  const host = hostNarrow(f, x);
  ifCertain(f, rm, host, () => returnRounded(unit, f, host.value, () => promote(host.value).eq(x)));
}

/** Float to integer in all modes but RMM: the host rounds to an integral number first. */
export function fastToInteger(
  unit: FloatUnit,
  f: FunctionBuilder<{ a: 'i64'; rm: 'i32' }>,
  format: FloatFormat,
  integer: IntegerFormat,
): void {
  const { a, rm } = f.args;
  const x = f.let(toHost(format, a));
  const rounded = f.local(format.name);
  const round = (how: string) => (): void => f.set(rounded, x.to(`${format.name}.${how}`));
  f.if(rm.eq(Rounding.RTZ), round('trunc'), () => {
    f.if(rm.eqz(), round('nearest'), () => {
      f.if(rm.eq(Rounding.RDN), round('floor'), round('ceil'));
    });
  });
  const host = hostToInteger(integer, rounded);
  likely(f, rm.ne(Rounding.RMM).and(isCertain(host)), () => {
    f.if(rounded.binary('ne', x), () => unit.raise(f, Flag.NX));
    f.return(host.value);
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
  const host = hostFromInteger(format, integer, a);
  const bits = fromHost(host.value);
  if (!host.rounds) return f.return(bits);
  const value = f.let(integer.read(a));
  const limit = 1n << BigInt(format.fractionBits + 1);
  const fits = integer.least === 0n ? value.leU(limit) : value.add(limit).leU(2n * limit);
  likely(f, fits, () => f.return(bits));
  f.if(rm.eqz().and(unit.inexactIsSticky()), () => f.return(bits));
}

function likely(f: FunctionBuilder, condition: Expr, then: () => void): void {
  f.if(condition, then, undefined, 'likely');
}

function ifCertain(f: FunctionBuilder, rm: Expr, host: HostResult, then: () => void): void {
  likely(f, rm.eqz().and(isCertain(host)), then);
}

/** Returns if "inexact" has accrued, or the result is exact by a test that need not find all exact results. */
function returnIfExact(unit: FloatUnit, f: FunctionBuilder, value: Expr, isExact: () => Expr): void {
  likely(f, unit.inexactIsSticky(), () => f.return(fromHost(value)));
  f.if(isExact(), () => f.return(fromHost(value)));
}

/** Returns, and raises "inexact" unless the result is exact by a decisive test. */
function returnRounded(unit: FloatUnit, f: FunctionBuilder, value: Expr, isExact: () => Expr): void {
  f.ifUnlikely(unit.inexactIsSticky().eqz(), () => {
    f.ifUnlikely(isExact().eqz(), () => unit.raise(f, Flag.NX));
  });
  f.return(fromHost(value));
}

/** Whether a binary64 number is finite and so far above the least normal one that no product near it is subnormal. */
function isSafe64(bits: Expr): Expr {
  const least = 2n << BigInt(F64.fractionBits);
  return magnitudeOf(F64, bits)
    .sub(least)
    .ltU(F64.infinity - least);
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
