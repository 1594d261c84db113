/**
 * What all floating-point routines share: the module they are added to, the accrued exceptions, the canonical NaN,
 * and the two functions that every exact path ends in.
 */
import { access, call, i64, select, type Callee, type Expr } from '../../wasm/expr.ts';
import type { FunctionBuilder } from '../../wasm/function.ts';
import type { ModuleBuilder } from '../../wasm/module.ts';
import { HartState } from '../../shared/hart-state.ts';
import { F32, F64, Flag, isNaN, lacksQuiet, Rounding, type FloatFormat } from './format.ts';
import { defineRoundPack } from './pack.ts';
import { defineShiftRightSticky } from './wide.ts';

export class FloatUnit {
  readonly module: ModuleBuilder;
  /** See {@link defineShiftRightSticky}. */
  readonly shiftRightSticky: Callee;
  readonly #hartState: number;
  readonly #roundPack: Readonly<Record<FloatFormat['name'], Callee>>;

  constructor(module: ModuleBuilder, hartState: number) {
    this.module = module;
    this.#hartState = hartState;
    this.shiftRightSticky = defineShiftRightSticky(module);
    this.#roundPack = { f32: defineRoundPack(this, F32), f64: defineRoundPack(this, F64) };
  }

  /** See {@link defineRoundPack}. */
  roundPack(format: FloatFormat, sign: Expr, exponent: Expr, significand: Expr, rm: Expr): Expr {
    return call(this.#roundPack[format.name], sign, exponent, significand, rm);
  }

  /** ORs bits of {@link Flag} into `fflags`. */
  raise(f: FunctionBuilder, flags: number | Expr): void {
    f.store('i32.store', this.#hartState, HartState.at.fflags, this.#fflags().or(flags));
  }

  /** Whether "inexact" has accrued already, so that nobody can tell whether it is raised again. */
  inexactIsSticky(): Expr {
    return this.#fflags().and(Flag.NX);
  }

  /** Ends the function as an invalid operation (IEEE 754-2019, section 7.2 "Invalid operation"). */
  returnInvalid(f: FunctionBuilder, format: FloatFormat): void {
    this.raise(f, Flag.NV);
    f.return(format.canonicalNaN);
  }

  /**
   * Ends the function if an operand is a NaN: with the canonical NaN, and as invalid if one is signalling
   * (IEEE 754-2019, section 6.2 "Operations with NaNs").
   */
  returnIfNaN(f: FunctionBuilder, format: FloatFormat, ...operands: Expr[]): void {
    f.ifUnlikely(any(operands.map((bits) => isNaN(format, bits))), () => {
      f.ifUnlikely(isAnySignalling(format, operands), () => this.raise(f, Flag.NV));
      f.return(format.canonicalNaN);
    });
  }

  #fflags(): Expr {
    return access('i32.load', this.#hartState, HartState.at.fflags);
  }
}

/** Whether one of the operands is a signalling NaN. */
export function isAnySignalling(format: FloatFormat, operands: readonly Expr[]): Expr {
  return any(operands.map((bits) => isNaN(format, bits).and(lacksQuiet(format, bits))));
}

/** The zero of an exact sum that is neither of two equal zeros (IEEE 754-2019, section 6.3 "The sign bit"). */
export function zeroSum(format: FloatFormat, rm: Expr): Expr {
  return select(rm.eq(Rounding.RDN), i64(format.sign), 0n);
}

function any(conditions: readonly Expr[]): Expr {
  return conditions.reduce((a, b) => a.or(b));
}
