/**
 * The loop of one hart's thread: runs guest code, and between two slices looks after timers, requests of other
 * threads, SBI calls, sleep and pause. It returns when the machine stops.
 */
import { ENVCFG } from '../core/isa/mstatus.ts';
import { Hart } from '../core/hart/hart.ts';
import { Attention, Exit, HartStatus, Revoke, type HartView } from '../core/shared/hart-state.ts';
import { park, requestAll, serveRequests, unpark } from '../core/shared/revoke.ts';
import type { Board } from './board.ts';
import { crashMachine, endMachine } from './ending.ts';
import type { FenceKind, SbiEnvironment } from './sbi/abi.ts';
import { endSuspend, takeStart } from './sbi/hsm.ts';
import { sbiCall } from './sbi/sbi.ts';
import { Tohost } from './tohost.ts';

/** Instructions of one slice: about a millisecond, after which timers are looked at. */
const SLICE = 150_000;
/** A hart that waits with no deadline looks at the clock this often, in milliseconds. */
const LONGEST_SLEEP = 1000;

/** Runs hart `index` of `board` until the machine stops. Blocks the thread. */
export function runHart(board: Board, index: number): void {
  new HartLoop(board, index).run();
}

class HartLoop {
  readonly #board: Board;
  readonly #index: number;
  readonly #hart: Hart;
  readonly #view: HartView;
  readonly #sbi: SbiEnvironment;
  readonly #tohost: Tohost;

  constructor(board: Board, index: number) {
    this.#board = board;
    this.#index = index;
    const { memory, map, clock, bus } = board;
    const environment = {
      clock,
      bus,
      revokeOtherStores: () => this.#request(this.#others(), Revoke.STORE_TLB),
    };
    this.#hart = new Hart(memory, map, index, environment);
    this.#view = this.#hart.view;
    this.#tohost = new Tohost(board);
    this.#sbi = this.#sbiEnvironment();
  }

  run(): void {
    const view = this.#view;
    this.#attend();
    while ((view.attention.load() & Attention.STOP) === 0) {
      if (view.hsmStatus.load() !== HartStatus.STARTED) this.#waitForStart();
      else this.#slice();
      this.#attend();
    }
    park(view);
  }

  #slice(): void {
    this.#tick();
    switch (this.#hart.run(SLICE)) {
      case Exit.WFI:
        return this.#sleep();
      case Exit.SBI:
        return this.#call();
      case Exit.WEDGED:
        return crashMachine(this.#board, this.#index);
      default:
        return this.#tohost.poll();
    }
  }

  #tick(): void {
    const now = this.#board.clock.ticks();
    this.#hart.tickTimer(now);
    this.#board.aclint.tick(this.#index, now);
  }

  /** Serves all attention but interrupts, which the interpreter takes itself. */
  #attend(): void {
    const view = this.#view;
    const attention = view.attention.load();
    if ((attention & Attention.REVOKE) !== 0) this.#serveOwn();
    if ((attention & Attention.PAUSE) !== 0) this.#pause();
    view.attention.and(~(Attention.TIMER | Attention.HSM));
  }

  #pause(): void {
    const view = this.#view;
    park(view);
    for (;;) {
      const attention = view.attention.load();
      if ((attention & Attention.PAUSE) === 0 || (attention & Attention.STOP) !== 0) break;
      if ((attention & Attention.REVOKE) !== 0) this.#serveOwn();
      else view.attention.wait(attention);
    }
    this.#board.clock.refresh();
    this.#leavePark();
    this.#hart.dropCaches();
  }

  #leavePark(): void {
    unpark(this.#view);
    this.#serveOwn();
  }

  /** WFI: sleeps until an enabled interrupt is pending, a deadline comes, or attention is asked for. */
  #sleep(): void {
    const from = this.#board.clock.ticks();
    this.#sleepUntilWoken();
    this.#view.statIdle += this.#board.clock.ticks() - from;
  }

  #sleepUntilWoken(): void {
    const view = this.#view;
    const { clock, aclint } = this.#board;
    for (;;) {
      this.#tick();
      if (this.#hart.wakes()) return;
      this.#hart.takeInterrupt();
      this.#tohost.poll();
      park(view);
      const timer = (view.menvcfg & ENVCFG.STCE) !== 0n ? clock.untilMilliseconds(view.stimecmp) : Infinity;
      const deadline = Math.min(timer, clock.untilMilliseconds(aclint.nextDeadline(this.#index)), LONGEST_SLEEP);
      if (deadline > 0) view.attention.wait(0, deadline);
      this.#leavePark();
      if ((view.attention.load() & ~(Attention.INTERRUPT | Attention.TIMER)) !== 0) return;
      view.attention.and(~Attention.TIMER);
    }
  }

  #waitForStart(): void {
    const view = this.#view;
    if (takeStart(view, this.#index)) {
      this.#hart.dropCaches();
      return;
    }
    park(view);
    const attention = view.attention.load();
    const others = attention & ~(Attention.INTERRUPT | Attention.TIMER);
    if (others !== attention) view.attention.and(others);
    if (others === 0 && view.hsmStatus.load() !== HartStatus.START_PENDING) view.attention.wait(0, LONGEST_SLEEP);
    this.#leavePark();
  }

  #call(): void {
    switch (sbiCall(this.#sbi, this.#index)) {
      case 'wait':
        this.#hart.dropCaches();
        this.#sleep();
        return endSuspend(this.#view);
      case 'retry':
        this.#attend();
        this.#view.attention.wait(0, 0.1);
        return;
      default:
        // Calls write registers that caches are derived from only when they do not resume.
        return;
    }
  }

  // --- other harts ---------------------------------------------------------------------------------------------------

  #others(): HartView[] {
    return this.#board.harts.filter((_, i) => i !== this.#index);
  }

  #request(harts: readonly HartView[], requests: number): void {
    if (harts.length > 0) requestAll(harts, requests, () => this.#serveOwn());
  }

  #serveOwn(): void {
    serveRequests(this.#view, (requests) => this.#hart.revoke(requests));
  }

  #remoteFence(harts: readonly number[], kind: FenceKind): void {
    const requests = kind === 'fence.i' ? Revoke.CODE : Revoke.TLB;
    if (harts.includes(this.#index)) this.#hart.revoke(requests);
    const others = harts.filter((i) => i !== this.#index).map((i) => this.#board.harts[i]);
    this.#request(others, requests);
  }

  #sbiEnvironment(): SbiEnvironment {
    const { harts, sbi: state, ram, clock, uart } = this.#board;
    return {
      ...{ harts, state, ram, clock },
      consoleWrite: (bytes) => uart.send(bytes),
      consoleRead: (max) => uart.receive(max),
      remoteFence: (targets, kind) => this.#remoteFence(targets, kind),
      end: (ending) => endMachine(this.#board, ending),
    };
  }
}
