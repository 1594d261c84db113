/**
 * The emitter of the compiler: operands are known, registers are locals. What an access cannot do inline is done by the
 * hart's routines; where those find that the instruction faults, it is left to the interpreter, which executes it anew.
 */
import { accessCsr, csrIndex, csrs } from '../isa/csr.ts';
import type { Bits, Cond, CsrOperation, Emitter, Width } from '../isa/emitter.ts';
import { isExactRoutine, type FloatRoutine } from '../isa/float-routines.ts';
import { F64, fromHost, Rounding, toHost } from '../hart/float/format.ts';
import type { AccessGroup, GroupedAccess } from './access-groups.ts';
import { emitFloat } from './inline-float.ts';
import { isHeldAsNumber, openSingle } from './inline-float-single.ts';
import { MSTATUS } from '../isa/mstatus.ts';
import { GuestEmitter, LOADS_S, LOADS_U, STORES } from '../hart/guest-emitter.ts';
import { CACHE_BLOCK_OPERATIONS } from '../hart/memory.ts';
import { CSR_OPERATIONS } from '../hart/privileged.ts';
import { bits, expr } from '../hart/state.ts';
import { entryOffset, type DataTlb } from '../hart/tlb.ts';
import { PAGE_SIZE } from '../shared/memory-map.ts';
import { access, call, hasEffect, i32, i64, select, type Callee, type Expr, type Local } from '../wasm/expr.ts';
import { lowerHalf } from '../wasm/lanes.ts';
import { FloatState, most } from './liveness.ts';
import type { RegionInstruction } from './region.ts';
import type { RegionFrame } from './region-frame.ts';
import { dirtiesFloat, FIRST_FLOAT, isOtherCsr, writesCsr, type RegisterSet } from './registers.ts';
import type { StripEmitter } from './strip-emitter.ts';

/** Not a mode: as `frm` says. */
const DYNAMIC = 7;

/** What loads into a register that is held as a number, which spares the host a move between its register files. */
const FLOAT_LOADS: Readonly<Record<string, string>> = { [LOADS_U[4]]: 'f32.load', [LOADS_U[8]]: 'f64.load' };

/** What the instructions of a block share. */
export interface BlockContext {
  readonly frame: RegionFrame;
  /** What an instruction stores that leaves. */
  readonly leaving: RegisterSet;
  /** What is known of mstatus.FS. */
  float: FloatState;
  /** The block's loads and stores, by their place in it, and where groups were found to be. */
  readonly accesses: ReadonlyMap<number, GroupedAccess>;
  readonly places: Map<AccessGroup, Expr>;
  /** The strip that the block is part of, if it is a copy for one. */
  readonly strip: StripEmitter | undefined;
  /** Whether frm is known to be a rounding mode. */
  modeIsValid: boolean;
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
  /** Whether mstatus or what is pending may have changed. */
  #changesState = false;
  /** Whether fcsr may have changed. */
  #changesFcsr = false;

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
    const single = openSingle(this.f, expr(value));
    if (single) return bits(single);
    if (passes.copies && registers.isRegister(expr(value), written)) return value;
    if (isHeldAsNumber(expr(value))) return bits(fromHost(this.f.let(toHost(F64, expr(value)))));
    return super.let(value);
  }
  override if(condition: Cond, then: () => void, otherwise?: () => void): void {
    const { node } = expr(condition);
    if (node.kind === 'const') return (node.value ? then : otherwise)?.();
    this.#conditional++;
    super.if(condition, then, otherwise);
    this.#conditional--;
  }
  /** Where a register is held must not depend on the path, so no instruction writes one in an `if`. */
  #write(register: number, value: Expr): void {
    if (this.#conditional > 0) throw new Error(`${this.#here.instruction.mnemonic} writes a register conditionally`);
    const { registers } = this.#frame;
    const { whenTaken } = this.#here;
    if (whenTaken === undefined || register === 0) return registers.write(register, value);
    const before = registers.read(register);
    registers.write(
      register,
      whenTaken ? select(this.#frame.taken, value, before) : select(this.#frame.taken, before, value),
    );
  }

  // --- floating point ------------------------------------------------------------------------------------------------

  /** mstatus.FS is mostly Dirty: if it must be, it is made so here, and all looked at by one comparison. */
  requireFloat(): void {
    const { float } = this.#block;
    if (!dirtiesFloat(this.#here.decoded)) {
      if (float === FloatState.UNKNOWN) this.#leaveIfOff();
      this.#block.float = most(float, FloatState.NOT_OFF);
      return;
    }
    if (float === FloatState.DIRTY) return;
    this.f.ifUnlikely(this.#frame.lacksDirty(), () => {
      if (float === FloatState.UNKNOWN) this.#leaveIfOff();
      super.dirtyFloat();
    });
    this.#block.float = FloatState.DIRTY;
  }
  #leaveIfOff(): void {
    this.f.ifUnlikely(expr(this.get('mstatus').and(MSTATUS.FS).eq(0)), () => this.#leave());
  }
  override dirtyFloat(): void {
    // As it was required.
  }
  roundingMode(): Bits {
    const { rm } = this.#here.decoded;
    if (rm !== DYNAMIC) return bits(i64(rm));
    if (!this.#frame.passes.floats) this.#checkMode();
    return bits(this.fields.load32('frm').zext());
  }
  /** Where this is not emitted, or not executed, `frm` is known to be RNE. */
  #checkMode(): void {
    if (this.#here.decoded.rm !== DYNAMIC || this.#block.modeIsValid) return;
    this.f.ifUnlikely(this.fields.load32('frm').gtU(Rounding.RMM), () => this.illegal());
    this.#block.modeIsValid = true;
  }
  override float(routine: FloatRoutine, ...args: Bits[]): Bits {
    if (!this.#frame.passes.floats) return super.float(routine, ...args);
    const rounds = !isExactRoutine(routine);
    const operands = args.map(expr);
    const mode = rounds ? operands.pop() : undefined;
    const { rm } = this.#here.decoded;
    return bits(
      emitFloat(this.f, {
        routine,
        operands,
        rm: rm === DYNAMIC ? undefined : rm,
        checkMode: () => this.#checkMode(),
        guard: this.#frame.guard,
        fuses: this.#frame.passes.fuses,
        call: (values) => call(this.floatRoutine(routine, args.length), ...values, ...(mode ? [mode.wrap()] : [])),
      }),
    );
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
  loadU(width: Width, _address: Bits): Bits {
    return this.#load(LOADS_U[width]);
  }
  loadS(width: Width, _address: Bits): Bits {
    return this.#load(LOADS_S[width]);
  }
  #load(name: string): Bits {
    const { host, offset } = this.#access();
    const number = this.#here.decoded.rdFile === 'f' ? FLOAT_LOADS[name] : undefined;
    if (number !== undefined) return bits(fromHost(this.f.let(access(number, host, offset))));
    return bits(this.f.let(access(name, host, offset)));
  }
  store(width: Width, _address: Bits, value: Bits): void {
    const { host, offset } = this.#access();
    if (!isHeldAsNumber(expr(value))) return this.f.store(STORES[width], host, offset, expr(value));
    const number = toHost(F64, expr(value));
    if (width === 8) this.f.store('f64.store', host, offset, number);
    else this.f.store('f32.store', host, offset, lowerHalf(number));
  }
  /** Where the instruction's access goes: its address is always rs1 and an offset. */
  #access(): { host: Expr; offset: number } {
    const known = this.#block.strip?.placeOf(this.#here.decoded);
    if (known) return known;
    const grouped = this.#block.accesses.get(this.#before);
    if (!grouped) throw new Error(`${this.#here.instruction.mnemonic} is no access`);
    const { group, isFirst, offset } = grouped;
    if (isFirst) this.#block.places.set(group, this.#find(group));
    return { host: this.#block.places.get(group) as Expr, offset };
  }
  /** Finds the place of a group's first byte. */
  #find(group: AccessGroup): Local {
    const { f, fields } = this;
    const first = expr(this.let(this.rs1.add(group.from)));
    const look = (): Local => this.#frame.look(group.tlb, first, group.to - group.from, () => this.#leave());
    const host = this.#frame.groupLocal(this.#block.places.size);
    const slot = this.#frame.slotOf(group);
    if (!slot) {
      f.set(host, first.wrap().add(look()));
      return host;
    }
    const { index, length } = slot;
    const distance = first.sub(fields.load64('knownPage', index));
    f.ifUnlikely(distance.geU(fields.load64('knownRoom', index)), () => {
      fields.store32(f, 'knownAddend', look(), index);
      fields.store64(f, 'knownPage', first.and(-PAGE_SIZE), index);
      fields.store64(f, 'knownRoom', PAGE_SIZE - length + 1, index);
    });
    f.set(host, first.wrap().add(fields.load32('knownAddend', index)));
    return host;
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
  #place(tlb: DataTlb, slow: Callee, address: Expr, width: 4 | 8): Local {
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

  // --- environment: of these, regions have CSR accesses alone -----------------------------------------------------------

  fenceI(): void {
    this.#isLeftToInterpreter();
  }
  csr(operation: CsrOperation, source: Bits): Bits {
    const { f } = this;
    const { decoded } = this.#here;
    const index = csrIndex(decoded.imm);
    const writes = writesCsr(decoded) ? 1 : 0;
    if (!isOtherCsr(decoded)) return this.#floatCsr(operation, index, writes, source);
    const { csr } = this.#frame.routines;
    const old = f.let(call(csr, index, CSR_OPERATIONS.indexOf(operation), writes, expr(source)));
    this.#leaveIfExcepted();
    this.#changesState = writes === 1;
    return bits(old);
  }
  #floatCsr(operation: CsrOperation, index: number, writes: number, source: Bits): Bits {
    const update = (old: Bits): Bits => {
      if (operation === 'write') return source;
      return operation === 'set' ? old.or(source) : old.and(source.xor(-1));
    };
    const old = accessCsr(this, csrs[index], bits(i32(writes)), update);
    this.#changesFcsr = writes === 1;
    this.#block.float = writes ? FloatState.DIRTY : most(this.#block.float, FloatState.NOT_OFF);
    return old;
  }
  /** Completes the instruction. */
  finish(): void {
    if (this.#changesFcsr) {
      this.#frame.guard.load();
      this.#block.modeIsValid = false;
    }
    if (!this.#changesState) return;
    this.#frame.reload();
    this.#block.float = FloatState.UNKNOWN;
    this.#block.modeIsValid = false;
    this.#frame.attend(this.#block.leaving, this.#here.offset + this.#here.decoded.length, this.#before + 1);
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
