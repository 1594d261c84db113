/**
 * Functions of the hart's own module that compiled code calls. They are imported, and only those that are used: the
 * set of floating-point routines is larger than all but the largest modules of blocks, and a hart's own copy knows
 * where that hart's `fflags` are, whoever shares the compiled code.
 */
import { isExactRoutine, type FloatRoutine } from '../isa/float-routines.ts';
import type { Callee } from '../wasm/expr.ts';
import type { ModuleBuilder } from '../wasm/module.ts';
import type { ValueType } from '../wasm/opcodes.ts';

export class RoutineImports {
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

  /** (operation, address): see core/hart/memory.ts. */
  get cacheBlock(): Callee {
    return this.#import('cache_block', ['i32', 'i64'], []);
  }

  #import(name: string, params: readonly ValueType[], results: readonly ValueType[]): Callee {
    const callee = this.#callees.get(name) ?? this.#module.import(name, params, results);
    this.#callees.set(name, callee);
    return callee;
  }
}
