/**
 * The guest's registers while a region is built. Each that is used has a local, a floating-point one a number. While its
 * value is known it is nowhere: what reads it gets the value itself, and its local is out of date.
 */
import type { HartFields } from '../hart/fields.ts';
import { F64, fromHost, toHost } from '../hart/float/format.ts';
import { access, i64, type Expr, type Local } from '../wasm/expr.ts';
import type { FunctionBuilder } from '../wasm/function.ts';
import { FIRST_FLOAT, registersOf, type RegisterSet } from './registers.ts';

export class RegisterFile {
  readonly #f: FunctionBuilder;
  readonly #fields: HartFields;
  readonly #isKnown: (value: Expr) => boolean;
  readonly #locals: (Local | undefined)[] = [];
  /** By the number of the local. */
  readonly #registerOf = new Map<number, number>();
  #known: ReadonlyMap<number, Expr> = new Map();
  /** It was given out, and is copied before it changes. */
  #isShared = false;

  /** `isKnown`: whether an expression has the same value in all of the region, and is as cheap as a local. */
  constructor(f: FunctionBuilder, fields: HartFields, isKnown: (value: Expr) => boolean) {
    this.#f = f;
    this.#fields = fields;
    this.#isKnown = isKnown;
  }

  /** All locals are up to date from here on. */
  beginBlock(): void {
    if (this.#known.size > 0) this.setKnown(new Map());
  }

  /** What is known now, to be set again for another path from here. */
  known(): ReadonlyMap<number, Expr> {
    this.#isShared = true;
    return this.#known;
  }
  setKnown(known: ReadonlyMap<number, Expr>): void {
    this.#known = known;
    this.#isShared = true;
  }
  #toChange(): Map<number, Expr> {
    if (this.#isShared) this.#known = new Map(this.#known);
    this.#isShared = false;
    return this.#known as Map<number, Expr>;
  }

  read(register: number): Expr {
    if (register === 0) return i64(0);
    return this.#known.get(register) ?? this.#held(register);
  }

  /** Register 0 takes nothing. */
  write(register: number, value: Expr): void {
    if (register === 0) return;
    if (this.#known.has(register)) this.#toChange().delete(register);
    if (this.#isKnown(value)) this.#toChange().set(register, value);
    else this.#set(register, value);
  }

  /** Whether the expression is a register other than `except`, and so does not change before `except` is written. */
  isRegister(value: Expr, except: number): boolean {
    const { node } = value;
    const held = node.kind === 'op' && node.op.name === 'i64.reinterpret_f64' ? node.args[0].node : node;
    const register = held.kind === 'local' ? this.#registerOf.get(held.index) : undefined;
    return register !== undefined && register !== except;
  }

  /** Brings the locals of these registers up to date, on one path. */
  materialize(set: RegisterSet): void {
    for (const [register, value] of this.#known) {
      if ((set >> BigInt(register)) & 1n) this.#set(register, value);
    }
  }

  /** Stores what is known, or else the locals. */
  spill(set: RegisterSet): void {
    for (const register of registersOf(set)) this.#store(register, this.read(register));
  }

  /** Stores the locals. */
  spillLocals(set: RegisterSet): void {
    for (const register of registersOf(set)) this.#store(register, this.#held(register));
  }

  load(set: RegisterSet): void {
    for (const register of registersOf(set)) {
      this.#load(register);
    }
  }

  #store(register: number, value: Expr): void {
    const [field, index] = place(register);
    if (register < FIRST_FLOAT) this.#fields.store64(this.#f, field, value, index);
    else this.#f.store('f64.store', this.#fields.pointer(), this.#fields.at(field) + index * 8, toHost(F64, value));
  }

  #load(register: number): void {
    const [field, index] = place(register);
    const at = this.#fields.at(field) + index * 8;
    this.#f.set(
      this.#local(register),
      access(register < FIRST_FLOAT ? 'i64.load' : 'f64.load', this.#fields.pointer(), at),
    );
  }

  /** The bits in a register's local. */
  #held(register: number): Expr {
    const local = this.#local(register);
    return register < FIRST_FLOAT ? local : fromHost(local);
  }
  #set(register: number, value: Expr): void {
    this.#f.set(this.#local(register), register < FIRST_FLOAT ? value : toHost(F64, value));
  }

  #local(register: number): Local {
    const known = this.#locals[register];
    if (known) return known;
    const local = this.#f.lastingLocal(register < FIRST_FLOAT ? 'i64' : 'f64');
    this.#locals[register] = local;
    this.#registerOf.set(local.index, register);
    return local;
  }
}

const place = (register: number): ['x' | 'f', number] =>
  register < FIRST_FLOAT ? ['x', register] : ['f', register - FIRST_FLOAT];
