/**
 * Prints nanoseconds for a round of loops that calculate, NX accrued and the mode in `frm`:
 * `npx tsx core/jit/testing/inline-float-timing.ts`. A round is one multiplication and dependent addition, or as much as
 * its name says.
 *
 *   plain     the host's operations, and no flags
 *   routines  a call of an imported routine for each operation
 *   inline    emitFloat, with guest registers in locals of `i64`
 *   numbers   emitFloat, with guest registers in locals of the host's type
 */
import { BOX, F32, F64, fromHost, toHost } from '../../hart/float/format.ts';
import { defineFloat, type FloatName, type FloatRoutines } from '../../hart/float/index.ts';
import { select, type Expr, type Local } from '../../wasm/expr.ts';
import type { FunctionBuilder } from '../../wasm/function.ts';
import { ModuleBuilder } from '../../wasm/module.ts';
import { hostFuses } from '../../wasm/relaxed.ts';
import { openSingle } from '../inline-float-single.ts';
import { HART_STATE, InlineEmitter, WORD } from './inline-float-harness.ts';

const VARIANTS = ['plain', 'routines', 'inline', 'numbers'] as const;
type Variant = (typeof VARIANTS)[number];
type Emit = (name: FloatName, ...operands: Expr[]) => Expr;

/** Guest registers of a loop, by their numbers. */
interface Registers {
  get(register: number): Expr;
  set(register: number, bits: Expr): void;
  /** In a local. */
  pin(bits: Expr): Expr;
}

interface Loop {
  readonly initial: readonly (number | bigint)[];
  readonly body: (emit: Emit, registers: Registers) => void;
}

type Step = readonly [into: number, name: FloatName, ...operands: number[]];
const steps =
  (...list: readonly Step[]): Loop['body'] =>
  (emit, registers) => {
    for (const [into, name, ...operands] of list) {
      registers.set(into, emit(name, ...operands.map((register) => registers.get(register))));
    }
  };

/** Distance of two bodies, its square, and its influence: 12 additions and multiplications. */
const bodies = (format: 'f32' | 'f64'): Step[] => [
  ...[0, 1, 2].map((i): Step => [3 + i, `${format}_sub`, i, 6]),
  ...[3, 4, 5].map((i): Step => [i, `${format}_mul`, i, 7]),
  ...[0, 1, 2].map((i): Step => [i, `${format}_add`, i, 3 + i]),
  ...[3, 4].map((i): Step => [i, `${format}_mul`, i, i]),
  [3, `${format}_add`, 3, 4],
];

const bitsOf = (value: number): bigint => new BigUint64Array(new Float64Array([value]).buffer)[0];
/** A number in single precision, NaN-boxed. */
const single = (value: number): bigint => BOX | BigInt(new Uint32Array(new Float32Array([value]).buffer)[0]);

/** The same with single precision, NaN-boxed. */
const singleSteps =
  (...list: readonly Step[]): Loop['body'] =>
  (emit, registers) => {
    const unbox = (bits: Expr): Expr => registers.pin(select(bits.geU(BOX), bits.and(0xffff_ffffn), F32.canonicalNaN));
    for (const [into, name, ...operands] of list) {
      const lower = operands.map((register) => unbox(registers.get(register)));
      registers.set(into, emit(name, ...lower).or(BOX));
    }
  };

const LOOPS: Readonly<Record<string, Loop>> = {
  'multiply, add': { initial: [1.1, 1 - 1e-7, 1.3e-7], body: steps([0, 'f64_mul', 0, 1], [0, 'f64_add', 0, 2]) },
  'multiply, add, single': {
    initial: [1.1, 1 - 1e-6, 1.3e-6].map(single),
    body: singleSteps([0, 'f32_mul', 0, 1], [0, 'f32_add', 0, 2]),
  },
  'bodies, single': {
    initial: [1.1, 1.2, 1.3, 0, 0, 0, 1.0001, -1e-3].map(single),
    body: singleSteps(...bodies('f32')),
  },
  'multiply-add fused': { initial: [1.1, 1 - 1e-7, 1.3e-7], body: steps([0, 'f64_madd', 0, 1, 2]) },
  'sum of products fused': { initial: [0, 1.1, 1.3e-7], body: steps([0, 'f64_madd', 1, 2, 0]) },
  'bodies, 12 operations': {
    initial: [1.1, 1.2, 1.3, 0, 0, 0, 1.0001, -1e-3],
    body: steps(...bodies('f64')),
  },
  'divide, root, add': {
    initial: [1.1, 1.3, 0.7],
    body: steps([0, 'f64_div', 0, 1], [0, 'f64_sqrt', 0], [0, 'f64_add', 0, 2]),
  },
  'greater, narrow, widen': {
    initial: [1.1, 1.3, 0.7],
    body: steps([0, 'f64_max', 0, 1], [0, 'f64_to_f32', 0], [0, 'f32_to_f64', 0], [0, 'f64_mul', 0, 2]),
  },
  'to integer, back, add': {
    initial: [1000.1, 0.7, 1000.3],
    body: (emit, registers) => {
      registers.set(0, emit('f64_add', emit('i64_to_f64', emit('f64_to_i64', registers.get(0))), registers.get(1)));
    },
  },
};

const PLAIN: Readonly<Record<string, string>> = { add: 'add', sub: 'sub', mul: 'mul', div: 'div', max: 'max' };

/** The operation, if it is one of the host's. */
function plain(name: FloatName, [x, y]: readonly Expr[]): Expr {
  const operation = PLAIN[name.slice(4)];
  if (operation) return x.binary(operation, y);
  if (name === 'f64_sqrt') return x.to('f64.sqrt');
  if (name === 'f64_to_f32') return x.to('f32.demote_f64');
  if (name === 'f32_to_f64') return x.to('f64.promote_f32');
  if (name === 'f64_to_i64') return x.to('i64.trunc_sat_f64_s');
  if (name === 'i64_to_f64') return x.to('f64.convert_i64_s');
  throw new Error(`${name} is not timed plain`);
}

function emitter(variant: Variant, f: FunctionBuilder, routines: FloatRoutines): Emit {
  const holdsGuard = variant !== 'routines';
  const inline = new InlineEmitter(f, routines, 7, { mode: 'dynamic', holdsGuard, fuses: hostFuses() });
  if (variant === 'routines') return (name, ...operands) => f.let(inline.callRoutine(name, ...operands));
  if (variant !== 'plain') return (name, ...operands) => inline.emit(name, ...operands);
  return (name, ...operands) => {
    if (name === 'f64_madd') {
      const [x, y, z] = operands.map((bits) => toHost(F64, bits));
      return fromHost(f.let(x.mul(y).add(z)));
    }
    const isInteger = name.startsWith('i64');
    const format = { name: name.slice(0, 3) } as typeof F64;
    const result = f.let(plain(name, isInteger ? operands : operands.map((bits) => toHost(format, bits))));
    return result.type === 'i64' ? result : fromHost(result);
  };
}

function registersOf(variant: Variant, f: FunctionBuilder, parameters: readonly Local[]): Registers {
  if (variant === 'inline' || variant === 'routines') {
    return {
      get: (register) => parameters[register],
      set: (register, bits) => f.set(parameters[register], bits),
      pin: (bits) => f.let(bits),
    };
  }
  const locals = parameters.map((bits) => f.variable(toHost(F64, bits)));
  return {
    get: (register) => fromHost(locals[register]),
    set: (register, bits) => f.set(locals[register], toHost(F64, bits)),
    pin: (bits) => openSingle(f, bits) ?? f.let(bits),
  };
}

/** The modules of a loop: the routines, and the loop, which imports them. */
export function encodeLoop(
  variant: Variant,
  { initial, body }: Loop,
): [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>] {
  const hart = new ModuleBuilder(1);
  const defined = Object.entries(defineFloat(hart, HART_STATE)) as [FloatName, FloatRoutines[FloatName]][];
  const module = new ModuleBuilder(1);
  const imported = defined.map(([name, routine]) => {
    hart.export(routine, name);
    return [name, module.import(name, routine.params, routine.results)];
  });
  const routines = Object.fromEntries(imported) as FloatRoutines;
  const parameters = Object.fromEntries(initial.map((_, i) => [`f${i}`, 'i64' as const]));
  const f = module.function('run', { ...parameters, count: 'i32' }, ['i64']);
  const { count, ...rest } = f.args;
  const emit = emitter(variant, f, routines);
  const registers = registersOf(variant, f, Object.values<Local>(rest));
  f.loop('again', (again) => {
    f.scope(() => body(emit, registers));
    f.set(count, count.sub(1));
    f.brIf(again, count.ne(0));
  });
  f.return(registers.get(0));
  module.export(f);
  return [hart.encode(), module.encode()];
}

/** Nanoseconds for a round: the best of some runs. */
function time(variant: Variant, loop: Loop): number {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  new Uint32Array(memory.buffer)[WORD.fflags] = 1;
  const [hart, code] = encodeLoop(variant, loop).map((bytes) => new WebAssembly.Module(bytes));
  const { exports } = new WebAssembly.Instance(hart, { env: { memory } });
  const instance = new WebAssembly.Instance(code, { env: { memory, ...exports } });
  const run = instance.exports['run'] as (...args: (bigint | number)[]) => bigint;
  const args = loop.initial.map((value) => (typeof value === 'bigint' ? value : bitsOf(value)));
  for (let i = 0; i < 300; i++) run(...args, 3000);
  const times = Array.from({ length: 8 }, () => {
    const started = performance.now();
    run(...args, 500_000);
    return ((performance.now() - started) * 1e6) / 500_000;
  });
  return Math.min(...times);
}

for (const [name, loop] of Object.entries(LOOPS)) {
  const columns = VARIANTS.map((variant) => `${variant} ${time(variant, loop).toFixed(2).padStart(6)}`);
  console.log(`${name.padEnd(24)} ns: ${columns.join('  ')}`);
}
