/** Inline floating point as functions to call from a test, each with the exact routine to fall back to. */
import { HartFields } from '../../hart/fields.ts';
import { defineFloat, type FloatName, type FloatRoutines } from '../../hart/float/index.ts';
import type { FloatHarness } from '../../hart/float/testing/harness.ts';
import { isExactRoutine } from '../../isa/float-routines.ts';
import { HartState } from '../../shared/hart-state.ts';
import { access, call, type Expr } from '../../wasm/expr.ts';
import type { FunctionBuilder } from '../../wasm/function.ts';
import { ModuleBuilder } from '../../wasm/module.ts';
import { emitFloat, FloatGuard } from '../inline-float.ts';

export const HART_STATE = 0x1000;
/** Counts calls of routines. */
const COUNTER = 0x800;
const DYNAMIC = 7;
const MODES = [0, 1, 2, 3, 4, DYNAMIC];

export interface InlineOptions {
  /** Whether instructions say their rounding mode, or `frm` does. */
  readonly mode: 'static' | 'dynamic';
  /** Whether the guard is held in a local, or computed at each use. */
  readonly holdsGuard: boolean;
  readonly fuses: boolean;
  /** Whether calls of routines are counted. */
  readonly counts?: boolean;
}

export interface InlineHarness extends Omit<FloatHarness, 'time'> {
  /** How often a routine was called since this was last asked. */
  takeCalls(): number;
  /** Performs the operation twice, in one function. */
  callTwice(name: FloatName, args: readonly bigint[], rm: number, accrued?: number): void;
}

type Exported = (...args: bigint[]) => bigint;

/** Emits operations in one function, of one mode. */
export class InlineEmitter {
  readonly #f: FunctionBuilder;
  readonly #routines: FloatRoutines;
  readonly #fields = new HartFields({ state: HART_STATE, fetchTlb: 0, loadTlb: 0, storeTlb: 0 });
  readonly #guard: FloatGuard;
  readonly #rm: number;
  readonly #options: InlineOptions;

  constructor(f: FunctionBuilder, routines: FloatRoutines, rm: number, options: InlineOptions) {
    this.#f = f;
    this.#routines = routines;
    this.#guard = new FloatGuard(f, this.#fields, options.holdsGuard);
    this.#rm = rm;
    this.#options = options;
    this.#guard.load();
  }

  emit(routine: FloatName, ...operands: Expr[]): Expr {
    return emitFloat(this.#f, {
      routine,
      operands,
      rm: this.#rm === DYNAMIC ? undefined : this.#rm,
      guard: this.#guard,
      fuses: this.#options.fuses,
      checkMode: () => undefined,
      call: (bits) => this.callRoutine(routine, ...bits),
    });
  }

  callRoutine(routine: FloatName, ...bits: readonly Expr[]): Expr {
    const mode = this.#rm === DYNAMIC ? this.#fields.load32('frm') : this.#rm;
    if (this.#options.counts) this.#f.store('i32.store', 0, COUNTER, access('i32.load', 0, COUNTER).add(1));
    return call(this.#routines[routine], ...bits, ...(isExactRoutine(routine) ? [] : [mode]));
  }
}

/** A module with the routines, and the memory that it runs on. */
export function inlineModule(fast: boolean): {
  module: ModuleBuilder;
  routines: FloatRoutines;
  instantiate: () => { exports: WebAssembly.Exports; words: Uint32Array };
} {
  const module = new ModuleBuilder(1);
  const routines = defineFloat(module, HART_STATE, { fast, fuses: false });
  const instantiate = (): { exports: WebAssembly.Exports; words: Uint32Array } => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
    return { exports, words: new Uint32Array(memory.buffer) };
  };
  return { module, routines, instantiate };
}

/** Positions in `words`. */
export const WORD = {
  counter: COUNTER / 4,
  fflags: (HART_STATE + HartState.at.fflags) / 4,
  frm: (HART_STATE + HartState.at.frm) / 4,
} as const;

export function inlineHarness(options: InlineOptions): InlineHarness {
  const { module, routines, instantiate } = inlineModule(false);
  const names = Object.keys(routines) as FloatName[];
  const arity = (name: FloatName): number => routines[name].params.filter((type) => type === 'i64').length;
  const modes = options.mode === 'static' ? MODES.slice(0, -1) : [DYNAMIC];
  for (const name of names) {
    const params = Object.fromEntries(['a', 'b', 'c'].slice(0, arity(name)).map((key) => [key, 'i64' as const]));
    for (const rm of modes) {
      for (const times of [1, 2]) {
        const f = module.function(`${name}:${rm}:${times}`, params, ['i64']);
        const emitter = new InlineEmitter(f, routines, rm, { ...options, counts: true });
        for (let i = 1; i < times; i++) emitter.emit(name, ...Object.values<Expr>(f.args));
        f.return(emitter.emit(name, ...Object.values<Expr>(f.args)));
        module.export(f);
      }
    }
  }
  const { exports, words } = instantiate();
  const run = (times: number, name: FloatName, args: readonly bigint[], rm: number, accrued: number): bigint => {
    words[WORD.fflags] = accrued;
    words[WORD.frm] = options.mode === 'static' ? 0 : rm;
    const chosen = options.mode === 'static' ? rm : DYNAMIC;
    return (exports[`${name}:${chosen}:${times}`] as Exported)(...args);
  };
  return {
    names,
    arity,
    call(name, args, rm, accrued = 0) {
      const value = run(1, name, args, rm, accrued);
      return { value: BigInt.asUintN(64, value), flags: words[WORD.fflags] };
    },
    callTwice(name, args, rm, accrued = 0) {
      run(2, name, args, rm, accrued);
    },
    takeCalls() {
      const calls = words[WORD.counter];
      words[WORD.counter] = 0;
      return calls;
    },
  };
}
