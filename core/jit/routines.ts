/**
 * Functions that compiled code calls: those of the hart's own module, which are imported, and only those that are used;
 * and `nest`, of which each module has its own.
 */
import type { HartFields } from '../hart/fields.ts';
import { defineNest } from '../hart/links.ts';
import { isExactRoutine, type FloatRoutine } from '../isa/float-routines.ts';
import type { Callee, Expr } from '../wasm/expr.ts';
import type { ModuleBuilder } from '../wasm/module.ts';
import type { ValueType } from '../wasm/opcodes.ts';

export class RegionRoutines {
  readonly #module: ModuleBuilder;
  readonly #fieldsAt: (base: Expr) => HartFields;
  readonly #callees = new Map<string, Callee>();
  #nest: Callee | undefined;

  constructor(module: ModuleBuilder, fieldsAt: (base: Expr) => HartFields) {
    this.#module = module;
    this.#fieldsAt = fieldsAt;
  }

  /** A floating-point routine that takes so many arguments; the last is the rounding mode, if it rounds. */
  float(routine: FloatRoutine, arity: number): Callee {
    const params = Array<ValueType>(arity).fill('i64');
    if (!isExactRoutine(routine)) params[arity - 1] = 'i32';
    return this.#import(routine, params, ['i64']);
  }

  /** (index, operation, writes, operand): see core/hart/privileged.ts. */
  get csr(): Callee {
    return this.#import('csr', ['i32', 'i32', 'i32', 'i64'], ['i64']);
  }

  // See core/hart/memory.ts for these.

  get cacheBlock(): Callee {
    return this.#import('cache_block', ['i32', 'i64'], []);
  }
  get loadPlace(): Callee {
    return this.#import('load_place', ['i64', 'i32'], ['i32']);
  }
  get storePlace(): Callee {
    return this.#import('store_place', ['i64', 'i32'], ['i32']);
  }
  get atomicAddress(): Callee {
    return this.#import('atomic_address', ['i64', 'i32'], ['i32']);
  }
  get reserveAddress(): Callee {
    return this.#import('reserve_address', ['i64', 'i32'], ['i32']);
  }

  /** See core/hart/links.ts. */
  get nest(): Callee {
    if (!this.#nest) {
      this.#module.importTable();
      this.#nest = defineNest(this.#module, this.#fieldsAt);
    }
    return this.#nest;
  }

  #import(name: string, params: readonly ValueType[], results: readonly ValueType[]): Callee {
    const callee = this.#callees.get(name) ?? this.#module.import(name, params, results);
    this.#callees.set(name, callee);
    return callee;
  }
}
