/** Addition and subtraction (IEEE 754-2019, section 5.4.1 "Arithmetic operations"; RISC-V FADD, FSUB). */
import { call, type Callee } from '../../wasm/expr.ts';
import { magnitudeOf, signOf, unpack, type FloatFormat } from './format.ts';
import { zeroSum, type FloatUnit } from './unit.ts';

/** `<format>_add_exact(a, b, rm)`, right for all operands. */
export function defineAddExact(unit: FloatUnit, format: FloatFormat): Callee {
  const f = unit.module.function(`${format.name}_add_exact`, { a: 'i64', b: 'i64', rm: 'i32' }, ['i64']);
  const { a, b, rm } = f.args;
  unit.returnIfNaN(f, format, a, b);
  // From here on `a` has the greater magnitude.
  f.if(magnitudeOf(format, a).ltU(magnitudeOf(format, b)), () => {
    const other = f.let(a);
    f.set(a, b);
    f.set(b, other);
  });
  const differ = f.let(a.xor(b).shrU(format.signBit));
  f.ifUnlikely(magnitudeOf(format, a).eq(format.infinity), () => {
    f.ifUnlikely(differ.and(magnitudeOf(format, b).eq(format.infinity).zext()).ne(0), () =>
      unit.returnInvalid(f, format),
    );
    f.return(a);
  });
  f.ifUnlikely(magnitudeOf(format, b).eqz(), () => {
    f.ifUnlikely(magnitudeOf(format, a).eqz().and(differ.wrap()), () => f.return(zeroSum(format, rm)));
    f.return(a);
  });

  const x = unpack(f, format, a);
  const y = unpack(f, format, b);
  // Bit 63 is kept free for the carry. There are enough bits below for the sticky one to be harmless.
  const larger = x.significand.shrU(1);
  const smaller = f.let(call(unit.shiftRightSticky, y.significand.shrU(1), x.exponent.sub(y.exponent)));
  const sum = f.local('i64');
  f.if(
    differ.wrap(),
    () => {
      f.set(sum, larger.sub(smaller));
      f.ifUnlikely(sum.eqz(), () => f.return(zeroSum(format, rm)));
    },
    () => f.set(sum, larger.add(smaller)),
  );
  const exponent = x.exponent.add(1).sub(sum.clz().wrap());
  f.return(unit.roundPack(format, signOf(format, a), exponent, sum.shl(sum.clz()), rm));
  return f;
}

/** `<format>_sub_exact(a, b, rm)`. */
export function defineSubtractExact(unit: FloatUnit, format: FloatFormat, add: Callee): Callee {
  const f = unit.module.function(`${format.name}_sub_exact`, { a: 'i64', b: 'i64', rm: 'i32' }, ['i64']);
  const { a, b, rm } = f.args;
  f.return(call(add, a, b.xor(format.sign), rm));
  return f;
}
