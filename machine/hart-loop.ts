/**
 * The loop of one hart's thread: runs guest code, and between two slices looks after timers, requests of other
 * threads, SBI calls, sleep and pause. It returns when the machine stops.
 */
import { ENVCFG } from '../core/isa/mstatus.ts';
import { Hart, type CodePlace } from '../core/hart/hart.ts';
import { regionName } from '../core/jit/compiler.ts';
import { CompileQueue, requestCompilation, WHOLE_PAGE, type CompileQueueView } from '../core/shared/compile-queue.ts';
import { Attention, Exit, HartStatus, Parked, Revoke, type HartView } from '../core/shared/hart-state.ts';
import { park, requestAll, serveRequests, unpark } from '../core/shared/revoke.ts';
import type { Board } from './board.ts';
import type { CodeMessage } from './compiler-loop.ts';
import { crashMachine, endMachine, endIfAsleep } from './ending.ts';
import { HaltPolling } from './halt-polling.ts';
import type { FenceKind, SbiEnvironment } from './sbi/abi.ts';
import { endSuspend, takeStart } from './sbi/hsm.ts';
import { sbiCall } from './sbi/sbi.ts';
import { Tohost } from './tohost.ts';

/** Instructions of one slice: about a millisecond, after which timers are looked at. */
const SLICE = 150_000;
/** Attention that does not end a hart's sleep. */
const EXPECTED_ASLEEP = Attention.INTERRUPT | Attention.TIMER;
/** A hart that waits with no deadline looks at the clock this often, in milliseconds. */
const LONGEST_SLEEP = 1000;

/** Receives what the compiler has posted to a hart: `count` messages, which are on their way. */
export type ReceiveCode = (count: number) => Promise<readonly CodeMessage[]> | readonly CodeMessage[];

/** Runs hart `index` of `board` until the machine stops. Blocks the thread, but for moments in which it receives code. */
export function runHart(
  board: Board,
  index: number,
  receiveCode: ReceiveCode,
  code?: WebAssembly.Module,
): Promise<void> {
  return new HartLoop(board, index, receiveCode, code).run();
}

class HartLoop {
  readonly #board: Board;
  readonly #index: number;
  readonly #hart: Hart;
  readonly #view: HartView;
  readonly #sbi: SbiEnvironment;
  readonly #tohost: Tohost;
  readonly #polling = new HaltPolling();
  readonly #compileQueue: CompileQueueView;
  readonly #receiveCode: ReceiveCode;
  /** Messages of the compiler that were received, ever. */
  #received: number;

  constructor(board: Board, index: number, receiveCode: ReceiveCode, code?: WebAssembly.Module) {
    this.#board = board;
    this.#index = index;
    const { memory, map, clock, bus } = board;
    const environment = {
      clock,
      bus,
      revokeOtherStores: () => this.#request(this.#others(), Revoke.STORE_TLB),
      hot: (place: CodePlace) => this.#askToCompile(place),
      codeFound: (page: number, version: number) => this.#tellOfCode(page, version),
    };
    this.#hart = new Hart(memory, map, index, environment, code);
    this.#view = this.#hart.view;
    this.#hart.hotLimit = board.control.hotLimit;
    this.#compileQueue = CompileQueue.view(memory.buffer, map.harts[index].compileQueue);
    this.#receiveCode = receiveCode;
    this.#received = this.#compileQueue.posted.load();
    this.#tohost = new Tohost(board);
    this.#sbi = this.#sbiEnvironment();
  }

  async run(): Promise<void> {
    const view = this.#view;
    this.#attend();
    while ((view.attention.load() & Attention.STOP) === 0) {
      if ((view.attention.load() & Attention.CODE) !== 0) await this.#takeCode();
      if (view.hsmStatus.load() !== HartStatus.STARTED) this.#waitForStart();
      else this.#slice();
      this.#attend();
    }
    park(view, Parked.OUT);
  }

  // --- compiled code ---------------------------------------------------------------------------------------------------

  #askToCompile(place: CodePlace): void {
    const entries = this.#hart.decodedEntries(place.page);
    requestCompilation(this.#compileQueue, this.#board.control.compilerBell, { ...place, entries });
  }

  #tellOfCode(page: number, version: number): void {
    const { hotLimit, compilerBell } = this.#board.control;
    if (hotLimit === 0) return;
    requestCompilation(this.#compileQueue, compilerBell, { page, version, offset: WHOLE_PAGE, entries: 0 });
  }

  async #takeCode(): Promise<void> {
    this.#view.attention.and(~Attention.CODE);
    const posted = this.#compileQueue.posted.load();
    const messages = await this.#receiveCode((posted - this.#received) | 0);
    this.#received = posted;
    for (const { module, size, regions } of messages) {
      const { exports } = new WebAssembly.Instance(module, this.#hart.codeImports);
      const run = (index: number): CallableFunction => exports[regionName(index)] as CallableFunction;
      this.#hart.install({ size, regions: regions.map((region, i) => ({ ...region, run: run(i) })) });
    }
  }

  // --- guest code ------------------------------------------------------------------------------------------------------

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
    park(view, Parked.OUT);
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
    const view = this.#view;
    const from = this.#board.clock.ticks();
    view.sleepingSince = from;
    this.#sleepUntilWoken();
    view.sleepingSince = 0n;
    view.statIdle += this.#board.clock.ticks() - from;
  }

  #sleepUntilWoken(): void {
    const view = this.#view;
    for (;;) {
      // Taken before `mip` and the deadlines are looked at, so that what changes later ends the sleep.
      view.attention.and(~EXPECTED_ASLEEP);
      this.#tick();
      if (this.#hart.wakes()) {
        this.#hart.takeInterrupt();
        return;
      }
      this.#tohost.poll();
      this.#sleepOnce(this.#untilDeadline());
      if ((view.attention.load() & ~EXPECTED_ASLEEP) !== 0) return;
    }
  }

  /** Milliseconds until there may be something to do for this hart's timers. */
  #untilDeadline(): number {
    const { clock, aclint } = this.#board;
    const view = this.#view;
    const timer = (view.menvcfg & ENVCFG.STCE) !== 0n ? clock.untilMilliseconds(view.stimecmp) : Infinity;
    return Math.min(timer, clock.untilMilliseconds(aclint.nextDeadline(this.#index)), LONGEST_SLEEP);
  }

  /** Sleeps until there is attention, or so many milliseconds. */
  #sleepOnce(milliseconds: number): void {
    if (milliseconds <= 0) return;
    const { attention } = this.#view;
    this.#polling.wait(attention, milliseconds, () => {
      park(this.#view, Parked.ASLEEP);
      attention.wait(0, milliseconds);
      this.#leavePark();
    });
  }

  #waitForStart(): void {
    const view = this.#view;
    view.attention.and(~EXPECTED_ASLEEP);
    if (takeStart(view, this.#index)) this.#hart.dropCaches();
    else this.#sleepOnce(LONGEST_SLEEP);
  }

  #call(): void {
    switch (sbiCall(this.#sbi, this.#index)) {
      case 'wait':
        this.#hart.dropCaches();
        this.#sleep();
        return endSuspend(this.#view);
      case 'stop':
        return endIfAsleep(this.#board);
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
