/**
 * The reference model: one hart, executing the instruction table over `bigint`s, one instruction at a time, with
 * nothing cached. It is slow and plain on purpose: other engines are compared with it.
 *
 * What it shares with them is the table (encodings, semantics, CSRs, traps). Its own are values, memory, translation,
 * protection and floating point, written from the specification.
 */
import { decode } from '../isa/decode.ts';
import type { AmoOperation, Bits, Cond, CsrOperation, Emitter, Width } from '../isa/emitter.ts';
import type { FloatRoutine } from '../isa/float-routines.ts';
import { accessCsr, csrIndex, csrs } from '../isa/csr.ts';
import { Cause, ENVCFG, MSTATUS } from '../isa/mstatus.ts';
import { instructions } from '../isa/table.ts';
import { checkSfence, checkWfi, enterTrap, pendingInterrupt, returnFromM, returnFromS } from '../isa/traps.ts';
import { floatReference } from './float.ts';
import { ReferenceMemory } from './memory.ts';
import type { Devices } from './physical-memory.ts';
import { Registers } from './registers.ts';
import { Trap } from './trap.ts';
import { Condition, holds, Value } from './value.ts';

/** What a step did: an instruction retired (or was a WFI), an exception or an interrupt was taken. */
export type Step = 'retired' | 'waiting' | 'trapped' | 'interrupted';

const CACHE_BLOCK = 64n;

export interface ReferenceOptions {
  readonly ramBase: bigint;
  readonly ramBytes: number;
  readonly devices: Devices;
  readonly clock: { ticks(): bigint };
}

export class ReferenceHart extends Registers implements Emitter {
  readonly memory: ReferenceMemory;
  #decoded = decode(0);
  #word = 0;
  #next = 0n;
  #waiting = false;
  #reservation: { readonly address: bigint; readonly value: bigint } | undefined;

  constructor(options: ReferenceOptions) {
    super(options.clock);
    this.memory = new ReferenceMemory(this, options);
  }

  /** Forgets what is not part of the registers: the reservation. */
  dropReservation(): void {
    this.#reservation = undefined;
  }

  /** Takes an interrupt, or executes one instruction. */
  step(): Step {
    const interrupt = pendingInterrupt(this) as Value;
    if (interrupt.bits !== 0n) {
      enterTrap(this, interrupt, new Value(0n));
      return 'interrupted';
    }
    try {
      this.#execute();
      return this.#waiting ? 'waiting' : 'retired';
    } catch (error) {
      if (!(error instanceof Trap)) throw error;
      enterTrap(this, new Value(BigInt(error.exception)), new Value(error.tval ?? BigInt(this.#word)));
      return 'trapped';
    }
  }

  #execute(): void {
    this.#waiting = false;
    const { pc } = this.fields;
    const low = this.memory.fetch(pc);
    this.#word = Number((low & 3n) === 3n ? low | (this.memory.fetch(pc + 2n) << 16n) : low);
    this.#decoded = decode(this.#word);
    if (this.#decoded.number < 0) throw new Trap(Cause.ILLEGAL);
    this.#next = BigInt.asUintN(64, pc + BigInt(this.#decoded.length));
    instructions[this.#decoded.number].execute(this);
    this.fields.pc = this.#next;
    this.fields.instret = BigInt.asUintN(64, this.fields.instret + 1n);
  }

  // --- operands ------------------------------------------------------------------------------------------------------

  get rs1(): Value {
    return new Value(this.x[this.#decoded.rs1]);
  }
  get rs2(): Value {
    return new Value(this.x[this.#decoded.rs2]);
  }
  get imm(): Value {
    return new Value(BigInt(this.#decoded.imm));
  }
  get zimm(): Value {
    return new Value(BigInt(this.#decoded.rs1));
  }
  set rd(value: Bits) {
    if (this.#decoded.rd !== 0) this.x[this.#decoded.rd] = (value as Value).bits;
  }
  get fs1(): Value {
    return new Value(this.f[this.#decoded.rs1]);
  }
  get fs2(): Value {
    return new Value(this.f[this.#decoded.rs2]);
  }
  get fs3(): Value {
    return new Value(this.f[this.#decoded.rs3]);
  }
  set fd(value: Bits) {
    this.f[this.#decoded.rd] = (value as Value).bits;
  }

  // --- floating point ------------------------------------------------------------------------------------------------

  requireFloat(): void {
    if ((this.fields.mstatus & MSTATUS.FS) === 0n) this.illegal();
  }
  dirtyFloat(): void {
    this.fields.mstatus |= MSTATUS.FS;
  }
  roundingMode(): Value {
    const mode = this.#decoded.rm === 7 ? this.fields.frm : BigInt(this.#decoded.rm);
    if (mode > 4n) this.illegal();
    return new Value(mode);
  }
  float(routine: FloatRoutine, ...args: Bits[]): Value {
    const operands = args.map((arg) => (arg as Value).bits);
    // Routines that round have the mode as their last argument; to the others it says nothing.
    const rm = Number(operands[operands.length - 1] % 8n);
    const narrow = routine.startsWith('f32') ? operands.map((bits) => BigInt.asUintN(32, bits)) : operands;
    const { value, flags } = floatReference(routine, narrow, rm);
    this.fields.fflags |= BigInt(flags);
    return new Value(value);
  }

  // --- control -------------------------------------------------------------------------------------------------------

  get pc(): Value {
    return new Value(this.fields.pc);
  }
  get nextPc(): Value {
    return new Value(this.fields.pc + BigInt(this.#decoded.length));
  }
  jump(target: Bits): void {
    this.#next = (target as Value).bits;
  }
  jumpRelative(): void {
    this.#next = this.pc.add(this.imm).bits;
  }
  branch(condition: Cond): void {
    if (holds(condition)) this.jumpRelative();
  }

  // --- memory --------------------------------------------------------------------------------------------------------

  loadU(width: Width, address: Bits): Value {
    return new Value(this.memory.load((address as Value).bits, width));
  }
  loadS(width: Width, address: Bits): Value {
    return new Value(BigInt.asIntN(width * 8, this.memory.load((address as Value).bits, width)));
  }
  store(width: Width, address: Bits, value: Bits): void {
    this.memory.store((address as Value).bits, width, (value as Value).bits);
  }
  amo(operation: AmoOperation, width: 4 | 8, address: Bits, value: Bits): Value {
    const at = this.memory.atomic((address as Value).bits, width, 'store');
    const old = this.memory.readRam(at, width);
    const operand = BigInt.asIntN(width * 8, (value as Value).bits);
    this.memory.writeRam(at, width, AMO[operation](old, operand, width * 8));
    return new Value(old);
  }
  loadReserved(width: 4 | 8, address: Bits): Value {
    const at = this.memory.atomic((address as Value).bits, width, 'load');
    const value = this.memory.readRam(at, width);
    this.#reservation = { address: at, value };
    return new Value(value);
  }
  /** Succeeds at the reserved address while it holds what LR read: any other store to it would have changed that. */
  storeConditional(width: 4 | 8, address: Bits, value: Bits): Value {
    const at = this.memory.atomic((address as Value).bits, width, 'store');
    const reservation = this.#reservation;
    this.#reservation = undefined;
    if (reservation?.address !== at) return new Value(1n);
    if (this.memory.readRam(at, width) !== BigInt.asIntN(width * 8, reservation.value)) return new Value(1n);
    this.memory.writeRam(at, width, (value as Value).bits);
    return new Value(0n);
  }
  fence(): void {
    // One hart, one thing after the other.
  }
  fenceI(): void {
    // Every instruction is fetched anew.
  }

  cacheBlock(operation: 'inval' | 'clean' | 'flush' | 'zero', address: Bits): void {
    const bit = { inval: ENVCFG.CBIE, clean: ENVCFG.CBCFE, flush: ENVCFG.CBCFE, zero: ENVCFG.CBZE }[operation];
    const { privilege, menvcfg, senvcfg } = this.fields;
    if (privilege < 3n && (menvcfg & bit) === 0n) this.illegal();
    if (privilege === 0n && (senvcfg & bit) === 0n) this.illegal();
    const at = (address as Value).bits;
    if (operation === 'zero') this.memory.zeroBlock(at, CACHE_BLOCK);
    else this.memory.manageBlock(at);
  }

  // --- environment ---------------------------------------------------------------------------------------------------

  csr(operation: CsrOperation, source: Bits): Bits {
    const csr = csrs[csrIndex(this.#decoded.imm)];
    if (!csr) throw new Trap(Cause.ILLEGAL);
    const writes = new Condition(operation === 'write' || this.#decoded.rs1 !== 0);
    const update = {
      write: () => source,
      set: (old: Bits) => old.or(source),
      clear: (old: Bits) => clear(old, source),
    };
    return accessCsr(this, csr, writes, update[operation]);
  }
  ecall(): void {
    throw new Trap(Cause.ECALL_U + Number(this.fields.privilege), 0n);
  }
  ebreak(): void {
    throw new Trap(Cause.BREAKPOINT, this.fields.pc);
  }
  mret(): void {
    returnFromM(this);
    this.#next = this.fields.pc;
  }
  sret(): void {
    returnFromS(this);
    this.#next = this.fields.pc;
  }
  wfi(): void {
    checkWfi(this);
    this.#waiting = true;
  }
  sfenceVma(): void {
    checkSfence(this);
  }
}

const clear = (old: Bits, mask: Bits): Bits => old.and(mask.xor(-1));

/** `old` and `operand` are signed; the unsigned comparisons take them modulo the width. */
const AMO: Readonly<Record<AmoOperation, (old: bigint, operand: bigint, width: number) => bigint>> = {
  add: (old, operand) => old + operand,
  xchg: (_, operand) => operand,
  and: (old, operand) => old & operand,
  or: (old, operand) => old | operand,
  xor: (old, operand) => old ^ operand,
  min: (old, operand) => (old < operand ? old : operand),
  max: (old, operand) => (old > operand ? old : operand),
  minu: (old, operand, width) => (BigInt.asUintN(width, old) < BigInt.asUintN(width, operand) ? old : operand),
  maxu: (old, operand, width) => (BigInt.asUintN(width, old) > BigInt.asUintN(width, operand) ? old : operand),
};
