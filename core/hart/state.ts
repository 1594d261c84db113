/** The state emitter of generated code: fields of the hart's structure are loads and stores at constant addresses. */
import type { Bits, Change, Cond, StateEmitter, StateField, Word } from '../isa/emitter.ts';
import { HartState } from '../shared/hart-state.ts';
import { access, i64, operand, select, type Callee, type Expr, type Operand } from '../wasm/expr.ts';
import type { FunctionBuilder } from '../wasm/function.ts';
import type { HartCode } from './code.ts';
import type { HartFields } from './fields.ts';

/** What semantics ask for beyond values and fields. */
export interface StateEffects {
  /** Emits how the code being generated leaves for an illegal-instruction exception. */
  illegal(): void;
  /** Emits reading the clock into `time`. */
  readTime(): void;
  notice(change: Change): void;
}

/** Routines that register changes lead to. */
export interface ChangeRoutines {
  readonly updateContexts: Callee;
  readonly updateInterrupts: Callee;
  readonly flushTlbs: Callee;
}

/** The effects within a hart's own module. `onIllegal` as {@link StateEffects}`.illegal`. */
export function hartEffects(
  f: FunctionBuilder,
  code: HartCode,
  changes: ChangeRoutines,
  onIllegal: () => void,
): StateEffects {
  const noticed: Readonly<Record<Change, Callee>> = {
    mode: changes.updateContexts,
    interrupts: changes.updateInterrupts,
    protection: changes.flushTlbs,
    timer: code.host.timerChanged,
  };
  return {
    illegal: onIllegal,
    readTime: () => f.call(code.host.readTime),
    notice: (change) => f.call(noticed[change]),
  };
}

// In generated code every Bits and Cond is an Expr; these two say so where the abstract types end.
export const expr = (value: Bits | Cond): Expr => value as unknown as Expr;
export const bits = (value: Expr): Bits & Cond => value as unknown as Bits & Cond;
export const word = (value: Word): Expr => operand('i64', value as unknown as Operand);

const isNarrow = (field: StateField): boolean => (HartState.fields[field] as { kind: string }).kind === 'u32';

export class WasmState implements StateEmitter {
  readonly f: FunctionBuilder;
  readonly fields: HartFields;
  readonly #effects: StateEffects;

  constructor(f: FunctionBuilder, fields: HartFields, effects: StateEffects) {
    this.f = f;
    this.fields = fields;
    this.#effects = effects;
  }

  constant(value: bigint | number): Bits {
    return bits(i64(value));
  }
  let(value: Bits): Bits {
    return bits(this.f.let(expr(value)));
  }
  select(condition: Cond, a: Word, b: Word): Bits {
    return bits(select(expr(condition), word(a), word(b)));
  }
  if(condition: Cond, then: () => void, otherwise?: () => void): void {
    this.f.if(expr(condition), then, otherwise);
  }
  get(field: StateField): Bits {
    return bits(access(isNarrow(field) ? 'i64.load32_u' : 'i64.load', this.fields.pointer(), this.fields.at(field)));
  }
  put(field: StateField, value: Word): void {
    this.f.store(
      isNarrow(field) ? 'i64.store32' : 'i64.store',
      this.fields.pointer(),
      this.fields.at(field),
      word(value),
    );
  }
  getElement(field: 'pmpcfg' | 'pmpaddr' | 'mhpmcounter' | 'mhpmevent', index: number): Bits {
    return bits(this.fields.load64(field, index));
  }
  putElement(field: 'pmpcfg' | 'pmpaddr' | 'mhpmcounter' | 'mhpmevent', index: number, value: Word): void {
    this.fields.store64(this.f, field, word(value), index);
  }
  readMip(): Bits {
    return bits(access('i64.atomic.load32_u', this.fields.pointer(), this.fields.at('mip')));
  }
  changeMip(clear: Word, set: Word): void {
    this.f.store('i32.atomic.rmw.and', this.fields.pointer(), this.fields.at('mip'), word(clear).wrap().xor(-1));
    this.f.store('i32.atomic.rmw.or', this.fields.pointer(), this.fields.at('mip'), word(set).wrap());
  }
  readTime(): Bits {
    this.#effects.readTime();
    return bits(this.fields.load64('time'));
  }
  illegal(): void {
    this.#effects.illegal();
  }
  notice(change: Change): void {
    this.#effects.notice(change);
  }
}
