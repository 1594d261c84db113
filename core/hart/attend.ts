/** The part of attention that needs no help from outside: a pending interrupt is taken without leaving WebAssembly. */
import { Attention } from '../shared/hart-state.ts';
import { call, type Callee } from '../wasm/expr.ts';
import type { HartCode } from './code.ts';

/** `attend()`: takes INTERRUPT attention; 1 when an interrupt was taken and `pc` is its handler. */
export function defineAttend(code: HartCode, takeInterrupt: Callee): Callee {
  const f = code.module.function('attend', {}, ['i32']);
  f.if(code.loadAtomic('attention').and(Attention.INTERRUPT).eqz(), () => f.return(0));
  // Taken before `mip` is looked at, so that one that rises later is seen by a later look.
  f.store('i32.atomic.rmw.and', 0, code.at('attention'), ~Attention.INTERRUPT);
  f.return(call(takeInterrupt));
  return f;
}
