/**
 * Conversions (IEEE 754-2019, sections 5.4.1 and 5.8 "Details of conversions from floating point to integer formats";
 * RISC-V unprivileged, "Single-Precision Floating-Point Conversion and Move Instructions": what does not fit gives
 * the nearest end of the range and is invalid, a NaN the positive end).
 */
import { call, i32, i64, select, type Callee, type Expr } from '../../wasm/expr.ts';
import {
  F32,
  F64,
  Flag,
  fromHost,
  isNaN,
  magnitudeOf,
  Rounding,
  signOf,
  toHost,
  unpack,
  type FloatFormat,
} from './format.ts';
import type { FloatUnit } from './unit.ts';

/** An integer format of the conversion instructions: W, WU, L, LU. */
export interface IntegerFormat {
  readonly name: 'i32' | 'u32' | 'i64' | 'u64';
  /** The greatest magnitudes, of either sign. */
  readonly greatest: bigint;
  readonly least: bigint;
  /** The integer in a register that holds it in its low bits. */
  readonly read: (register: Expr) => Expr;
  /** A register with the low bits of a value: RISC-V sign-extends 32-bit results, unsigned ones too. */
  readonly write: (value: Expr) => Expr;
}

const whole = (value: Expr): Expr => value;
const signed32 = (value: Expr): Expr => value.extend32();
export const INTEGERS: readonly IntegerFormat[] = [
  { name: 'i32', greatest: (1n << 31n) - 1n, least: 1n << 31n, read: signed32, write: signed32 },
  { name: 'u32', greatest: (1n << 32n) - 1n, least: 0n, read: (value) => value.and(0xffff_ffff), write: signed32 },
  { name: 'i64', greatest: (1n << 63n) - 1n, least: 1n << 63n, read: whole, write: whole },
  { name: 'u64', greatest: (1n << 64n) - 1n, least: 0n, read: whole, write: whole },
];

/** `<float>_to_<integer>_exact(a, rm)`, right for all operands. */
export function defineToIntegerExact(unit: FloatUnit, format: FloatFormat, integer: IntegerFormat): Callee {
  const f = unit.module.function(`${format.name}_to_${integer.name}_exact`, { a: 'i64', rm: 'i32' }, ['i64']);
  const { a, rm } = f.args;
  const { greatest, least } = integer;
  f.ifUnlikely(isNaN(format, a), () => {
    unit.raise(f, Flag.NV);
    f.return(integer.write(i64(greatest)));
  });
  f.ifUnlikely(magnitudeOf(format, a).eqz(), () => f.return(0));
  const sign = f.let(signOf(format, a));
  const limit = f.let(select(sign, i64(least), greatest));
  const overflow = (): void => {
    unit.raise(f, Flag.NV);
    f.return(integer.write(select(sign, i64(0).sub(limit), limit)));
  };
  const { exponent, significand } = unpack(f, format, a);
  f.ifUnlikely(exponent.gtS(63), overflow);

  // The integer part, and the fraction as 64 bits.
  const value = f.local('i64');
  const fraction = f.local('i64');
  f.if(
    exponent.ltS(0),
    () => f.set(fraction, call(unit.shiftRightSticky, significand, i32(-1).sub(exponent))),
    () => {
      const count = f.let(exponent.zext());
      f.set(value, significand.shrU(i64(63).sub(count)));
      f.set(fraction, significand.shl(count).shl(1));
    },
  );
  const half = 1n << 63n;
  const isOddOrBeyond = fraction.gtU(half).or(fraction.eq(half).and(value.and(1).wrap().or(rm.eq(Rounding.RMM))));
  const isDirectedAway = rm.xor(sign).eq(Rounding.RUP).and(fraction.ne(0));
  const increment = select(rm.and(3).eqz(), isOddOrBeyond, isDirectedAway);
  f.set(value, value.add(increment.zext()));
  f.ifUnlikely(value.gtU(limit), overflow);
  f.if(fraction.ne(0), () => unit.raise(f, Flag.NX));
  f.return(integer.write(select(sign, i64(0).sub(value), value)));
  return f;
}

/** `<integer>_to_<float>_exact(a, rm)`, right for all operands. */
export function defineFromIntegerExact(unit: FloatUnit, format: FloatFormat, integer: IntegerFormat): Callee {
  const f = unit.module.function(`${integer.name}_to_${format.name}_exact`, { a: 'i64', rm: 'i32' }, ['i64']);
  const { a, rm } = f.args;
  f.set(a, integer.read(a));
  f.ifUnlikely(a.eqz(), () => f.return(0));
  const sign = f.let(integer.least === 0n ? i32(0) : a.ltS(0));
  const magnitude = f.let(select(sign, i64(0).sub(a), a));
  const exponent = i32(63).sub(magnitude.clz().wrap());
  f.return(unit.roundPack(format, sign, exponent, magnitude.shl(magnitude.clz()), rm));
  return f;
}

/** `f32_to_f64(a)`: every binary32 number is a binary64 number, and the host's promotion is exact. */
export function defineWiden(unit: FloatUnit): Callee {
  const f = unit.module.function('f32_to_f64', { a: 'i64' }, ['i64']);
  const { a } = f.args;
  f.ifUnlikely(isNaN(F32, a), () => {
    f.ifUnlikely(a.and(F32.quiet).eqz(), () => unit.raise(f, Flag.NV));
    f.return(F64.canonicalNaN);
  });
  f.return(fromHost(toHost(F32, a).to('f64.promote_f32')));
  return f;
}

/** `f64_to_f32_exact(a, rm)`, right for all operands. */
export function defineNarrowExact(unit: FloatUnit): Callee {
  const f = unit.module.function('f64_to_f32_exact', { a: 'i64', rm: 'i32' }, ['i64']);
  const { a, rm } = f.args;
  f.ifUnlikely(isNaN(F64, a), () => {
    f.ifUnlikely(a.and(F64.quiet).eqz(), () => unit.raise(f, Flag.NV));
    f.return(F32.canonicalNaN);
  });
  const sign = f.let(signOf(F64, a));
  const signInPlace = sign.zext().shl(F32.signBit);
  f.ifUnlikely(magnitudeOf(F64, a).eqz(), () => f.return(signInPlace));
  f.ifUnlikely(magnitudeOf(F64, a).eq(F64.infinity), () => f.return(signInPlace.or(F32.infinity)));
  const { exponent, significand } = unpack(f, F64, a);
  f.return(unit.roundPack(F32, sign, exponent, significand, rm));
  return f;
}
