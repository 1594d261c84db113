/** Emits how a loop's strips begin and repeat; see strips.ts. */
import type { Decoded } from '../isa/decode.ts';
import { PAGE_SIZE } from '../shared/memory-map.ts';
import { i32, type Expr, type Local } from '../wasm/expr.ts';
import type { Label } from '../wasm/function.ts';
import { accessOf } from './access-groups.ts';
import type { RegionFrame } from './region-frame.ts';
import type { Strip, StripLook } from './strips.ts';

/** Iterations of a strip, at most: as long does attention wait. */
const LONGEST = 256;
/** Iterations that a loop makes before its first strip, unless it counts them: many loops have no more. */
const FIRST = 2;
/** Iterations that are worth a strip. */
const WORTHWHILE = 8;
/** Iterations before the next try when a strip cannot begin for a reason that may last. */
const LATER = 64;
/** The largest step by a register, in bytes. */
const STEP_LIMIT = 512;

export class StripEmitter {
  readonly strip: Strip;
  readonly #frame: RegionFrame;
  /** Iterations until the next try. */
  readonly #wait: Local;
  /** What is left of the budget when the strip ends. */
  readonly #end: Local;
  /** For each look, what is added to its register to get the place of its lowest access. */
  readonly #addends: readonly Local[];

  constructor(frame: RegionFrame, strip: Strip) {
    const { f } = frame;
    this.strip = strip;
    this.#frame = frame;
    this.#wait = f.lastingLocal('i32');
    this.#end = f.lastingLocal('i32');
    this.#addends = strip.looks.map(() => f.lastingLocal('i32'));
  }

  /** On the way from outside into the loop. */
  approach(): void {
    this.#frame.f.set(this.#wait, this.strip.count ? 0 : FIRST);
  }

  /** At the loop's beginning: runs `go`, which does not end, if a strip begins. */
  begin(go: () => void): void {
    const { f } = this.#frame;
    f.block('slow', (slow) => {
      f.block('now', (now) => {
        f.brIf(now, this.#wait.eqz(), 'likely');
        f.set(this.#wait, this.#wait.sub(1));
        f.br(slow);
      });
      f.block('later', (later) => {
        f.scope(() => {
          this.#prepare(slow, later);
          go();
        });
        this.#frame.registers.beginBlock();
      });
      f.set(this.#wait, LATER);
    });
  }

  /** Goes on behind it when the strip can begin. */
  #prepare(slow: Label, later: Label): void {
    const { f, fields, registers } = this.#frame;
    const { looks, hasFloat, length, count } = this.strip;
    if (count) {
      const [from, to] = [count.register, count.end].map((register) => registers.read(register));
      const left = count.step > 0 ? to.sub(from) : from.sub(to);
      f.brIf(slow, left.ltU(WORTHWHILE * Math.abs(count.step)));
    }
    if (hasFloat) {
      f.brIf(later, this.#frame.lacksDirty().or(fields.load32('frm')), 'unlikely');
    }
    const firsts = looks.map(({ register, from }) => f.let(registers.read(register).add(from)));
    // By branches: engines put off what is only calculated until it is used, which is in each iteration.
    f.set(this.#end, this.#frame.left.sub(LONGEST * length));
    looks.forEach((look, i) => {
      const iterations = this.#fitting(look, firsts[i], slow, later);
      if (!iterations) return;
      const end = f.let(this.#frame.left.sub(iterations.mul(length)));
      f.if(end.gtS(this.#end), () => f.set(this.#end, end));
    });
    looks.forEach(({ tlb, from, to, lowest }, i) => {
      const addend = this.#frame.look(tlb, firsts[i], to - from, () => f.br(later));
      f.set(this.#addends[i], addend.add(lowest));
    });
  }

  /** How many iterations stay within the page; `undefined` for any number. One that crosses its end is left to the loop. */
  #fitting({ from, to, step }: StripLook, first: Expr, slow: Label, later: Label): Expr | undefined {
    const { f, registers } = this.#frame;
    const within = f.let(first.wrap().and(PAGE_SIZE - 1));
    const room = f.let(i32(PAGE_SIZE - (to - from)).sub(within));
    f.brIf(step === 0 ? later : slow, room.ltS(0), 'unlikely');
    if (step === 0) return undefined;
    if (typeof step === 'number') return (step > 0 ? room.divU(step) : within.divU(-step)).add(1);
    const bytes = registers.read(step.register);
    f.brIf(later, bytes.sub(1).geU(STEP_LIMIT), 'unlikely');
    return room.divU(bytes.wrap()).add(1);
  }

  /** Whether the strip goes on behind an iteration of it. */
  get repeats(): Expr {
    return this.#frame.left.gtS(this.#end);
  }

  /** Where an access of the strip goes, if that was looked for. */
  placeOf(decoded: Decoded): { readonly host: Expr; readonly offset: number } | undefined {
    const access = accessOf(decoded);
    const at = this.strip.looks.findIndex(({ tlb, register }) => tlb === access?.tlb && register === decoded.rs1);
    if (at < 0) return undefined;
    const host = this.#frame.registers.read(decoded.rs1).wrap().add(this.#addends[at]);
    return { host, offset: decoded.imm - this.strip.looks[at].lowest };
  }
}
