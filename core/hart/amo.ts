/** Atomic memory operations as generated code: the engine's own where it has them, a compare-exchange loop else. */
import type { AmoOperation } from '../isa/emitter.ts';
import { access, select, type Expr, type Local } from '../wasm/expr.ts';
import type { FunctionBuilder } from '../wasm/function.ts';

const COMPARISONS = { min: 'lt_s', max: 'gt_s', minu: 'lt_u', maxu: 'gt_u' } as const;

/** The old value at `at` (an aligned offset in the shared memory), sign-extended, after combining it with `value`. */
export function emitAmo(f: FunctionBuilder, operation: AmoOperation, width: 4 | 8, at: Local, value: Expr): Expr {
  const type = width === 8 ? 'i64' : 'i32';
  const operand = f.let(width === 8 ? value : value.wrap());
  const extend = (old: Expr): Expr => f.let(width === 8 ? old : old.sext());
  if (!(operation in COMPARISONS)) return extend(access(`${type}.atomic.rmw.${operation}`, at, 0, operand));
  const comparison = COMPARISONS[operation as keyof typeof COMPARISONS];
  const old = f.local(type);
  const seen = f.local(type);
  f.set(seen, access(`${type}.atomic.load`, at));
  f.loop('exchange', (exchange) => {
    f.set(old, seen);
    const chosen = select(old.binary(comparison, operand), old, operand);
    f.set(seen, access(`${type}.atomic.rmw.cmpxchg`, at, 0, old, chosen));
    f.brIf(exchange, seen.ne(old));
  });
  return extend(old);
}
