/**
 * The guest's registers while a block is built: x0 to x31, then f0 to f31.
 *
 * A register that is read before it is written is loaded when the block is entered. One that is written lives in a
 * local, or, while its value is known, nowhere: then what reads it gets the value itself. The block's own exits store
 * what was written up to there. Those who leave in the middle share one way out, which stores all that any of them may
 * have written: what some of them had not written yet was therefore loaded too.
 */
import type { HartFields } from '../hart/fields.ts';
import { i64, type Expr, type Local } from '../wasm/expr.ts';
import type { FunctionBuilder } from '../wasm/function.ts';

export const FIRST_FLOAT = 32;

export class RegisterFile {
  readonly #f: FunctionBuilder;
  readonly #fields: HartFields;
  readonly #isKnown: (value: Expr) => boolean;
  readonly #locals = new Map<number, Local>();
  readonly #known = new Map<number, Expr>();
  /** Registers to be loaded on entry. */
  readonly #loaded = new Set<number>();
  readonly #written = new Set<number>();
  /** Those first written since the last place that may leave. */
  readonly #fresh = new Set<number>();
  /** Those that the shared way out stores. */
  readonly #shared = new Set<number>();
  #mayHaveLeft = false;

  /** `isKnown`: whether an expression has the same value in all of the block, and is as cheap as a local. */
  constructor(f: FunctionBuilder, fields: HartFields, isKnown: (value: Expr) => boolean) {
    this.#f = f;
    this.#fields = fields;
    this.#isKnown = isKnown;
  }

  read(register: number): Expr {
    if (register === 0) return i64(0);
    const known = this.#known.get(register);
    if (known) return known;
    if (!this.#written.has(register)) this.#loaded.add(register);
    return this.#local(register);
  }

  /** Register 0 takes nothing. */
  write(register: number, value: Expr): void {
    if (register === 0) return;
    if (!this.#written.has(register)) this.#fresh.add(register);
    this.#written.add(register);
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

  /** Emits what must precede a branch to the shared way out. */
  prepareLeave(): void {
    for (const register of this.#fresh) if (this.#mayHaveLeft) this.#loaded.add(register);
    this.#fresh.clear();
    this.#mayHaveLeft = true;
    for (const register of this.#written) this.#shared.add(register);
    for (const [register, value] of this.#known) this.#f.set(this.#local(register), value);
  }

  /** Emits the stores of an exit that is reached from here. */
  spill(): void {
    for (const register of this.#written) this.#store(register, this.#known.get(register) ?? this.#local(register));
  }

  /** Emits the stores of the shared way out. */
  spillShared(): void {
    for (const register of this.#shared) this.#store(register, this.#local(register));
  }

  /** Emits the loads of the block's entry. */
  load(): void {
    for (const register of this.#loaded) {
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
