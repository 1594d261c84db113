/**
 * The emitter of the compiler: operands are known, registers are locals, and whatever an access cannot do inline
 * (TLB misses, devices, misaligned addresses, faults) is left to the interpreter, which executes the instruction anew.
 */
import type { Bits, Cond, Emitter, Width } from '../isa/emitter.ts';
import type { FloatRoutine } from '../isa/float-routines.ts';
import { GuestEmitter } from '../hart/guest-emitter.ts';
import { CACHE_BLOCK_OPERATIONS } from '../hart/memory.ts';
import { bits, expr } from '../hart/state.ts';
import { entryOffset } from '../hart/tlb.ts';
import { hasEffect, i64, type Callee, type Expr, type Local } from '../wasm/expr.ts';
import type { BlockFrame } from './block-frame.ts';
import type { BlockInstruction } from './read-block.ts';
import { FIRST_FLOAT } from './register-file.ts';

export class BlockEmitter extends GuestEmitter implements Emitter {
  readonly #frame: BlockFrame;
  readonly #here: BlockInstruction;
  /** Instructions of the block before this one. */
  readonly #before: number;
  #conditional = 0;
  /** Whether the block's ends were emitted. */
  ended = false;

  constructor(frame: BlockFrame, here: BlockInstruction, before: number) {
    super(frame.f, frame.fields, {
      illegal: () => frame.leave(here.offset, before),
      readTime: () => this.#isLeftToInterpreter(),
      notice: () => this.#isLeftToInterpreter(),
    });
    this.#frame = frame;
    this.#here = here;
    this.#before = before;
  }

  #leave(): void {
    this.#frame.leave(this.#here.offset, this.#before);
  }
  /** A block ends before such an instruction. */
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
    // The block's mode says that mstatus.FS is not Off.
  }
  override dirtyFloat(): void {
    if (!this.#frame.floatIsDirty) super.dirtyFloat();
    this.#frame.floatIsDirty = true;
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

  #end(goOn: () => void): void {
    this.#frame.end(this.#before + 1, goOn);
    this.ended = true;
  }
  #relative(): Expr {
    return this.#frame.address(this.#here.offset + this.#here.decoded.imm);
  }
  jump(target: Bits): void {
    this.#end(() => this.#frame.goTo(expr(target)));
  }
  jumpRelative(): void {
    this.#end(() => this.#frame.goTo(this.#relative()));
  }
  branch(condition: Cond): void {
    const { node } = expr(condition);
    if (node.kind === 'const' && node.value) return this.jumpRelative();
    this.#end(() => {
      if (node.kind !== 'const') this.f.if(expr(condition), () => this.#frame.goTo(this.#relative()));
      this.#frame.goTo(expr(this.nextPc));
    });
  }

  // --- memory --------------------------------------------------------------------------------------------------------

  protected dataContext(): Expr {
    return this.#frame.context();
  }
  protected loadMiss(_address: Expr, _width: Width, _use: (value: Expr) => void): void {
    this.#leave();
  }
  protected storeMiss(_address: Expr, _value: Expr, _width: Width): void {
    this.#leave();
  }
  protected atomicPlace(address: Expr, width: 4 | 8): Local {
    return this.#place('storeTlb', address, width);
  }
  protected reservePlace(address: Expr, width: 4 | 8): Local {
    return this.#place('loadTlb', address, width);
  }
  #place(tlb: 'loadTlb' | 'storeTlb', address: Expr, width: 4 | 8): Local {
    const { f } = this;
    const va = expr(this.let(bits(address)));
    const entry = f.let(entryOffset(va));
    f.ifUnlikely(this.hits(tlb, va, entry, width).eqz(), () => this.#leave());
    return f.variable(this.hitPlace(tlb, va, entry));
  }
  cacheBlock(operation: 'inval' | 'clean' | 'flush' | 'zero', address: Bits): void {
    const { f, fields } = this;
    f.call(this.#frame.routines.cacheBlock, CACHE_BLOCK_OPERATIONS.indexOf(operation), expr(address));
    f.ifUnlikely(fields.load32('exception'), () => {
      fields.store32(f, 'exception', 0);
      this.#leave();
    });
  }

  // --- environment: blocks end before these ----------------------------------------------------------------------------

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
