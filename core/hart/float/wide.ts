/** Significands wider than 64 bits, and shifts that forget no bit: what is shifted out is ORed into the lowest ("sticky"). */
import { i64, select, type Callee, type Expr, type Local } from '../../wasm/expr.ts';
import type { FunctionBuilder } from '../../wasm/function.ts';
import type { ModuleBuilder } from '../../wasm/module.ts';

/** `float_shift_right_sticky(value, count)`, for any count that is at least 0 as `i32`. */
export function defineShiftRightSticky(module: ModuleBuilder): Callee {
  const f = module.function('float_shift_right_sticky', { value: 'i64', count: 'i32' }, ['i64']);
  const { value, count } = f.args;
  f.ifUnlikely(count.gtU(63), () => f.return(value.ne(0).zext()));
  const wide = count.zext();
  const kept = f.let(value.shrU(wide));
  f.return(kept.or(kept.shl(wide).ne(value).zext()));
  return f;
}

/** An unsigned 128-bit number in two locals. */
export interface Wide {
  readonly high: Local;
  readonly low: Local;
}

/** The whole product of two unsigned 64-bit numbers, by their halves. */
export function multiplyWide(f: FunctionBuilder, a: Expr, b: Expr): Wide {
  const aHigh = f.let(a.shrU(32));
  const aLow = f.let(a.and(0xffff_ffff));
  const bHigh = f.let(b.shrU(32));
  const bLow = f.let(b.and(0xffff_ffff));
  const lowest = f.let(aLow.mul(bLow));
  const middle = f.let(aHigh.mul(bLow).add(lowest.shrU(32)));
  const other = f.let(aLow.mul(bHigh).add(middle.and(0xffff_ffff)));
  return {
    high: f.variable(aHigh.mul(bHigh).add(middle.shrU(32)).add(other.shrU(32))),
    low: f.variable(other.shl(32).or(lowest.and(0xffff_ffff))),
  };
}

/** Shifts right in place, sticky. `count`: at least 0, as `i32`. */
export function shiftRightWide(f: FunctionBuilder, value: Wide, count: Expr): void {
  const { high, low } = value;
  const wide = f.variable(count.zext());
  const lost = f.variable(i64(0));
  f.ifUnlikely(count.gtU(127), () => {
    f.set(lost, high.or(low));
    f.set(high, 0);
    f.set(low, 0);
    f.set(wide, 0);
  });
  f.if(wide.gtU(63), () => {
    f.set(lost, low);
    f.set(low, high);
    f.set(high, 0);
    f.set(wide, wide.sub(64));
  });
  f.if(wide.ne(0), () => {
    const rest = f.let(i64(64).sub(wide));
    f.set(lost, lost.or(low.shl(rest)));
    f.set(low, low.shrU(wide).or(high.shl(rest)));
    f.set(high, high.shrU(wide));
  });
  f.set(low, low.or(lost.ne(0).zext()));
}

/** Shifts a number other than zero left in place until its highest bit is set. Returns by how many, as `i32`. */
export function normalizeWide(f: FunctionBuilder, value: Wide): Expr {
  const { high, low } = value;
  const shift = f.variable(i64(0));
  f.if(high.eqz(), () => {
    f.set(high, low);
    f.set(low, 0);
    f.set(shift, 64);
  });
  const count = f.let(high.clz());
  // A shift by 64 is one by 0: the low half is shifted in two steps.
  f.set(high, high.shl(count).or(low.shrU(1).shrU(i64(63).sub(count))));
  f.set(low, low.shl(count));
  return shift.add(count).wrap();
}

/** `a + b`; must not overflow. */
export function addWide(f: FunctionBuilder, a: Wide, b: Wide): Wide {
  const low = f.variable(a.low.add(b.low));
  return { low, high: f.variable(a.high.add(b.high).add(low.ltU(a.low).zext())) };
}

/** `a - b`; `b` must not be the greater. */
export function subtractWide(f: FunctionBuilder, a: Wide, b: Wide): Wide {
  return { low: f.variable(a.low.sub(b.low)), high: f.variable(a.high.sub(b.high).sub(a.low.ltU(b.low).zext())) };
}

/** Whether `a < b`. */
export function isLessWide(a: Wide, b: Wide): Expr {
  return select(a.high.eq(b.high), a.low.ltU(b.low), a.high.ltU(b.high));
}
