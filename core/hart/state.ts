/** The state emitter of generated code: fields of the hart's structure are loads and stores at constant addresses. */
import type { Bits, Change, Cond, StateEmitter, StateField, Word } from '../isa/emitter.ts';
import { HartState } from '../shared/hart-state.ts';
import { access, i64, operand, select, type Callee, type Expr, type Operand } from '../wasm/expr.ts';
import type { FunctionBuilder } from '../wasm/function.ts';
import type { HartCode } from './code.ts';

/** Routines that register changes lead to. */
export interface ChangeRoutines {
  readonly updateContexts: Callee;
  readonly updateInterrupts: Callee;
  readonly flushTlbs: Callee;
}

// In generated code every Bits and Cond is an Expr; these two say so where the abstract types end.
export const expr = (value: Bits | Cond): Expr => value as unknown as Expr;
export const bits = (value: Expr): Bits & Cond => value as unknown as Bits & Cond;
export const word = (value: Word): Expr => operand('i64', value as unknown as Operand);

const isNarrow = (field: StateField): boolean => (HartState.fields[field] as { kind: string }).kind === 'u32';

export class WasmState implements StateEmitter {
  readonly f: FunctionBuilder;
  readonly code: HartCode;
  readonly #changes: ChangeRoutines;
  readonly #onIllegal: () => void;

  /** `onIllegal` emits how the code being generated leaves for an illegal-instruction exception. */
  constructor(f: FunctionBuilder, code: HartCode, changes: ChangeRoutines, onIllegal: () => void) {
    this.f = f;
    this.code = code;
    this.#changes = changes;
    this.#onIllegal = onIllegal;
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
    return bits(access(isNarrow(field) ? 'i64.load32_u' : 'i64.load', 0, this.code.at(field)));
  }
  put(field: StateField, value: Word): void {
    this.f.store(isNarrow(field) ? 'i64.store32' : 'i64.store', 0, this.code.at(field), word(value));
  }
  getElement(field: 'pmpcfg' | 'pmpaddr' | 'mhpmcounter' | 'mhpmevent', index: number): Bits {
    return bits(this.code.load64(field, index));
  }
  putElement(field: 'pmpcfg' | 'pmpaddr' | 'mhpmcounter' | 'mhpmevent', index: number, value: Word): void {
    this.code.store64(this.f, field, word(value), index);
  }
  readMip(): Bits {
    return bits(access('i64.atomic.load32_u', 0, this.code.at('mip')));
  }
  changeMip(clear: Word, set: Word): void {
    this.f.store('i32.atomic.rmw.and', 0, this.code.at('mip'), word(clear).wrap().xor(-1));
    this.f.store('i32.atomic.rmw.or', 0, this.code.at('mip'), word(set).wrap());
  }
  readTime(): Bits {
    this.f.call(this.code.host.readTime);
    return bits(this.code.load64('time'));
  }
  illegal(): void {
    this.#onIllegal();
  }
  notice(change: Change): void {
    switch (change) {
      case 'mode':
        return this.f.call(this.#changes.updateContexts);
      case 'interrupts':
        return this.f.call(this.#changes.updateInterrupts);
      case 'protection':
        return this.f.call(this.#changes.flushTlbs);
      case 'timer':
        return this.f.call(this.code.host.timerChanged);
    }
  }
}
