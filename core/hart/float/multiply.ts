/** Multiplication (IEEE 754-2019, section 5.4.1 "Arithmetic operations"; RISC-V FMUL). */
import type { Callee, Expr } from '../../wasm/expr.ts';
import type { FunctionBuilder } from '../../wasm/function.ts';
import { magnitudeOf, signOf, unpack, type FloatFormat } from './format.ts';
import type { FloatUnit } from './unit.ts';
import { multiplyWide } from './wide.ts';

/** `<format>_mul_exact(a, b, rm)`, right for all operands. */
export function defineMultiplyExact(unit: FloatUnit, format: FloatFormat): Callee {
  const f = unit.module.function(`${format.name}_mul_exact`, { a: 'i64', b: 'i64', rm: 'i32' }, ['i64']);
  const { a, b, rm } = f.args;
  unit.returnIfNaN(f, format, a, b);
  const sign = f.let(a.xor(b).and(format.sign));
  const aMagnitude = magnitudeOf(format, a);
  const bMagnitude = magnitudeOf(format, b);
  const hasInfinity = aMagnitude.eq(format.infinity).or(bMagnitude.eq(format.infinity));
  const hasZero = aMagnitude.eqz().or(bMagnitude.eqz());
  f.ifUnlikely(hasInfinity, () => {
    f.ifUnlikely(hasZero, () => unit.returnInvalid(f, format));
    f.return(sign.or(format.infinity));
  });
  f.ifUnlikely(hasZero, () => f.return(sign));

  const x = unpack(f, format, a);
  const y = unpack(f, format, b);
  const product = f.variable(multiplySticky(f, format, x.significand, y.significand));
  const exponent = x.exponent.add(y.exponent).add(1).sub(product.clz().wrap());
  f.return(unit.roundPack(format, signOf(format, sign), exponent, product.shl(product.clz()), rm));
  return f;
}

/** The upper 64 bits of the product of two unpacked significands; the lower ones are sticky. */
function multiplySticky(f: FunctionBuilder, format: FloatFormat, a: Expr, b: Expr): Expr {
  if (format.name === 'f32') return a.shrU(32).mul(b.shrU(32));
  const { high, low } = multiplyWide(f, a, b);
  return high.or(low.ne(0).zext());
}
