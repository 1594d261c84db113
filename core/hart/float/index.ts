/**
 * The arithmetic of the F and D extensions (RISC-V unprivileged, "F" and "D" Standard Extensions), exact to the bit in
 * every rounding mode, with the exceptions accrued in `HartState.fflags`.
 *
 * Bit patterns travel as `i64`; binary32 has zeros in the upper half, going in and coming out, and NaN boxing is the
 * caller's. `rm` is an `i32`, resolved: never DYN. Integer operands and results are registers as RISC-V defines them.
 */
import type { Callee } from '../../wasm/expr.ts';
import type { ModuleBuilder } from '../../wasm/module.ts';
import { defineAddExact, defineSubtractExact } from './add.ts';
import { defineClass, defineCompare, defineMinMax } from './compare.ts';
import { defineFromIntegerExact, defineNarrowExact, defineToIntegerExact, defineWiden, INTEGERS } from './convert.ts';
import { defineDivideExact, defineSquareRootExact } from './divide.ts';
import { defineFusedExact } from './fma.ts';
import { FORMATS, type FloatFormat } from './format.ts';
import { defineMultiplyExact } from './multiply.ts';
import { FloatUnit } from './unit.ts';

type Format = 'f32' | 'f64';
type Integer = 'i32' | 'u32' | 'i64' | 'u64';

/** Routines that take a rounding mode, after operands: one, two, or for `madd` (a * b + c) three. */
export type RoundedName =
  | `${Format}_${'add' | 'sub' | 'mul' | 'div' | 'sqrt' | 'madd'}`
  | `${Format}_to_${Integer}`
  | `${Integer}_to_${Format}`
  | 'f64_to_f32';
/** Routines that round nothing. */
export type UnroundedName = `${Format}_${'eq' | 'lt' | 'le' | 'min' | 'max' | 'class'}` | 'f32_to_f64';
export type FloatName = RoundedName | UnroundedName;

/** The functions to call, by name. All return an `i64`. */
export type FloatRoutines = Readonly<Record<FloatName, Callee>>;

export interface FloatOptions {
  /** Use the host's arithmetic where its result and exceptions are certain: for all routines, or for some. Default: all. */
  readonly fast?: boolean | readonly FloatName[];
}

/** Adds the routines to a module. `hartState`: byte offset of the hart's state in the module's memory. */
export function defineFloat(module: ModuleBuilder, hartState: number, _options: FloatOptions = {}): FloatRoutines {
  const unit = new FloatUnit(module, hartState);
  const routines: Partial<Record<FloatName, Callee>> = {};
  const define = (name: FloatName, exact: Callee): void => {
    routines[name] = exact;
  };
  for (const format of FORMATS) defineFormat(unit, format, define);
  define('f32_to_f64', defineWiden(unit));
  define('f64_to_f32', defineNarrowExact(unit));
  return routines as FloatRoutines;
}

function defineFormat(unit: FloatUnit, format: FloatFormat, define: (name: FloatName, exact: Callee) => void): void {
  const { name } = format;
  const add = defineAddExact(unit, format);
  define(`${name}_add`, add);
  define(`${name}_sub`, defineSubtractExact(unit, format, add));
  define(`${name}_mul`, defineMultiplyExact(unit, format));
  define(`${name}_div`, defineDivideExact(unit, format));
  define(`${name}_sqrt`, defineSquareRootExact(unit, format));
  define(`${name}_madd`, defineFusedExact(unit, format));
  for (const relation of ['eq', 'lt', 'le'] as const)
    define(`${name}_${relation}`, defineCompare(unit, format, relation));
  for (const choice of ['min', 'max'] as const) define(`${name}_${choice}`, defineMinMax(unit, format, choice));
  define(`${name}_class`, defineClass(unit, format));
  for (const integer of INTEGERS) {
    define(`${name}_to_${integer.name}`, defineToIntegerExact(unit, format, integer));
    define(`${integer.name}_to_${name}`, defineFromIntegerExact(unit, format, integer));
  }
}
