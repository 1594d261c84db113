/**
 * The guest's registers while a region is built. Each that is used has a local; while its value is known, within a
 * block, it is nowhere: what reads it gets the value itself, and its local is out of date.
 */
import type { HartFields } from '../hart/fields.ts';
import { i64, type Expr, type Local } from '../wasm/expr.ts';
import type { FunctionBuilder } from '../wasm/function.ts';
import { FIRST_FLOAT, registersOf, type RegisterSet } from './registers.ts';

export class RegisterFile {
  readonly #f: FunctionBuilder;
  readonly #fields: HartFields;
  readonly #isKnown: (value: Expr) => boolean;
  readonly #locals = new Map<number, Local>();
  readonly #known = new Map<number, Expr>();

  /** `isKnown`: whether an expression has the same value in all of the region, and is as cheap as a local. */
  constructor(f: FunctionBuilder, fields: HartFields, isKnown: (value: Expr) => boolean) {
    this.#f = f;
    this.#fields = fields;
    this.#isKnown = isKnown;
  }

  /** All locals are up to date from here on. */
  beginBlock(): void {
    this.#known.clear();
  }

  /** What is known now, to be set again for another path from here. */
  known(): ReadonlyMap<number, Expr> {
    return new Map(this.#known);
  }
  setKnown(known: ReadonlyMap<number, Expr>): void {
    this.#known.clear();
    for (const [register, value] of known) this.#known.set(register, value);
  }

  read(register: number): Expr {
    if (register === 0) return i64(0);
    return this.#known.get(register) ?? this.#local(register);
  }

  /** Register 0 takes nothing. */
  write(register: number, value: Expr): void {
    if (register === 0) return;
    this.#known.delete(register);
    if (this.#isKnown(value)) this.#known.set(register, value);
    else this.#f.set(this.#local(register), value);
  }

  /** Whether the expression is a register other than `except`, and so does not change before `except` is written. */
  isRegister(value: Expr, except: number): boolean {
    if (value.node.kind !== 'local') return false;
    for (const [register, local] of this.#locals) if (local === value) return register !== except;
    return false;
  }

  /** Brings the locals of these registers up to date, on one path. */
  materialize(set: RegisterSet): void {
    for (const [register, value] of this.#known) {
      if ((set >> BigInt(register)) & 1n) this.#f.set(this.#local(register), value);
    }
  }

  /** Stores what is known, or else the locals. */
  spill(set: RegisterSet): void {
    for (const register of registersOf(set)) this.#store(register, this.read(register));
  }

  /** Stores the locals. */
  spillLocals(set: RegisterSet): void {
    for (const register of registersOf(set)) this.#store(register, this.#local(register));
  }

  load(set: RegisterSet): void {
    for (const register of registersOf(set)) {
      this.#f.set(this.#local(register), this.#fields.load64(...place(register)));
    }
  }

  #store(register: number, value: Expr): void {
    const [field, index] = place(register);
    this.#fields.store64(this.#f, field, value, index);
  }

  #local(register: number): Local {
    const local = this.#locals.get(register) ?? this.#f.lastingLocal('i64');
    this.#locals.set(register, local);
    return local;
  }
}

const place = (register: number): ['x' | 'f', number] =>
  register < FIRST_FLOAT ? ['x', register] : ['f', register - FIRST_FLOAT];
