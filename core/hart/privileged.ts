/** CSR access, traps and returns as functions of the hart's module, generated from their definitions in core/isa. */
import type { CsrOperation } from '../isa/emitter.ts';
import { accessCsr, csrs } from '../isa/csr.ts';
import { Cause } from '../isa/mstatus.ts';
import { checkSfence, checkWfi, enterTrap, pendingInterrupt, returnFromM, returnFromS } from '../isa/traps.ts';
import { Attention } from '../shared/hart-state.ts';
import { i64, type Callee } from '../wasm/expr.ts';
import type { FunctionBuilder, Params } from '../wasm/function.ts';
import type { ValueType } from '../wasm/opcodes.ts';
import type { HartCode } from './code.ts';
import { bits, expr, hartEffects, WasmState, type ChangeRoutines } from './state.ts';
import type { TlbRoutines } from './tlb.ts';

export const CSR_OPERATIONS: readonly CsrOperation[] = ['write', 'set', 'clear'];

export interface PrivilegedRoutines {
  /** (index in `csrs`, operation, writes, operand): the old value; an exception when it is not allowed. */
  readonly csr: Callee;
  /** Enters the trap for the noted exception. */
  readonly raise: Callee;
  /** Takes a pending interrupt, if one can be: 1 when it did. `pc` must be current. */
  readonly takeInterrupt: Callee;
  readonly mret: Callee;
  readonly sret: Callee;
  readonly checkWfi: Callee;
  readonly checkSfence: Callee;
  readonly changes: ChangeRoutines;
}

export function definePrivileged(code: HartCode, tlb: TlbRoutines): PrivilegedRoutines {
  const updateInterrupts = code.module.function('update_interrupts', {});
  const changes = { ...tlb, updateInterrupts };
  /** A function whose body is written over the state; an illegal instruction leaves it, with the exception noted. */
  const routine = <P extends Params>(
    f: FunctionBuilder<P>,
    body: (s: WasmState, f: FunctionBuilder<P>) => void,
  ): Callee => {
    const plainBuilder = f as unknown as FunctionBuilder;
    const effects = hartEffects(plainBuilder, code, changes, () => {
      code.except(plainBuilder, Cause.ILLEGAL, 0);
      f.return(f.results.length > 0 ? 0 : undefined);
    });
    const s = new WasmState(plainBuilder, code, effects);
    body(s, f);
    return f;
  };
  const define = (name: string, results: ValueType[], body: (s: WasmState, f: FunctionBuilder) => void): Callee =>
    routine(code.module.function(name, {}, results), (s, f) => body(s, f as unknown as FunctionBuilder));

  routine(updateInterrupts, (s, f) => {
    f.if(expr(pendingInterrupt(s)).ne(0), () => {
      f.store('i32.atomic.rmw.or', 0, code.at('attention'), Attention.INTERRUPT);
    });
  });
  return {
    changes,
    csr: routine(
      code.module.function('csr', { index: 'i32', operation: 'i32', writes: 'i32', value: 'i64' }, ['i64']),
      (s, f) => defineCsr(s, f as unknown as FunctionBuilder<CsrParams>),
    ),
    raise: define('raise', [], (s, f) => {
      code.count(f, 'statTraps');
      code.store32(f, 'exception', 0);
      enterTrap(s, bits(code.load32('exceptionCause').zext()), bits(code.load64('exceptionTval')));
    }),
    takeInterrupt: define('take_interrupt', ['i32'], (s, f) => {
      const cause = f.let(expr(pendingInterrupt(s)));
      f.if(cause.eq(0), () => f.return(0));
      code.count(f, 'statTraps');
      enterTrap(s, bits(cause), bits(i64(0)));
      f.return(1);
    }),
    mret: define('mret', [], (s) => returnFromM(s)),
    sret: define('sret', [], (s) => returnFromS(s)),
    checkWfi: define('check_wfi', [], (s) => checkWfi(s)),
    checkSfence: define('check_sfence', [], (s) => checkSfence(s)),
  };
}

type CsrParams = { index: 'i32'; operation: 'i32'; writes: 'i32'; value: 'i64' };

function defineCsr(s: WasmState, f: FunctionBuilder<CsrParams>): void {
  const { index, operation, writes, value } = f.args;
  const [write, set] = [CSR_OPERATIONS.indexOf('write'), CSR_OPERATIONS.indexOf('set')];
  f.switch(
    index,
    csrs.map((csr) => () => {
      f.scope(() => {
        const operand = bits(value);
        const old = accessCsr(s, csr, bits(writes), (before) => {
          const changed = s.select(bits(operation.eq(set)), before.or(operand), before.and(operand.xor(-1)));
          return s.select(bits(operation.eq(write)), operand, changed);
        });
        f.return(expr(old));
      });
    }),
    () => s.illegal(),
  );
}
