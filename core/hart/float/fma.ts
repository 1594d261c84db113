/** Fused multiply-add, rounded once (IEEE 754-2019, section 5.4.1 "Arithmetic operations"; RISC-V FMADD and its kin). */
import { i64, type Callee, type Expr } from '../../wasm/expr.ts';
import type { FunctionBuilder } from '../../wasm/function.ts';
import { Flag, isNaN, magnitudeOf, signOf, unpack, type FloatFormat } from './format.ts';
import { isAnySignalling, zeroSum, type FloatUnit } from './unit.ts';
import { addWide, isLessWide, multiplyWide, normalizeWide, shiftRightWide, subtractWide, type Wide } from './wide.ts';

/** `<format>_madd_exact(a, b, c, rm)`: a * b + c, right for all operands. */
export function defineFusedExact(unit: FloatUnit, format: FloatFormat): Callee {
  const f = unit.module.function(`${format.name}_madd_exact`, { a: 'i64', b: 'i64', c: 'i64', rm: 'i32' }, ['i64']);
  const { a, b, c, rm } = f.args;
  const sign = f.let(a.xor(b).and(format.sign));
  const differ = f.let(signOf(format, sign.xor(c)));
  returnSpecial(unit, f, format, { a, b, c, rm, sign, differ });

  const x = unpack(f, format, a);
  const y = unpack(f, format, b);
  // Both numbers are 128 bits with bit 126 the highest, so that their sum has room: the product first.
  const product = multiplyWide(f, x.significand, y.significand);
  const shift = normalizeWide(f, product);
  const exponent = f.variable(x.exponent.add(y.exponent).add(1).sub(shift));
  const resultSign = f.variable(signOf(format, sign));
  f.ifUnlikely(magnitudeOf(format, c).eqz(), () => {
    f.return(unit.roundPack(format, resultSign, exponent, joined(product), rm));
  });
  f.set(product.low, product.low.shrU(1).or(product.high.shl(63)));
  f.set(product.high, product.high.shrU(1));

  const z = unpack(f, format, c);
  const addend: Wide = { high: f.variable(z.significand.shrU(1)), low: f.variable(i64(0)) };
  const distance = f.variable(exponent.sub(z.exponent));
  const isAddendGreater = distance.ltS(0).or(distance.eqz().and(isLessWide(product, addend)));
  f.if(isAddendGreater, () => {
    swap(f, product, addend);
    f.set(exponent, z.exponent);
    f.set(distance, distance.mul(-1));
    f.set(resultSign, signOf(format, c));
  });
  shiftRightWide(f, addend, distance);
  f.if(
    differ,
    () => {
      const difference = subtractWide(f, product, addend);
      f.set(product.high, difference.high);
      f.set(product.low, difference.low);
      f.ifUnlikely(product.high.or(product.low).eqz(), () => f.return(zeroSum(format, rm)));
    },
    () => {
      const sum = addWide(f, product, addend);
      f.set(product.high, sum.high);
      f.set(product.low, sum.low);
    },
  );
  const down = normalizeWide(f, product);
  f.return(unit.roundPack(format, resultSign, exponent.add(1).sub(down), joined(product), rm));
  return f;
}

interface Operands {
  readonly a: Expr;
  readonly b: Expr;
  readonly c: Expr;
  readonly rm: Expr;
  /** The product's sign, in its place. */
  readonly sign: Expr;
  /** 1 if it is not the addend's. */
  readonly differ: Expr;
}

/** Ends the function where an operand is NaN or infinite, or the product is zero. */
function returnSpecial(unit: FloatUnit, f: FunctionBuilder, format: FloatFormat, operands: Operands): void {
  const { a, b, c, rm, sign, differ } = operands;
  const isInfinite = (bits: Expr): Expr => magnitudeOf(format, bits).eq(format.infinity);
  const isZero = (bits: Expr): Expr => magnitudeOf(format, bits).eqz();
  const hasNaN = isNaN(format, a).or(isNaN(format, b)).or(isNaN(format, c));
  const hasInfinity = isInfinite(a).or(isInfinite(b));
  f.ifUnlikely(hasNaN.or(hasInfinity).or(isInfinite(c)), () => {
    // Infinity times zero is invalid even if the addend is a quiet NaN, by RISC-V's choice.
    const isBadProduct = isInfinite(a)
      .and(isZero(b))
      .or(isZero(a).and(isInfinite(b)));
    const isBadSum = hasInfinity.and(isInfinite(c)).and(differ).and(hasNaN.eqz());
    const isBad = isBadProduct.or(isBadSum).or(isAnySignalling(format, [a, b, c]));
    f.ifUnlikely(isBad, () => unit.raise(f, Flag.NV));
    f.ifUnlikely(hasNaN.or(isBad), () => f.return(format.canonicalNaN));
    f.if(hasInfinity, () => f.return(sign.or(format.infinity)));
    f.return(c);
  });
  f.ifUnlikely(isZero(a).or(isZero(b)), () => {
    f.ifUnlikely(isZero(c).and(differ), () => f.return(zeroSum(format, rm)));
    f.return(c);
  });
}

/** The upper half; the lower one is sticky. */
function joined(value: Wide): Expr {
  return value.high.or(value.low.ne(0).zext());
}

function swap(f: FunctionBuilder, a: Wide, b: Wide): void {
  for (const half of ['high', 'low'] as const) {
    const held = f.let(a[half]);
    f.set(a[half], b[half]);
    f.set(b[half], held);
  }
}
