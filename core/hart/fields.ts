/**
 * Where generated code finds a hart's structure and TLBs: at constant addresses, when the code is made for one hart, or
 * relative to a base that it is given, when several harts share it. The parts of a hart stand alike for all.
 */
import { HartState } from '../shared/hart-state.ts';
import type { HartMap } from '../shared/memory-map.ts';
import { access, i32, type Expr, type Operand } from '../wasm/expr.ts';
import type { FunctionBuilder } from '../wasm/function.ts';

export type HartField = keyof typeof HartState.at;
/** Offsets of a hart's parts that code refers to, from `base` if there is one. */
export type HartParts = Pick<HartMap, 'state' | 'fetchTlb' | 'loadTlb' | 'storeTlb'>;

/** The same parts as distances from the hart's state. */
export function relativeParts({ state, fetchTlb, loadTlb, storeTlb }: HartParts): HartParts {
  return { state: 0, fetchTlb: fetchTlb - state, loadTlb: loadTlb - state, storeTlb: storeTlb - state };
}

/** What offsets are added to that are addresses. */
const NOWHERE = i32(0);

export class HartFields {
  readonly parts: HartParts;
  readonly #base: Expr | undefined;

  /** `base`: an `i32`, the address of the hart's state, if `parts` are relative to it. */
  constructor(parts: HartParts, base?: Expr) {
    this.parts = parts;
    this.#base = base;
  }

  /** Offset of a field, to be used with {@link pointer}. */
  at(field: HartField): number {
    return this.parts.state + HartState.at[field];
  }

  /** The address to which the offsets of fields and parts are added, and `index` if there is one. */
  pointer(index?: Expr): Expr {
    if (!this.#base) return index ?? NOWHERE;
    return index ? index.add(this.#base) : this.#base;
  }

  load64(field: HartField, index = 0): Expr {
    return access('i64.load', this.pointer(), this.at(field) + index * 8);
  }
  load32(field: HartField, index = 0): Expr {
    return access('i32.load', this.pointer(), this.at(field) + index * 4);
  }
  /** A word that other threads write. */
  loadAtomic(field: HartField): Expr {
    return access('i32.atomic.load', this.pointer(), this.at(field));
  }
  store64(f: FunctionBuilder, field: HartField, value: Operand, index = 0): void {
    f.store('i64.store', this.pointer(), this.at(field) + index * 8, value);
  }
  store32(f: FunctionBuilder, field: HartField, value: Operand, index = 0): void {
    f.store('i32.store', this.pointer(), this.at(field) + index * 4, value);
  }
  /** Adds 1 to a counter for people. */
  count(f: FunctionBuilder, field: HartField): void {
    this.store64(f, field, this.load64(field).add(1));
  }

  /** Notes an exception to be taken by whoever called: cause, and the value for `stval`. */
  except(f: FunctionBuilder, cause: Operand, tval: Operand): void {
    this.store32(f, 'exception', 1);
    this.store32(f, 'exceptionCause', cause);
    this.store64(f, 'exceptionTval', tval);
  }
}
