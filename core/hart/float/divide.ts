/**
 * Division and square root (IEEE 754-2019, section 5.4.1 "Arithmetic operations"; RISC-V FDIV, FSQRT).
 *
 * The host's f64 operation on significands alone gives 53 correct bits; the remainder, which is small, is exact in
 * 64 bits however large its two terms are, and tells what the bits below would be.
 */
import { i32, i64, select, type Callee, type Expr } from '../../wasm/expr.ts';
import { Flag, magnitudeOf, signOf, unpack, type FloatFormat } from './format.ts';
import type { FloatUnit } from './unit.ts';

/** 2^52, the scale of a significand of 53 bits. */
const SCALE = 2 ** 52;

/** `<format>_div_exact(a, b, rm)`, right for all operands. */
export function defineDivideExact(unit: FloatUnit, format: FloatFormat): Callee {
  const f = unit.module.function(`${format.name}_div_exact`, { a: 'i64', b: 'i64', rm: 'i32' }, ['i64']);
  const { a, b, rm } = f.args;
  unit.returnIfNaN(f, format, a, b);
  const sign = f.let(a.xor(b).and(format.sign));
  const aMagnitude = magnitudeOf(format, a);
  const bMagnitude = magnitudeOf(format, b);
  f.ifUnlikely(aMagnitude.eq(format.infinity), () => {
    f.ifUnlikely(bMagnitude.eq(format.infinity), () => unit.returnInvalid(f, format));
    f.return(sign.or(format.infinity));
  });
  f.ifUnlikely(bMagnitude.eqz(), () => {
    f.ifUnlikely(aMagnitude.eqz(), () => unit.returnInvalid(f, format));
    unit.raise(f, Flag.DZ);
    f.return(sign.or(format.infinity));
  });
  f.ifUnlikely(aMagnitude.eqz().or(bMagnitude.eq(format.infinity)), () => f.return(sign));

  const x = unpack(f, format, a);
  const y = unpack(f, format, b);
  // n and d have 53 bits; n one more where it would be the smaller, so that 1 <= n/d < 2.
  const d = f.let(y.significand.shrU(11));
  const n = f.variable(x.significand.shrU(11));
  const isSmaller = f.let(n.ltU(d));
  f.set(n, n.shl(isSmaller.zext()));
  const estimate = n.to('f64.convert_i64_s').binary('div', d.to('f64.convert_i64_s')).mul(SCALE);
  const q = f.variable(estimate.to('i64.trunc_sat_f64_s'));
  const remainder = f.variable(n.shl(52).sub(q.mul(d)));
  f.if(remainder.ltS(0), () => {
    f.set(q, q.sub(1));
    f.set(remainder, remainder.add(d));
  });
  // Ten more bits, and what remains then.
  const scaled = f.let(remainder.shl(10));
  const more = f.let(scaled.divU(d));
  const sticky = more.mul(d).ne(scaled).zext();
  const significand = q.shl(10).or(more).shl(1).or(sticky);
  const exponent = x.exponent.sub(y.exponent).sub(isSmaller);
  f.return(unit.roundPack(format, signOf(format, sign), exponent, significand, rm));
  return f;
}

/** `<format>_sqrt_exact(a, rm)`, right for all operands. */
export function defineSquareRootExact(unit: FloatUnit, format: FloatFormat): Callee {
  const f = unit.module.function(`${format.name}_sqrt_exact`, { a: 'i64', rm: 'i32' }, ['i64']);
  const { a, rm } = f.args;
  unit.returnIfNaN(f, format, a);
  f.ifUnlikely(magnitudeOf(format, a).eqz().or(a.eq(format.infinity)), () => f.return(a));
  f.ifUnlikely(signOf(format, a), () => unit.returnInvalid(f, format));

  const { exponent, significand } = unpack(f, format, a);
  // An odd exponent gives one bit to the significand: 1 <= m < 4, and n = m * 2^52.
  const odd = f.let(exponent.and(1));
  const n = f.let(significand.shrU(11).shl(odd.zext()));
  const root = squareRoot(n);
  const q = f.variable(root);
  const remainder = f.variable(n.shl(52).sub(q.mul(q)));
  f.if(remainder.ltS(0), () => {
    f.set(q, q.sub(1));
    f.set(remainder, remainder.add(q.shl(1)).add(1));
  });
  // Between q and q + 1; beyond the middle if the remainder is more than q. It is never exactly in the middle.
  const lower = select(remainder.gtS(q), i64(2), 0n).or(remainder.ne(0).zext());
  f.return(unit.roundPack(format, i32(0), exponent.sub(odd).shrS(1), q.shl(11).or(lower.shl(9)), rm));
  return f;
}

/** The square root of `n * 2^52`, to the nearest integer. `n` has 53 or 54 bits. */
function squareRoot(n: Expr): Expr {
  return n
    .to('f64.convert_i64_s')
    .mul(1 / SCALE)
    .to('f64.sqrt')
    .mul(SCALE)
    .to('i64.trunc_sat_f64_s');
}
