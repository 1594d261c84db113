/**
 * The interrupt controller: RISC-V Platform-Level Interrupt Controller Specification 1.0.0, as on QEMU's `virt`.
 *
 *   0x000000  priority of source 0, 1, ...               4 bytes each (chapter 4; source 0 does not exist)
 *   0x001000  pending bits, source 0 is bit 0 of word 0  (chapter 5)
 *   0x002000  enable bits of context 0, 1, ...           0x80 bytes each (chapter 6)
 *   0x200000  of context 0, 1, ...: priority threshold   0x1000 bytes each (chapter 7)
 *        +4                         claim/complete       (chapters 8 and 9)
 *
 * Hart h has two contexts: 2h is its M-mode (MEI), 2h+1 its S-mode (SEI). Every source is level-triggered: its gateway
 * forwards one request when the wire rises, and looks at the wire again when the request is completed.
 */
import { Interrupt, setInterrupt } from '../../core/shared/interrupts.ts';
import type { HartView } from '../../core/shared/hart-state.ts';
import { withLock } from '../../core/shared/lock.ts';
import { MAX_HARTS } from '../../core/shared/memory-map.ts';
import { array, atomic32, struct, u32, type ViewOf } from '../../core/shared/struct.ts';
import type { AccessWidth, InterruptLine, RegisterDevice } from '../device.ts';
import { registerTable } from '../registers.ts';

/** Sources, number 0 included, which is none. */
export const PLIC_SOURCES = 0x60;
/** The highest priority. 0 means "never interrupt". */
const MAX_PRIORITY = 7;
const WORDS = PLIC_SOURCES / 32;
const CONTEXTS = 2 * MAX_HARTS;

export const PlicState = struct('Plic', {
  /** Taken for every access and every change of a wire. */
  lock: atomic32,
  /** One bit for each source, as are the next two: the level of its wire. */
  level: array(u32, WORDS),
  /** Its gateway has forwarded a request, and nobody has claimed it. */
  pending: array(u32, WORDS),
  /** Somebody has claimed the request, and it is not completed: the gateway forwards no other. */
  claimed: array(u32, WORDS),
  priority: array(u32, PLIC_SOURCES),
  /** `WORDS` words for each context. */
  enable: array(u32, CONTEXTS * WORDS),
  threshold: array(u32, CONTEXTS),
  /** One bit for each context: the level of its wire to the hart. */
  notified: u32,
});
export type PlicView = ViewOf<typeof PlicState>;

/** Claimable is a request that a context enables and whose priority is not 0. */
interface Request {
  source: number;
  priority: number;
}
const NO_REQUEST: Request = { source: 0, priority: 0 };

export class Plic implements RegisterDevice {
  readonly size = 0x60_0000;
  readonly #state: PlicView;
  readonly #harts: readonly HartView[];
  readonly #registers: RegisterDevice;

  constructor(state: PlicView, harts: readonly HartView[]) {
    this.#state = state;
    this.#harts = harts;
    this.#registers = this.#table();
  }

  read(offset: number, width: AccessWidth): number {
    return withLock(this.#state.lock, () => this.#registers.read(offset, width));
  }

  write(offset: number, width: AccessWidth, value: number): void {
    withLock(this.#state.lock, () => this.#registers.write(offset, width, value));
  }

  /** The wire of a source (1 to 0x5f). */
  line(source: number): InterruptLine {
    if (!Number.isInteger(source) || source < 1 || source >= PLIC_SOURCES) {
      throw new RangeError(`the interrupt controller has sources 1 to ${PLIC_SOURCES - 1}, not ${source}`);
    }
    return { set: (level) => withLock(this.#state.lock, () => this.#setLevel(source, level)) };
  }

  /** Everything as after power-on, except that wires that are up stay up. */
  reset(): void {
    withLock(this.#state.lock, () => {
      const { pending, claimed, priority, enable, threshold, level } = this.#state;
      for (const words of [claimed, priority, enable, threshold]) words.fill(0);
      pending.set(level);
      this.#notify();
    });
  }

  /** Chapter 3, "Memory Map". */
  #table(): RegisterDevice {
    const { priority, pending, enable, threshold } = this.#state;
    const contexts = this.#harts.length * 2;
    return registerTable(this.size, [
      {
        name: 'priority',
        offset: 0,
        width: 4,
        count: PLIC_SOURCES,
        read: (source) => priority[source],
        write: (value, source) => {
          if (source === 0) return;
          priority[source] = value & MAX_PRIORITY;
          this.#notify();
        },
      },
      { name: 'pending', offset: 0x1000, width: 4, count: WORDS, read: (word) => pending[word] },
      ...Array.from({ length: contexts }, (_, context) => ({
        name: `enable[${context}]`,
        offset: 0x2000 + 0x80 * context,
        width: 4 as const,
        count: WORDS,
        read: (word: number) => enable[context * WORDS + word],
        write: (value: number, word: number) => {
          enable[context * WORDS + word] = word === 0 ? value & ~1 : value;
          this.#notify();
        },
      })),
      {
        name: 'threshold',
        offset: 0x20_0000,
        width: 4,
        count: contexts,
        stride: 0x1000,
        read: (context) => threshold[context],
        write: (value, context) => {
          threshold[context] = value & MAX_PRIORITY;
          this.#notify();
        },
      },
      ...Array.from({ length: contexts }, (_, context) => ({
        name: `claim/complete[${context}]`,
        offset: 0x20_0004 + 0x1000 * context,
        width: 4 as const,
        wholeOnly: true,
        read: () => this.#claim(context),
        write: (source: number) => this.#complete(context, source),
      })),
    ]);
  }

  /** "Interrupt Gateways": a request is forwarded when the wire rises; falling again does not take it back. */
  #setLevel(source: number, up: boolean): void {
    const { level, pending, claimed } = this.#state;
    const word = source >>> 5;
    const bit = 1 << (source & 31);
    if (((level[word] & bit) !== 0) === up) return;
    level[word] ^= bit;
    if (!up || (claimed[word] & bit) !== 0) return;
    pending[word] |= bit;
    this.#notify();
  }

  /** Chapter 8, "Interrupt Claim Process": the threshold does not matter here. */
  #claim(context: number): number {
    const { source } = this.#best(context);
    if (source === 0) return 0;
    const { pending, claimed } = this.#state;
    pending[source >>> 5] &= ~(1 << (source & 31));
    claimed[source >>> 5] |= 1 << (source & 31);
    this.#notify();
    return source;
  }

  /** Chapter 9, "Interrupt Completion": ignored for a source that the context does not enable. */
  #complete(context: number, source: number): void {
    if (source >= PLIC_SOURCES) return;
    const { enable, claimed, pending, level } = this.#state;
    const word = source >>> 5;
    const bit = 1 << (source & 31);
    if ((enable[context * WORDS + word] & claimed[word] & bit) === 0) return;
    claimed[word] &= ~bit;
    pending[word] |= level[word] & bit;
    this.#notify();
  }

  /** The request that a context would claim: the highest priority, and among equals the lowest number. */
  #best(context: number): Request {
    const { pending, enable, priority } = this.#state;
    let best = NO_REQUEST;
    for (let word = 0; word < WORDS; word++) {
      let candidates = pending[word] & enable[context * WORDS + word];
      while (candidates !== 0) {
        const bit = 31 - Math.clz32(candidates & -candidates);
        candidates &= candidates - 1;
        const source = word * 32 + bit;
        if (priority[source] > best.priority) best = { source, priority: priority[source] };
      }
    }
    return best;
  }

  /** Chapter 7, "Interrupt Notifications" and "Priority Thresholds": drives the wires of all contexts. */
  #notify(): void {
    const { threshold } = this.#state;
    let wires = 0;
    if (this.#state.pending.some((word) => word !== 0)) {
      for (let context = 0; context < this.#harts.length * 2; context++) {
        if (this.#best(context).priority > threshold[context]) wires |= 1 << context;
      }
    }
    const changed = wires ^ this.#state.notified;
    this.#state.notified = wires;
    for (let context = 0; changed >>> context !== 0; context++) {
      if (((changed >>> context) & 1) === 0) continue;
      const interrupt = context % 2 === 0 ? Interrupt.MEI : Interrupt.SEI;
      setInterrupt(this.#harts[context >>> 1], interrupt, ((wires >>> context) & 1) === 1);
    }
  }
}
