/**
 * The emitter of the interpreter: operands are read from the decoded entry at run time, registers are loads and
 * stores in the hart's structure.
 */
import type { Bits, Cond, CsrOperation, Emitter, Width } from '../isa/emitter.ts';
import type { FloatRoutine } from '../isa/float-routines.ts';
import type { Instruction } from '../isa/instruction.ts';
import { Cause, MSTATUS } from '../isa/mstatus.ts';
import { Control } from '../shared/memory-map.ts';
import { Exit, HartState } from '../shared/hart-state.ts';
import { access, call, select, type Callee, type Expr, type Local } from '../wasm/expr.ts';
import { GuestEmitter, LOADS_S, LOADS_U, STORES } from './guest-emitter.ts';
import { CACHE_BLOCK_OPERATIONS } from './memory.ts';
import { CSR_OPERATIONS } from './privileged.ts';
import { PARCELS } from './decoded.ts';
import { entryAddress, type Frame } from './interpreter.ts';
import { bits, expr, hartEffects } from './state.ts';
import { entryOffset } from './tlb.ts';

const EXTENSIONS = { 1: 'extend8', 2: 'extend16', 4: 'extend32' } as const;

/** Offsets within a decoded entry. */
const AT = { rd: 2, rs1: 4, rs2: 6, imm: 8, step: 12, rm: 13, rs3: 14 } as const;

export class InstructionEmitter extends GuestEmitter implements Emitter {
  readonly #frame: Frame;
  /** Where execution goes on, for instructions that change more than registers. */
  #continuation: 'next' | 'refetch' | 'refetch if rs1' | 'gone' = 'next';

  constructor(frame: Frame) {
    const onIllegal = (): void => {
      frame.code.except(frame.f, Cause.ILLEGAL, 0);
      frame.f.br(frame.trap);
    };
    super(frame.f, frame.code, hartEffects(frame.f, frame.code, frame.routines.changes, onIllegal));
    this.#frame = frame;
  }

  /** Ends the handler. */
  finish(kind: Instruction['kind']): void {
    const { f, target, refetch } = this.#frame;
    const goOn = (): void => {
      f.set(target, expr(this.nextPc));
      f.br(refetch);
    };
    if (this.#continuation === 'refetch' || (kind === 'system' && this.#continuation === 'next')) goOn();
    if (this.#continuation === 'refetch if rs1') f.if(this.#field('rs1').ne(HartState.at.x), goOn);
  }

  // --- operands ------------------------------------------------------------------------------------------------------

  #field(name: 'rd' | 'rs1' | 'rs2' | 'rs3'): Expr {
    return access('i32.load16_u', this.#frame.cur, AT[name]);
  }
  #read(name: 'rs1' | 'rs2' | 'rs3'): Bits {
    return bits(access('i64.load', this.#field(name), this.fields.parts.state));
  }
  #write(value: Bits): void {
    this.f.store('i64.store', this.#field('rd'), this.fields.parts.state, expr(value));
  }
  get rs1(): Bits {
    return this.#read('rs1');
  }
  get rs2(): Bits {
    return this.#read('rs2');
  }
  get imm(): Bits {
    return bits(access('i64.load32_s', this.#frame.cur, AT.imm));
  }
  get zimm(): Bits {
    return bits(this.#field('rs1').sub(HartState.at.x).shrU(3).zext());
  }
  set rd(value: Bits) {
    this.#write(value);
  }
  get fs1(): Bits {
    return this.#read('rs1');
  }
  get fs2(): Bits {
    return this.#read('rs2');
  }
  get fs3(): Bits {
    return this.#read('rs3');
  }
  set fd(value: Bits) {
    this.#write(value);
  }
  get pc(): Bits {
    const { cur, page, pageAddress } = this.#frame;
    return bits(entryAddress(cur, page, pageAddress));
  }
  get nextPc(): Bits {
    return this.pc.add(bits(access('i64.load8_u', this.#frame.cur, AT.step).shrU(3)));
  }

  // --- floating point ------------------------------------------------------------------------------------------------

  requireFloat(): void {
    this.f.ifUnlikely(expr(this.get('mstatus').and(MSTATUS.FS).eq(0)), () => this.illegal());
  }
  roundingMode(): Bits {
    const fixed = this.f.let(access('i32.load8_u', this.#frame.cur, AT.rm));
    const mode = this.f.let(select(fixed.eq(7), this.fields.load32('frm'), fixed));
    this.f.ifUnlikely(mode.gtU(4), () => this.illegal());
    return bits(mode.zext());
  }
  protected floatRoutine(routine: FloatRoutine): Callee {
    return this.#frame.routines.float[routine];
  }

  // --- control -------------------------------------------------------------------------------------------------------

  jump(target: Bits): void {
    const { f, ip, page, pageAddress, refetch, taken, countJump, countLater, recordJump } = this.#frame;
    f.set(this.#frame.target, expr(target));
    // A return is no beginning of anything.
    const counts = f.let(this.#field('rs1').ne(HartState.at.x + 8));
    f.if(this.#frame.target.xor(pageAddress).ltU(4096), () => {
      f.set(ip, page.add(this.#frame.target.wrap().and(4095).shl(3)));
      f.if(counts, () => {
        countJump();
        recordJump();
      });
      f.br(taken);
    });
    countLater(counts);
    f.br(refetch);
    this.#continuation = 'gone';
  }
  jumpRelative(): void {
    this.#goRelative(true);
  }
  branch(condition: Cond): void {
    this.f.if(expr(condition), () => this.#goRelative(access('i32.load', this.#frame.cur, AT.imm).ltS(0)));
    this.#continuation = 'gone';
  }
  #goRelative(counts: Expr | true): void {
    const { f, ip, cur, page, taken, countJump, countLater } = this.#frame;
    f.set(ip, cur.add(access('i32.load', cur, AT.imm).shl(3)));
    f.if(
      ip.sub(page).ltU(PARCELS * 16),
      () => (counts === true ? countJump() : f.if(counts, countJump)),
      () => countLater(1),
    );
    f.br(taken);
    this.#continuation = 'gone';
  }

  // --- memory --------------------------------------------------------------------------------------------------------

  protected dataContext(): Expr {
    return this.fields.load32('dataContext').zext();
  }
  loadU(width: Width, address: Bits): Bits {
    return this.#load(width, address, LOADS_U[width], (value) => value);
  }
  loadS(width: Width, address: Bits): Bits {
    return this.#load(width, address, LOADS_S[width], (value) => (width === 8 ? value : value[EXTENSIONS[width]]()));
  }
  #load(width: Width, address: Bits, name: string, extend: (value: Expr) => Expr): Bits {
    const { f } = this;
    const va = expr(this.let(address));
    const entry = f.let(entryOffset(va));
    const value = f.local('i64');
    f.if(
      this.hits('loadTlb', va, entry, width),
      () => f.set(value, access(name, this.hitPlace('loadTlb', va, entry))),
      () => {
        f.set(value, extend(call(this.#frame.routines.loadSlow, va, width)));
        this.#trapIfExcepted();
      },
      'likely',
    );
    return bits(value);
  }

  store(width: Width, address: Bits, value: Bits): void {
    const { f } = this;
    const va = expr(this.let(address));
    const entry = f.let(entryOffset(va));
    f.if(
      this.hits('storeTlb', va, entry, width),
      () => f.store(STORES[width], this.hitPlace('storeTlb', va, entry), 0, expr(value)),
      () => {
        f.call(this.#frame.routines.storeSlow, va, expr(value), width);
        this.#trapIfExcepted();
      },
      'likely',
    );
  }
  #trapIfExcepted(): void {
    const { f, code, trap } = this.#frame;
    f.brIf(trap, code.load32('exception'), 'unlikely');
  }

  protected atomicPlace(address: Expr, width: 4 | 8): Local {
    return this.#place(this.#frame.routines.atomicAddress, address, width);
  }
  protected reservePlace(address: Expr, width: 4 | 8): Local {
    return this.#place(this.#frame.routines.reserveAddress, address, width);
  }
  #place(routine: Callee, address: Expr, width: 4 | 8): Local {
    const { f, trap } = this.#frame;
    const at = f.variable(call(routine, address, width));
    f.brIf(trap, at.eqz(), 'unlikely');
    return at;
  }

  fenceI(): void {
    this.f.fence();
    this.f.call(this.#frame.code.host.fenceI);
  }
  cacheBlock(operation: 'inval' | 'clean' | 'flush' | 'zero', address: Bits): void {
    this.f.call(this.#frame.routines.cacheBlock, CACHE_BLOCK_OPERATIONS.indexOf(operation), expr(address));
    this.#trapIfExcepted();
  }

  // --- environment ---------------------------------------------------------------------------------------------------

  csr(operation: CsrOperation, source: Bits): Bits {
    const { f, cur, routines } = this.#frame;
    this.#frame.syncCount(0);
    const writes = operation === 'write' ? 1 : this.#field('rs1').ne(HartState.at.x);
    const index = access('i32.load', cur, AT.imm);
    const old = f.let(call(routines.csr, index, CSR_OPERATIONS.indexOf(operation), writes, expr(source)));
    this.#trapIfExcepted();
    this.#continuation = operation === 'write' ? 'refetch' : 'refetch if rs1';
    return bits(old);
  }
  ecall(): void {
    const { f, code, trap, syncCount, leave } = this.#frame;
    const privilege = f.let(code.load32('privilege'));
    const builtin = access('i32.load', 0, code.memory.control + Control.at.builtinSbi);
    f.if(privilege.eq(1).and(builtin.ne(0)), () => {
      code.store64(f, 'pc', expr(this.nextPc));
      syncCount(1);
      leave(Exit.SBI);
    });
    code.except(f, privilege.add(Cause.ECALL_U), 0);
    f.br(trap);
    this.#continuation = 'gone';
  }
  ebreak(): void {
    const { f, code, trap } = this.#frame;
    code.except(f, Cause.BREAKPOINT, expr(this.pc));
    f.br(trap);
    this.#continuation = 'gone';
  }
  mret(): void {
    this.#return(this.#frame.routines.mret);
  }
  sret(): void {
    this.#return(this.#frame.routines.sret);
  }
  #return(routine: Callee): void {
    const { f, code, target, refetch, countLater } = this.#frame;
    f.call(routine);
    this.#trapIfExcepted();
    f.set(target, code.load64('pc'));
    countLater(1);
    f.br(refetch);
    this.#continuation = 'gone';
  }
  wfi(): void {
    const { f, code, routines, syncCount, leave } = this.#frame;
    f.call(routines.checkWfi);
    this.#trapIfExcepted();
    code.store64(f, 'pc', expr(this.nextPc));
    syncCount(1);
    leave(Exit.WFI);
    this.#continuation = 'gone';
  }
  sfenceVma(address: Bits, asid: Bits): void {
    const { f, routines } = this.#frame;
    f.call(routines.checkSfence);
    this.#trapIfExcepted();
    const named = (field: 'rs1' | 'rs2'): Expr => this.#field(field).ne(HartState.at.x);
    f.call(routines.tlb.sfence, expr(address), expr(asid), named('rs1'), named('rs2'));
  }
}
