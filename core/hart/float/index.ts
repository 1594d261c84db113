/**
 * The arithmetic of the F and D extensions (RISC-V unprivileged, "F" and "D" Standard Extensions), exact to the bit in
 * every rounding mode, with the exceptions accrued in `HartState.fflags`.
 *
 * Bit patterns travel as `i64`; binary32 has zeros in the upper half, going in and coming out, and NaN boxing is the
 * caller's. `rm` is an `i32`, resolved: never DYN. Integer operands and results are registers as RISC-V defines them.
 */
import { call, type Callee, type Local } from '../../wasm/expr.ts';
import type { FunctionBuilder, Params } from '../../wasm/function.ts';
import type { ModuleBuilder } from '../../wasm/module.ts';
import { hostFuses } from '../../wasm/relaxed.ts';
import { defineAddExact, defineSubtractExact } from './add.ts';
import { defineClass, defineCompare, defineMinMax } from './compare.ts';
import {
  defineFromIntegerExact,
  defineNarrowExact,
  defineToIntegerExact,
  defineWiden,
  INTEGERS,
  type IntegerFormat,
} from './convert.ts';
import { defineDivideExact, defineSquareRootExact } from './divide.ts';
import { defineFusedExact } from './fma.ts';
import {
  fastAdd,
  fastDivide,
  fastFromInteger,
  fastFused32,
  fastFused64,
  fastFusedByHost,
  fastMultiply,
  fastNarrow,
  fastSquareRoot,
  fastToInteger,
} from './fast.ts';
import { F32, FORMATS, type FloatFormat } from './format.ts';
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
  /** Whether the host multiplies and adds with one rounding. Default: what `hostFuses` finds. */
  readonly fuses?: boolean;
}

/** Adds the routines to a module. `hartState`: byte offset of the hart's state in the module's memory. */
export function defineFloat(module: ModuleBuilder, hartState: number, options: FloatOptions = {}): FloatRoutines {
  const { fast = true, fuses = hostFuses() } = options;
  const unit = new FloatUnit(module, hartState);
  const table = new RoutineTable(unit, (name) => (typeof fast === 'boolean' ? fast : fast.includes(name)));
  for (const format of FORMATS) {
    defineArithmetic(table, format, fuses);
    defineUnrounded(table, format);
    for (const integer of INTEGERS) defineIntegerConversions(table, format, integer);
  }
  table.define('f32_to_f64', defineWiden(unit));
  table.defineRounded('f64_to_f32', unary, defineNarrowExact(unit), (f) => fastNarrow(unit, f));
  return table.routines as FloatRoutines;
}

const unary = { a: 'i64', rm: 'i32' } as const;
const binary = { a: 'i64', b: 'i64', rm: 'i32' } as const;
const ternary = { a: 'i64', b: 'i64', c: 'i64', rm: 'i32' } as const;

class RoutineTable {
  readonly routines: Partial<Record<FloatName, Callee>> = {};
  readonly unit: FloatUnit;
  readonly #isFast: (name: FloatName) => boolean;

  constructor(unit: FloatUnit, isFast: (name: FloatName) => boolean) {
    this.unit = unit;
    this.#isFast = isFast;
  }

  define(name: FloatName, routine: Callee): void {
    this.routines[name] = routine;
  }

  /** A routine that is its exact path, after the fast one if that is wanted. */
  defineRounded<P extends Params>(
    name: RoundedName,
    params: P,
    exact: Callee,
    addFastPath: (f: FunctionBuilder<P>) => void,
  ): void {
    if (!this.#isFast(name)) return this.define(name, exact);
    const f = this.unit.module.function(name, params, ['i64']);
    addFastPath(f);
    f.return(call(exact, ...Object.values<Local>(f.args)));
    this.define(name, f);
  }
}

function defineArithmetic(table: RoutineTable, format: FloatFormat, fuses: boolean): void {
  const { unit } = table;
  const { name } = format;
  const add = defineAddExact(unit, format);
  const subtract = defineSubtractExact(unit, format, add);
  table.defineRounded(`${name}_add`, binary, add, (f) => fastAdd(unit, f, format, 'add'));
  table.defineRounded(`${name}_sub`, binary, subtract, (f) => fastAdd(unit, f, format, 'sub'));
  table.defineRounded(`${name}_mul`, binary, defineMultiplyExact(unit, format), (f) => fastMultiply(unit, f, format));
  table.defineRounded(`${name}_div`, binary, defineDivideExact(unit, format), (f) => fastDivide(unit, f, format));
  table.defineRounded(`${name}_sqrt`, unary, defineSquareRootExact(unit, format), (f) =>
    fastSquareRoot(unit, f, format),
  );
  table.defineRounded(`${name}_madd`, ternary, defineFusedExact(unit, format), (f) => {
    if (format === F32) return fastFused32(unit, f);
    if (fuses) fastFusedByHost(unit, f);
    fastFused64(unit, f);
  });
}

function defineUnrounded(table: RoutineTable, format: FloatFormat): void {
  const { unit } = table;
  const { name } = format;
  for (const relation of ['eq', 'lt', 'le'] as const) {
    table.define(`${name}_${relation}`, defineCompare(unit, format, relation));
  }
  for (const choice of ['min', 'max'] as const) table.define(`${name}_${choice}`, defineMinMax(unit, format, choice));
  table.define(`${name}_class`, defineClass(unit, format));
}

function defineIntegerConversions(table: RoutineTable, format: FloatFormat, integer: IntegerFormat): void {
  const { unit } = table;
  table.defineRounded(`${format.name}_to_${integer.name}`, unary, defineToIntegerExact(unit, format, integer), (f) =>
    fastToInteger(unit, f, format, integer),
  );
  table.defineRounded(`${integer.name}_to_${format.name}`, unary, defineFromIntegerExact(unit, format, integer), (f) =>
    fastFromInteger(unit, f, format, integer),
  );
}
