/** The routines in a module of their own, as functions to call from a test. */
import { call, type Callee, type Local } from '../../../wasm/expr.ts';
import { ModuleBuilder } from '../../../wasm/module.ts';
import { HartState } from '../../../shared/hart-state.ts';
import { defineFloat, type FloatName, type FloatOptions } from '../index.ts';

const HART_STATE = 0x1000;

/** A routine's result, as an unsigned number, and the exceptions that it added to those accrued before. */
export interface FloatResult {
  readonly value: bigint;
  readonly flags: number;
}

export interface FloatHarness {
  readonly names: readonly FloatName[];
  /** Operands, without the rounding mode. */
  arity(name: FloatName): number;
  /** Calls with `accrued` in `fflags`; `flags` of the result is all of `fflags` afterwards. */
  call(name: FloatName, args: readonly bigint[], rm: number, accrued?: number): FloatResult;
  /** Nanoseconds for one call in a chain where each takes the result of the one before as its first operand. */
  time(name: FloatName, args: readonly bigint[], count: number, accrued?: number): number;
}

type Exported = (...args: (bigint | number)[]) => bigint;

export function floatHarness(options: FloatOptions = {}): FloatHarness {
  const module = new ModuleBuilder(1);
  const routines = Object.entries(defineFloat(module, HART_STATE, options)) as [FloatName, Callee][];
  for (const [name, routine] of routines) {
    module.export(routine, name);
    module.export(defineChain(module, routine), `${name}:chain`);
  }
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const fflags = new Uint32Array(memory.buffer, HART_STATE + HartState.at.fflags, 1);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
  const exported = (name: string): Exported => instance.exports[name] as Exported;
  const operands = new Map(
    routines.map(([name, { params }]) => [name, params.filter((type) => type === 'i64').length]),
  );
  const functions = new Map(
    routines.map(([name, { params }]) => [name, { run: exported(name), rounds: params.includes('i32') }]),
  );
  return {
    names: routines.map(([name]) => name),
    arity: (name) => operands.get(name) as number,
    call(name, args, rm, accrued = 0) {
      const { run, rounds } = functions.get(name) as { run: Exported; rounds: boolean };
      fflags[0] = accrued;
      const value = rounds ? run(...args, rm) : run(...args);
      return { value: BigInt.asUintN(64, value), flags: fflags[0] };
    },
    time(name, args, count, accrued = 0) {
      const { rounds } = functions.get(name) as { rounds: boolean };
      fflags[0] = accrued;
      const started = performance.now();
      exported(`${name}:chain`)(...args, ...(rounds ? [0] : []), count);
      return ((performance.now() - started) * 1e6) / count;
    },
  };
}

/** Calls `count` times, with the result as the next first operand. */
function defineChain(module: ModuleBuilder, routine: Callee): Callee {
  const operands = Object.fromEntries(routine.params.map((type, i) => [`operand${i}`, type]));
  const f = module.function(`${routine.name}_chain`, { ...operands, count: 'i32' }, ['i64']);
  const { count, ...rest } = f.args;
  const args: Local[] = Object.values(rest);
  f.loop('again', (again) => {
    f.set(args[0], call(routine, ...args));
    f.set(count, count.sub(1));
    f.brIf(again, count.ne(0));
  });
  f.return(args[0]);
  return f;
}
