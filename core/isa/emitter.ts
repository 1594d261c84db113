/**
 * What the semantics of an instruction are written in.
 *
 * An instruction is a function over an {@link Emitter}. The interpreter's generator, the compiler and the reference
 * model each implement it: the first two make {@link Bits} of WebAssembly expressions (operands read from the decoded
 * entry, or known and folded), the third makes them of numbers and executes at once. So semantics are written without
 * asking which: values are combined by methods, conditions go to `if` and `select`, and what is read after something
 * was written is pinned down by `let` before.
 */
import type { HartState } from '../shared/hart-state.ts';
import type { FloatRoutine } from './float-routines.ts';

/** A 64-bit value, or a number that stands for one. */
export type Word = Bits | number | bigint;

/** 64 bits. Shift and rotate counts are taken modulo 64. */
export interface Bits {
  add(b: Word): Bits;
  sub(b: Word): Bits;
  mul(b: Word): Bits;
  /** The divisor must not be 0, nor -1 with the smallest dividend. */
  divS(b: Word): Bits;
  divU(b: Word): Bits;
  remS(b: Word): Bits;
  remU(b: Word): Bits;
  and(b: Word): Bits;
  or(b: Word): Bits;
  xor(b: Word): Bits;
  shl(b: Word): Bits;
  shrS(b: Word): Bits;
  shrU(b: Word): Bits;
  rotl(b: Word): Bits;
  rotr(b: Word): Bits;
  eq(b: Word): Cond;
  ne(b: Word): Cond;
  ltS(b: Word): Cond;
  ltU(b: Word): Cond;
  geS(b: Word): Cond;
  geU(b: Word): Cond;
  clz(): Bits;
  ctz(): Bits;
  popcnt(): Bits;
  /** Sign extensions of the low 8, 16, 32 bits. */
  extend8(): Bits;
  extend16(): Bits;
  extend32(): Bits;
}

/** A condition: 0 or 1. */
export interface Cond {
  and(b: Cond): Cond;
  or(b: Cond): Cond;
  /** Not. */
  eqz(): Cond;
  /** As a 64-bit 0 or 1. */
  zext(): Bits;
}

/** Bytes of a memory access. */
export type Width = 1 | 2 | 4 | 8;
export type AmoOperation = 'add' | 'xchg' | 'and' | 'or' | 'xor' | 'min' | 'max' | 'minu' | 'maxu';
/** How a CSR instruction changes the register: CSRRW, CSRRS, CSRRC. */
export type CsrOperation = 'write' | 'set' | 'clear';

/** Fields of the hart's state that semantics name. */
export type StateField =
  | 'mstatus'
  | 'medeleg'
  | 'mideleg'
  | 'mie'
  | 'mtvec'
  | 'mscratch'
  | 'mepc'
  | 'mcause'
  | 'mtval'
  | 'mcounteren'
  | 'mcountinhibit'
  | 'menvcfg'
  | 'stvec'
  | 'sscratch'
  | 'sepc'
  | 'scause'
  | 'stval'
  | 'scounteren'
  | 'senvcfg'
  | 'satp'
  | 'stimecmp'
  | 'privilege'
  | 'fflags'
  | 'frm'
  | 'hartId'
  | 'pc'
  | 'instret'
  | 'mcycleOffset'
  | 'minstretOffset';

/** The part that routines of the privileged architecture need: values, control, and the hart's registers. */
export interface StateEmitter {
  constant(value: bigint | number): Bits;
  /** The value of now, computed once. */
  let(value: Bits): Bits;
  select(condition: Cond, a: Word, b: Word): Bits;
  if(condition: Cond, then: () => void, otherwise?: () => void): void;
  /** A field of the hart's state; 32-bit fields are zero-extended. */
  get(field: StateField): Bits;
  put(field: StateField, value: Word): void;
  /** Element `index` of an array of 64-bit fields. */
  getElement(field: 'pmpcfg' | 'pmpaddr' | 'mhpmcounter' | 'mhpmevent', index: number): Bits;
  putElement(field: 'pmpcfg' | 'pmpaddr' | 'mhpmcounter' | 'mhpmevent', index: number, value: Word): void;
  /** `mip`, which other threads change: read, and bits set and cleared atomically. */
  readMip(): Bits;
  changeMip(clear: Word, set: Word): void;
  /** Reads the clock into `time` and returns it. */
  readTime(): Bits;
  /** Ends the instruction with an illegal-instruction exception. */
  illegal(): void;
  /** What the hart must do after a change of registers. */
  notice(change: Change): void;
}

/**
 * Changes that caches of the hart depend on:
 * `mode` privilege, mstatus or satp: contexts of the TLB; `interrupts`: something may have become takeable;
 * `protection` PMP: all TLB entries; `timer`: stimecmp or menvcfg.STCE.
 */
export type Change = 'mode' | 'interrupts' | 'protection' | 'timer';

/** One instruction being executed or translated. */
export interface Emitter extends StateEmitter {
  readonly rs1: Bits;
  readonly rs2: Bits;
  readonly imm: Bits;
  /** The 5-bit immediate that stands in the place of rs1. */
  readonly zimm: Bits;
  set rd(value: Bits);

  /** The whole floating-point registers. */
  readonly fs1: Bits;
  readonly fs2: Bits;
  readonly fs3: Bits;
  set fd(value: Bits);
  /** Illegal when mstatus.FS is Off. Every floating-point instruction begins with it. */
  requireFloat(): void;
  /** Sets mstatus.FS to Dirty. */
  dirtyFloat(): void;
  /** The rounding mode of the instruction, `frm` when dynamic; a reserved one is illegal. */
  roundingMode(): Bits;
  /** Calls a floating-point routine, which accrues into `fflags`. */
  float(routine: FloatRoutine, ...args: Bits[]): Bits;

  /** The instruction's own address, and the address behind it. */
  readonly pc: Bits;
  readonly nextPc: Bits;
  /** Continues at `target`, whose bit 0 must be clear. */
  jump(target: Bits): void;
  /** Continues at `pc + imm`. */
  jumpRelative(): void;
  /** Continues at `pc + imm` if the condition holds. */
  branch(condition: Cond): void;

  /** Zero-extended. */
  loadU(width: Width, address: Bits): Bits;
  loadS(width: Width, address: Bits): Bits;
  store(width: Width, address: Bits, value: Bits): void;
  /** The old value, sign-extended. */
  amo(operation: AmoOperation, width: 4 | 8, address: Bits, value: Bits): Bits;
  loadReserved(width: 4 | 8, address: Bits): Bits;
  /** 0 when it stored, 1 when not. */
  storeConditional(width: 4 | 8, address: Bits, value: Bits): Bits;
  fence(): void;
  fenceI(): void;

  /** Reads the CSR of the instruction, changes it, and returns the old value. Nothing is written when the instruction's rs1 field is 0, but by `write`. */
  csr(operation: CsrOperation, source: Bits): Bits;
  ecall(): void;
  ebreak(): void;
  mret(): void;
  sret(): void;
  wfi(): void;
  /** Illegal or done, by the privilege and mstatus.TVM. */
  sfenceVma(address: Bits, asid: Bits): void;
  /** Cache-block operations on the 64 bytes around `address`. */
  cacheBlock(operation: 'inval' | 'clean' | 'flush' | 'zero', address: Bits): void;
}

export type StateOffsets = typeof HartState.at;
