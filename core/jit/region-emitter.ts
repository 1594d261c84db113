/**
 * The emitter of the compiler: operands are known, registers are locals. What an access cannot do inline is done by the
 * hart's routines; where those find that the instruction faults, it is left to the interpreter, which executes it anew.
 */
import type { Bits, Cond, Emitter, Width } from '../isa/emitter.ts';
import type { FloatRoutine } from '../isa/float-routines.ts';
import { MSTATUS } from '../isa/mstatus.ts';
import { GuestEmitter } from '../hart/guest-emitter.ts';
import { CACHE_BLOCK_OPERATIONS } from '../hart/memory.ts';
import { bits, expr } from '../hart/state.ts';
import { entryOffset } from '../hart/tlb.ts';
import { call, hasEffect, i64, type Callee, type Expr, type Local } from '../wasm/expr.ts';
import type { RegionInstruction } from './region.ts';
import type { RegionFrame } from './region-frame.ts';
import { FIRST_FLOAT, type RegisterSet } from './registers.ts';

/** What the instructions of a block share. */
export interface BlockContext {
  readonly frame: RegionFrame;
  /** What an instruction stores that leaves. */
  readonly leaving: RegisterSet;
  /** Whether mstatus.FS is known to be Dirty. */
  floatIsDirty: boolean;
  /** Ends the block at a branch whose condition is given, at a jump to where it leads, or to an address. */
  readonly ends: {
    branch(condition: Expr): void;
    jump(target: Expr): void;
  };
}

export class RegionEmitter extends GuestEmitter implements Emitter {
  readonly #block: BlockContext;
  readonly #frame: RegionFrame;
  readonly #here: RegionInstruction;
  /** Instructions of the block before this one. */
  readonly #before: number;
  #conditional = 0;

  constructor(block: BlockContext, here: RegionInstruction, before: number) {
    const { frame } = block;
    super(frame.f, frame.fields, {
      illegal: () => this.#leave(),
      readTime: () => this.#isLeftToInterpreter(),
      notice: () => this.#isLeftToInterpreter(),
    });
    this.#block = block;
    this.#frame = frame;
    this.#here = here;
    this.#before = before;
  }

  #leave(): void {
    this.#frame.leave(this.#block.leaving, this.#here.offset, this.#before);
  }
  /** No region has such an instruction. */
  #isLeftToInterpreter(): never {
    throw new Error(`${this.#here.instruction.mnemonic} is not compiled`);
  }

  // --- operands ------------------------------------------------------------------------------------------------------

  #read(register: number): Bits {
    return bits(this.#frame.registers.read(register));
  }
  get rs1(): Bits {
    return this.#read(this.#here.decoded.rs1);
  }
  get rs2(): Bits {
    return this.#read(this.#here.decoded.rs2);
  }
  get imm(): Bits {
    return bits(i64(this.#here.decoded.imm));
  }
  get zimm(): Bits {
    return bits(i64(this.#here.decoded.rs1));
  }
  set rd(value: Bits) {
    const { rd } = this.#here.decoded;
    if (rd === 0 && hasEffect(expr(value))) this.f.let(expr(value));
    this.#write(rd, expr(value));
  }
  get fs1(): Bits {
    return this.#read(FIRST_FLOAT + this.#here.decoded.rs1);
  }
  get fs2(): Bits {
    return this.#read(FIRST_FLOAT + this.#here.decoded.rs2);
  }
  get fs3(): Bits {
    return this.#read(FIRST_FLOAT + this.#here.decoded.rs3);
  }
  set fd(value: Bits) {
    this.#write(FIRST_FLOAT + this.#here.decoded.rd, expr(value));
  }
  get pc(): Bits {
    return bits(this.#frame.address(this.#here.offset));
  }
  get nextPc(): Bits {
    return bits(this.#frame.address(this.#here.offset + this.#here.decoded.length));
  }

  override let(value: Bits): Bits {
    const { passes, registers } = this.#frame;
    const { rd, rdFile } = this.#here.decoded;
    const written = rdFile === 'f' ? FIRST_FLOAT + rd : rd;
    if (passes.constants && this.#frame.isKnown(expr(value))) return value;
    if (passes.copies && registers.isRegister(expr(value), written)) return value;
    return super.let(value);
  }
  override if(condition: Cond, then: () => void, otherwise?: () => void): void {
    this.#conditional++;
    super.if(condition, then, otherwise);
    this.#conditional--;
  }
  /** Where a register is held must not depend on the path, so no instruction writes one in an `if`. */
  #write(register: number, value: Expr): void {
    if (this.#conditional > 0) throw new Error(`${this.#here.instruction.mnemonic} writes a register conditionally`);
    this.#frame.registers.write(register, value);
  }

  // --- floating point ------------------------------------------------------------------------------------------------

  requireFloat(): void {
    // What is not Dirty yet the interpreter makes so, once.
    if (this.#block.floatIsDirty) return;
    const isDirty = expr(this.get('mstatus').and(MSTATUS.FS).eq(MSTATUS.FS));
    this.f.ifUnlikely(isDirty.eqz(), () => this.#leave());
    this.#block.floatIsDirty = true;
  }
  override dirtyFloat(): void {
    // It is, since it is required to be.
  }
  roundingMode(): Bits {
    const { rm } = this.#here.decoded;
    if (rm !== 7) return bits(i64(rm));
    const mode = this.f.let(this.fields.load32('frm'));
    this.f.ifUnlikely(mode.gtU(4), () => this.illegal());
    return bits(mode.zext());
  }
  protected floatRoutine(routine: FloatRoutine, arity: number): Callee {
    return this.#frame.routines.float(routine, arity);
  }

  // --- control -------------------------------------------------------------------------------------------------------

  jump(target: Bits): void {
    this.#block.ends.jump(expr(target));
  }
  jumpRelative(): void {
    this.#block.ends.jump(this.#frame.address(this.#here.offset + this.#here.decoded.imm));
  }
  branch(condition: Cond): void {
    this.#block.ends.branch(expr(condition));
  }

  // --- memory --------------------------------------------------------------------------------------------------------

  protected dataContext(): Expr {
    return this.#frame.context();
  }
  protected loadMiss(address: Expr, width: Width, use: (value: Expr) => void): void {
    use(call(this.#frame.routines.loadSlow, address, width));
    this.#leaveIfExcepted();
  }
  protected storeMiss(address: Expr, value: Expr, width: Width): void {
    this.f.call(this.#frame.routines.storeSlow, address, value, width);
    this.#leaveIfExcepted();
  }
  /** A fault is forgotten here: the interpreter will find it again. */
  #leaveIfExcepted(): void {
    this.f.ifUnlikely(this.fields.load32('exception'), () => this.#leaveExcepted());
  }
  #leaveExcepted(): void {
    this.fields.store32(this.f, 'exception', 0);
    this.#leave();
  }
  protected atomicPlace(address: Expr, width: 4 | 8): Local {
    return this.#place('storeTlb', this.#frame.routines.atomicAddress, address, width);
  }
  protected reservePlace(address: Expr, width: 4 | 8): Local {
    return this.#place('loadTlb', this.#frame.routines.reserveAddress, address, width);
  }
  #place(tlb: 'loadTlb' | 'storeTlb', slow: Callee, address: Expr, width: 4 | 8): Local {
    const { f } = this;
    const va = expr(this.let(bits(address)));
    const entry = f.let(entryOffset(va));
    const at = f.local('i32');
    f.if(
      this.hits(tlb, va, entry, width),
      () => f.set(at, this.hitPlace(tlb, va, entry)),
      () => {
        f.set(at, call(slow, va, width));
        f.ifUnlikely(at.eqz(), () => this.#leaveExcepted());
      },
      'likely',
    );
    return at;
  }
  cacheBlock(operation: 'inval' | 'clean' | 'flush' | 'zero', address: Bits): void {
    const { f } = this;
    f.call(this.#frame.routines.cacheBlock, CACHE_BLOCK_OPERATIONS.indexOf(operation), expr(address));
    this.#leaveIfExcepted();
  }

  // --- environment: regions have none of these ----------------------------------------------------------------------------

  fenceI(): void {
    this.#isLeftToInterpreter();
  }
  csr(): Bits {
    return this.#isLeftToInterpreter();
  }
  ecall(): void {
    this.#isLeftToInterpreter();
  }
  ebreak(): void {
    this.#isLeftToInterpreter();
  }
  mret(): void {
    this.#isLeftToInterpreter();
  }
  sret(): void {
    this.#isLeftToInterpreter();
  }
  wfi(): void {
    this.#isLeftToInterpreter();
  }
  sfenceVma(): void {
    this.#isLeftToInterpreter();
  }
}
