/**
 * Floating point in compiled code: the host's operation, a test that its result and exceptions are certain
 * (core/hart/float/host.ts), and a call of the routine, which decides all cases, for where they are not.
 *
 *   value = x + y                                    in a local of the host's type, where the next operation finds it
 *   if (size(value) >= guard)                        unlikely
 *     value = routine(a, b, rm); guard = ...
 *
 * The guard is what compiled code has to know of `fcsr`: it is the limit of sizes where rounding is to nearest and NX has
 * accrued, so that no one can tell whether it is raised again. Else it is 0, no size is below, and routines are called.
 */
import type { HartFields } from '../hart/fields.ts';
import { INTEGERS } from '../hart/float/convert.ts';
import { F32, F64, Flag, FORMATS, fromHost, Rounding, toHost, type FloatFormat } from '../hart/float/format.ts';
import {
  CERTAIN_SIZE,
  hostCompare,
  hostExtreme,
  hostFromInteger,
  hostFused32,
  hostFused64,
  hostNarrow,
  hostProduct,
  hostRoot,
  hostSum,
  hostToInteger,
  hostWiden,
  type HostResult,
} from '../hart/float/host.ts';
import type { FloatRoutine } from '../isa/float-routines.ts';
import { i64, Local, select, type Expr } from '../wasm/expr.ts';
import type { FunctionBuilder } from '../wasm/function.ts';

/** The guard of a function: held in a local, which must be loaded, or computed at each use. */
export class FloatGuard {
  readonly #f: FunctionBuilder;
  readonly #fields: HartFields;
  readonly #isHeld: boolean;
  #local: Local | undefined;

  constructor(f: FunctionBuilder, fields: HartFields, isHeld: boolean) {
    this.#f = f;
    this.#fields = fields;
    this.#isHeld = isHeld;
  }

  /** Whether there is a local to be loaded so far. */
  get isUsed(): boolean {
    return this.#local !== undefined;
  }

  /** Emits what loads the local: at the function's beginning, and behind whatever may have changed `fcsr`. */
  load(): void {
    if (this.#isHeld) this.#f.set(this.#held(), this.#current());
  }

  /** An `i64`: `CERTAIN_SIZE`, or 0. */
  get value(): Expr {
    return this.#isHeld ? this.#held() : this.#current();
  }

  #held(): Local {
    this.#local ??= this.#f.lastingLocal('i64');
    return this.#local;
  }

  #current(): Expr {
    const holds = this.#fields.load32('frm').eqz().and(this.#fields.load32('fflags').and(Flag.NX));
    return select(holds, i64(CERTAIN_SIZE), i64(0));
  }
}

/** One operation, and how the code around it takes part. */
export interface InlineFloat {
  readonly routine: FloatRoutine;
  /** Registers as the routine takes them; single precision has zeros in the upper half. */
  readonly operands: readonly Expr[];
  /** The rounding mode if the instruction says it; else it is that of `frm`. Of no account to routines that do not round. */
  readonly rm: number | undefined;
  readonly guard: FloatGuard;
  /** Whether the host multiplies and adds with one rounding: `hostFuses`. */
  readonly fuses: boolean;
  /** Emits what leaves where `frm`, if the instruction asks for it, is no rounding mode. A guard that holds says that it is. */
  readonly checkMode: () => void;
  /** The call of the routine with these operands, and its rounding mode. */
  readonly call: (operands: readonly Expr[]) => Expr;
}

/**
 * Emits the operation. The result is what the routine returns; mostly it is a local of the host's type seen as bits, and
 * whoever keeps that local (`toHost` finds it) spares the processor two moves between its register files.
 */
export function emitFloat(f: FunctionBuilder, operation: InlineFloat): Expr {
  const { routine, guard, call } = operation;
  const format = FORMATS.find(({ name }) => routine.startsWith(name));
  const operands = operation.operands.map((bits) => pin(f, bits, format));
  const bits = format ? operands.map(fromHost) : operands;
  const host = hostOf(f, operation, operands);
  if (!host?.rounds) operation.checkMode();
  if (!host) return f.let(call(bits));

  const { value: computed, rounds, size, conditions = [] } = host;
  const doubts = conditions.map((condition) => condition.eqz());
  if (size) doubts.unshift(size.geU(guard.value));
  else if (rounds) doubts.unshift(guard.value.eqz());
  const value = computed instanceof Local ? computed : f.variable(computed);
  ifAny(f, doubts, () => {
    if (rounds) operation.checkMode();
    const result = call(bits);
    f.set(value, value.type === 'i64' ? result : toHost(value.type === 'f32' ? F32 : F64, result));
    // The routine may have raised NX.
    if (rounds) guard.load();
  });
  return value.type === 'i64' ? value : fromHost(value);
}

/** What the host makes of the operation; `undefined` if it has none. Operands are numbers of its own. */
function hostOf(
  f: FunctionBuilder,
  { routine, rm = Rounding.RNE, fuses }: InlineFloat,
  operands: readonly Expr[],
): HostResult | undefined {
  const [from, name, to] = routine.split('_');
  const [x, y, z] = operands;
  if (to !== undefined) return hostConversion(f, from, to, x, rm);
  const isNearest = rm === Rounding.RNE;
  switch (name) {
    case 'eq':
    case 'lt':
    case 'le':
      return hostCompare(name, x, y);
    case 'min':
    case 'max':
      return hostExtreme(f, name, x, y);
    case 'add':
    case 'sub':
      return isNearest ? hostSum(f, name, x, y) : undefined;
    case 'mul':
    case 'div':
      return isNearest ? hostProduct(f, name, x, y) : undefined;
    case 'sqrt':
      return isNearest ? hostRoot(f, x) : undefined;
    case 'madd':
      if (!isNearest) return undefined;
      if (from === 'f32') return hostFused32(f, x, y, z);
      return fuses ? hostFused64(f, x, y, z) : undefined;
    default:
      return undefined;
  }
}

/** The instruction that makes a number integral in each mode. The conversion itself rounds towards zero. */
const INTEGRAL: Readonly<Record<number, string>> = {
  [Rounding.RNE]: 'nearest',
  [Rounding.RDN]: 'floor',
  [Rounding.RUP]: 'ceil',
};

function hostConversion(f: FunctionBuilder, from: string, to: string, x: Expr, rm: number): HostResult | undefined {
  const integer = INTEGERS.find(({ name }) => name === from || name === to);
  if (!integer) return to === 'f64' ? hostWiden(x) : rm === Rounding.RNE ? hostNarrow(f, x) : undefined;
  if (integer.name === from) {
    const host = hostFromInteger(to === 'f32' ? F32 : F64, integer, x);
    return host.rounds && rm !== Rounding.RNE ? undefined : host;
  }
  if (rm === Rounding.RTZ) return hostToInteger(integer, x);
  const how = INTEGRAL[rm];
  return how === undefined ? undefined : hostToInteger(integer, f.let(x.to(`${x.type}.${how}`)));
}

/** A register as the host's number, or as it is if it has no format, in a local unless it costs nothing to compute again. */
function pin(f: FunctionBuilder, bits: Expr, format: FloatFormat | undefined): Expr {
  const value = format ? toHost(format, bits) : bits;
  return bits instanceof Local || value instanceof Local ? value : f.let(value);
}

/** Runs `then` if one of the conditions holds, which is unlikely. */
function ifAny(f: FunctionBuilder, conditions: readonly Expr[], then: () => void): void {
  if (conditions.length === 0) return;
  if (conditions.length === 1) return f.ifUnlikely(conditions[0], then);
  f.block('certain', (certain) => {
    f.block('doubt', (doubt) => {
      for (const condition of conditions.slice(0, -1)) f.brIf(doubt, condition, 'unlikely');
      f.brIf(certain, conditions[conditions.length - 1].eqz(), 'likely');
    });
    then();
  });
}
