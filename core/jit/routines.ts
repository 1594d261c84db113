/**
 * Functions of the hart's own module that compiled code calls: they are imported, and only those that are used.
 *
 * The table of functions is not imported. V8 as in Node 20 never lets go of an instance that does, and keeps a copy of
 * the table for each.
 */
import { isExactRoutine, type FloatRoutine } from '../isa/float-routines.ts';
import type { Callee } from '../wasm/expr.ts';
import type { ModuleBuilder } from '../wasm/module.ts';
import type { ValueType } from '../wasm/opcodes.ts';

export class RegionRoutines {
  readonly #module: ModuleBuilder;
  readonly #callees = new Map<string, Callee>();

  constructor(module: ModuleBuilder) {
    this.#module = module;
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
    return this.#import('nest', ['i64', 'i32', 'i32'], ['i32']);
  }

  #import(name: string, params: readonly ValueType[], results: readonly ValueType[]): Callee {
    const callee = this.#callees.get(name) ?? this.#module.import(name, params, results);
    this.#callees.set(name, callee);
    return callee;
  }
}
