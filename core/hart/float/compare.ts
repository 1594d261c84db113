/**
 * Comparison, minimum, maximum and classification: the host's comparisons on what is no NaN.
 *
 * IEEE 754-2019, sections 5.11 "Details of comparison predicates" and 9.6 "Minimum and maximum operations"
 * (minimumNumber, maximumNumber), 5.7.2 "General operations"; RISC-V FEQ, FLT, FLE, FMIN, FMAX, FCLASS.
 */
import { i32, i64, select, type Callee, type Expr } from '../../wasm/expr.ts';
import { biasedOf, Flag, isNaN, lacksQuiet, magnitudeOf, signOf, toHost, type FloatFormat } from './format.ts';
import { isAnySignalling, type FloatUnit } from './unit.ts';

/** `<format>_eq(a, b)`, `_lt`, `_le`: 1 or 0. Only `eq` is quiet: it is not invalid for a quiet NaN. */
export function defineCompare(unit: FloatUnit, format: FloatFormat, relation: 'eq' | 'lt' | 'le'): Callee {
  const f = unit.module.function(`${format.name}_${relation}`, { a: 'i64', b: 'i64' }, ['i64']);
  const { a, b } = f.args;
  f.ifUnlikely(isNaN(format, a).or(isNaN(format, b)), () => {
    if (relation === 'eq') f.ifUnlikely(isAnySignalling(format, [a, b]), () => unit.raise(f, Flag.NV));
    else unit.raise(f, Flag.NV);
    f.return(0);
  });
  f.return(toHost(format, a).binary(relation, toHost(format, b)).zext());
  return f;
}

/** `<format>_min(a, b)`, `_max`. -0 is less than +0; a number wins over a NaN; a signalling NaN is invalid. */
export function defineMinMax(unit: FloatUnit, format: FloatFormat, choice: 'min' | 'max'): Callee {
  const f = unit.module.function(`${format.name}_${choice}`, { a: 'i64', b: 'i64' }, ['i64']);
  const { a, b } = f.args;
  f.ifUnlikely(isNaN(format, a).or(isNaN(format, b)), () => {
    f.ifUnlikely(isAnySignalling(format, [a, b]), () => unit.raise(f, Flag.NV));
    f.if(isNaN(format, a).eqz(), () => f.return(a));
    f.if(isNaN(format, b).eqz(), () => f.return(b));
    f.return(format.canonicalNaN);
  });
  const x = toHost(format, a);
  const y = toHost(format, b);
  // Equal numbers are the same bits, or zeros: then the sign of either decides for `min`, that of both for `max`.
  f.ifUnlikely(x.eq(y), () => f.return(choice === 'min' ? a.or(b) : a.and(b)));
  f.return(select(choice === 'min' ? x.lt(y) : y.lt(x), a, b));
  return f;
}

/** `<format>_class(a)`: one bit of ten, numbered as in the table of FCLASS. */
export function defineClass(unit: FloatUnit, format: FloatFormat): Callee {
  const f = unit.module.function(`${format.name}_class`, { a: 'i64' }, ['i64']);
  const { a } = f.args;
  const bit = (number: number | Expr): Expr => i64(1).shl(typeof number === 'number' ? i64(number) : number.zext());
  f.ifUnlikely(isNaN(format, a), () => f.return(select(lacksQuiet(format, a), bit(8), bit(9))));
  // Distance from zero: 0 zero, 1 subnormal, 2 normal, 3 infinite; negative ones count down from 3, positive up from 4.
  const biased = f.let(biasedOf(format, a));
  const isInfinite = biased.eq(format.maxBiased);
  const distance = f.let(isInfinite.add(biased.ne(0)).add(magnitudeOf(format, a).ne(0)));
  f.return(bit(select(signOf(format, a), i32(3).sub(distance), distance.add(4))));
  return f;
}
