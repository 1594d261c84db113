/** The registers of the reference hart, and the emitter of the privileged definitions over them. */
import type { Bits, Change, Cond, StateEmitter, StateField, Word } from '../isa/emitter.ts';
import { Cause, ENVCFG, MSTATUS_RESET } from '../isa/mstatus.ts';
import { PMP_ENTRIES } from '../shared/hart-state.ts';
import { Interrupt } from '../shared/interrupts.ts';
import { Trap } from './trap.ts';
import { holds, unsignedOf, Value } from './value.ts';

/** Fields that are arrays of 64-bit registers, and their lengths. */
export const ARRAYS = { pmpcfg: PMP_ENTRIES / 8, pmpaddr: PMP_ENTRIES, mhpmcounter: 29, mhpmevent: 29 } as const;
type ArrayField = keyof typeof ARRAYS;

/** All fields by name, with their values after reset. */
const RESET: Readonly<Record<StateField, bigint>> = {
  ...{ mstatus: MSTATUS_RESET, medeleg: 0n, mideleg: 0n, mie: 0n, mtvec: 0n, mscratch: 0n, mepc: 0n, mcause: 0n },
  ...{ mtval: 0n, mcounteren: 0n, mcountinhibit: 0n, menvcfg: 0n, stvec: 0n, sscratch: 0n, sepc: 0n, scause: 0n },
  ...{ stval: 0n, scounteren: 0n, senvcfg: 0n, satp: 0n, stimecmp: (1n << 64n) - 1n, privilege: 3n, fflags: 0n },
  ...{ frm: 0n, hartId: 0n, pc: 0n, instret: 0n, mcycleOffset: 0n, minstretOffset: 0n },
};
export const FIELDS = Object.keys(RESET) as StateField[];

export class Registers implements StateEmitter {
  readonly x = new Array<bigint>(32).fill(0n);
  readonly f = new Array<bigint>(32).fill(0n);
  readonly fields: Record<StateField, bigint> = { ...RESET };
  readonly arrays: Record<ArrayField, bigint[]>;
  mip = 0n;
  readonly #clock: { ticks(): bigint };

  constructor(clock: { ticks(): bigint }) {
    this.#clock = clock;
    const zeros = (name: ArrayField): bigint[] => new Array<bigint>(ARRAYS[name]).fill(0n);
    this.arrays = {
      pmpcfg: zeros('pmpcfg'),
      pmpaddr: zeros('pmpaddr'),
      mhpmcounter: zeros('mhpmcounter'),
      mhpmevent: zeros('mhpmevent'),
    };
  }

  /** The bytes of the `pmpcfg` registers, one for each entry. */
  get pmpEntries(): number[] {
    return this.arrays.pmpcfg.flatMap((register) =>
      Array.from({ length: 8 }, (_, i) => Number((register >> BigInt(8 * i)) & 0xffn)),
    );
  }

  constant(value: bigint | number): Value {
    return new Value(BigInt(value));
  }
  let(value: Bits): Bits {
    return value;
  }
  select(condition: Cond, a: Word, b: Word): Value {
    return new Value(unsignedOf(holds(condition) ? a : b));
  }
  if(condition: Cond, then: () => void, otherwise?: () => void): void {
    if (holds(condition)) then();
    else otherwise?.();
  }
  get(field: StateField): Value {
    return new Value(this.fields[field]);
  }
  put(field: StateField, value: Word): void {
    this.fields[field] = unsignedOf(value);
  }
  getElement(field: ArrayField, index: number): Value {
    return new Value(this.arrays[field][index]);
  }
  putElement(field: ArrayField, index: number, value: Word): void {
    this.arrays[field][index] = unsignedOf(value);
  }
  readMip(): Value {
    return new Value(this.mip);
  }
  changeMip(clear: Word, set: Word): void {
    this.mip = (this.mip & ~unsignedOf(clear)) | unsignedOf(set);
  }
  readTime(): Value {
    return new Value(this.#clock.ticks());
  }
  illegal(): void {
    throw new Trap(Cause.ILLEGAL);
  }
  /** Nothing is cached, so nothing depends on changes but the timer's pending bit. */
  notice(change: Change): void {
    if (change === 'timer') this.tickTimer();
  }

  /** Sstc: STIP says whether `time` has reached `stimecmp`. */
  tickTimer(): void {
    if ((this.fields.menvcfg & ENVCFG.STCE) === 0n) return;
    const bit = 1n << BigInt(Interrupt.STI);
    this.changeMip(bit, this.#clock.ticks() >= this.fields.stimecmp ? bit : 0n);
  }
}
