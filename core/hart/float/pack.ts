/**
 * Rounding (IEEE 754-2019, section 4.3 "Rounding-direction attributes") and the exceptions that come of it (sections
 * 7.4 "Overflow", 7.5 "Underflow", 7.6 "Inexact"). Tininess is detected after rounding, as RISC-V asks for
 * (unprivileged, "Subnormal Arithmetic").
 */
import { call, i32, i64, select, type Callee } from '../../wasm/expr.ts';
import { Flag, Rounding, type FloatFormat } from './format.ts';
import type { FloatUnit } from './unit.ts';

/**
 * `<format>_round_pack(sign, exponent, significand, rm)`: the bits nearest to `±significand * 2^(exponent - 63)`.
 *
 * The significand's bit 63 is set; its lowest bit stands for all that did not fit ("sticky").
 */
export function defineRoundPack(unit: FloatUnit, format: FloatFormat): Callee {
  const params = { sign: 'i32', exponent: 'i32', significand: 'i64', rm: 'i32' } as const;
  const f = unit.module.function(`${format.name}_round_pack`, params, ['i64']);
  const { sign, exponent, significand, rm } = f.args;
  const dropped = 63 - format.fractionBits;
  const mask = (1n << BigInt(dropped)) - 1n;
  const half = 1n << BigInt(dropped - 1);

  // Added below the last place, it carries where the mode rounds away from zero. RDN with sign 1 and RUP with 0 do so always.
  const nearest = rm.and(3).eqz();
  const away = rm.xor(sign).eq(Rounding.RUP);
  const increment = f.let(select(nearest, i64(half), select(away, i64(mask), 0n)));
  const tiny = f.local('i32');
  const below = f.let(i32(format.minExponent).sub(exponent));
  f.ifUnlikely(below.gtS(0), () => {
    // Not tiny if, were the exponent unbounded, rounding would carry into the smallest normal number.
    const carries = significand.add(increment).ltU(significand);
    f.set(tiny, i32(1).sub(below.eq(1).and(carries)));
    f.set(significand, call(unit.shiftRightSticky, significand, below));
    f.set(exponent, format.minExponent);
  });
  const rest = f.let(significand.and(mask));
  const kept = f.variable(significand.shrU(dropped).add(rest.add(increment).shrU(dropped)));
  f.if(rest.ne(0), () => {
    f.if(rest.eq(half).and(rm.eq(Rounding.RNE)), () => f.set(kept, kept.and(-2n)));
    unit.raise(f, tiny.shl(1).or(Flag.NX));
  });
  // The leading bit of a normal number adds 1 to the exponent's field, and so does a carry out of the fraction.
  f.set(kept, kept.add(exponent.sub(format.minExponent).zext().shl(format.fractionBits)));
  f.ifUnlikely(exponent.gtS(format.maxExponent).or(kept.geU(format.infinity)), () => {
    unit.raise(f, Flag.OF | Flag.NX);
    f.set(kept, select(increment.ne(0), i64(format.infinity), format.infinity - 1n));
  });
  f.return(kept.or(sign.zext().shl(format.signBit)));
  return f;
}
