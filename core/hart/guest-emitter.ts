/**
 * What generated code does for a guest instruction whichever engine it is made for: looks into the TLB, atomics, fences,
 * calls of floating-point routines. An engine says what happens when the TLB misses.
 */
import type { AmoOperation, Bits, Width } from '../isa/emitter.ts';
import type { FloatRoutine } from '../isa/float-routines.ts';
import { MSTATUS } from '../isa/mstatus.ts';
import { access, call, i64, type Callee, type Expr, type Local } from '../wasm/expr.ts';
import { emitAmo } from './amo.ts';
import { bits, expr, WasmState } from './state.ts';
import { answers, hitAddend, lookupTag, type DataTlb } from './tlb.ts';

export const LOADS_U = { 1: 'i64.load8_u', 2: 'i64.load16_u', 4: 'i64.load32_u', 8: 'i64.load' } as const;
export const LOADS_S = { 1: 'i64.load8_s', 2: 'i64.load16_s', 4: 'i64.load32_s', 8: 'i64.load' } as const;
export const STORES = { 1: 'i64.store8', 2: 'i64.store16', 4: 'i64.store32', 8: 'i64.store' } as const;

export abstract class GuestEmitter extends WasmState {
  /** The data context as an `i64`; see tlb.ts. */
  protected abstract dataContext(): Expr;
  /** Where in the shared memory an atomic access goes that may write, or, for LR, reads only. Leaves on failure. */
  protected abstract atomicPlace(address: Expr, width: 4 | 8): Local;
  protected abstract reservePlace(address: Expr, width: 4 | 8): Local;
  /** The routine to call, which takes so many arguments. */
  protected abstract floatRoutine(routine: FloatRoutine, arity: number): Callee;

  // --- floating point ------------------------------------------------------------------------------------------------

  dirtyFloat(): void {
    this.put('mstatus', this.get('mstatus').or(MSTATUS.FS));
  }
  float(routine: FloatRoutine, ...args: Bits[]): Bits {
    const callee = this.floatRoutine(routine, args.length);
    const operands = args.map((arg, i) => (callee.params[i] === 'i32' ? expr(arg).wrap() : expr(arg)));
    return bits(call(callee, ...operands));
  }

  // --- memory --------------------------------------------------------------------------------------------------------

  /** Whether the entry answers an aligned access. */
  protected hits(tlb: DataTlb, address: Expr, entry: Expr, width: Width): Expr {
    return answers(this.fields, tlb, entry, lookupTag(address, width, this.dataContext()));
  }
  /** Where an access goes whose entry answers. */
  protected hitPlace(tlb: DataTlb, address: Expr, entry: Expr): Expr {
    return address.wrap().add(hitAddend(this.fields, tlb, entry));
  }

  // --- atomics -------------------------------------------------------------------------------------------------------

  amo(operation: AmoOperation, width: 4 | 8, address: Bits, value: Bits): Bits {
    return bits(emitAmo(this.f, operation, width, this.atomicPlace(expr(address), width), expr(value)));
  }
  loadReserved(width: 4 | 8, address: Bits): Bits {
    const { f, fields } = this;
    const at = this.reservePlace(expr(address), width);
    const value = f.let(width === 8 ? access('i64.atomic.load', at) : access('i32.atomic.load', at).sext());
    fields.store32(f, 'reservation', at);
    fields.store64(f, 'reservationValue', value);
    return bits(value);
  }
  storeConditional(width: 4 | 8, address: Bits, value: Bits): Bits {
    const { f, fields } = this;
    const at = this.atomicPlace(expr(address), width);
    const failed = f.variable(i64(1));
    f.if(fields.load32('reservation').eq(at), () => {
      const expected = fields.load64('reservationValue');
      const same =
        width === 8
          ? access('i64.atomic.rmw.cmpxchg', at, 0, expected, expr(value)).eq(expected)
          : access('i32.atomic.rmw.cmpxchg', at, 0, expected.wrap(), expr(value).wrap()).eq(expected.wrap());
      f.set(failed, same.eqz().zext());
    });
    fields.store32(f, 'reservation', 0);
    return bits(failed);
  }
  fence(): void {
    this.f.fence();
  }
}
