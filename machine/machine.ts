/**
 * One machine, from its memory to its harts, seen from the machine thread: loads a guest, starts a thread for each
 * hart, serves the queues of its devices, and ends. It is made for one boot; a reset makes a new one.
 */
import { answerDoorbell } from '../core/shared/doorbell.ts';
import { Attention } from '../core/shared/hart-state.ts';
import { getAttention } from '../core/shared/interrupts.ts';
import { createMemory, layOut, RunState, StopReason } from '../core/shared/memory-map.ts';
import type { BlockBackend, BlockError } from '../devices/block/backend.ts';
import type { QueueDevice } from '../devices/device.ts';
import { VirtioBlock, VirtioConsole, VirtioEntropy, VirtioQueues } from '../devices/virtio/index.ts';
import { Bell, Board, type BoardShape } from './board.ts';
import { loadMachine, type GuestImages, type LoadedGuest } from './load.ts';
import { PanicWatch } from './panic.ts';
import { Terminal } from './terminal.ts';
import type { HartThread, ThreadHost } from './threads.ts';

export interface MachineDisk {
  readonly id: string;
  readonly backend: BlockBackend;
}

export interface MachineOptions {
  readonly shape: BoardShape;
  readonly disks: readonly MachineDisk[];
  readonly threads: ThreadHost;
  readonly columns: number;
  readonly rows: number;
  /** Output of the guest's consoles, in order. */
  readonly onOutput: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly onHostError: (error: BlockError) => void;
  /** The machine has stopped; its harts run no more. */
  readonly onStop: (stop: MachineStop) => void;
  readonly log?: (line: string) => void;
}

/** How a machine ended. */
export interface MachineStop {
  readonly reason: 'power-off' | 'reset' | 'failed' | 'crashed';
  /** The guest's exit code for `failed`. */
  readonly code: number;
  /** For `crashed`: whose doing it was. A panic is known of kernels that then reset the machine (Linux: `panic=-1`). */
  readonly by?: 'panic' | 'trap' | 'emulator';
  /** For `crashed`: what happened, for a person. */
  readonly message?: string;
}

/** A thread that does not answer for so many milliseconds, since it failed or never started, is ended all the same. */
const STOP_PATIENCE = 1000;

const REASONS: Readonly<Record<number, MachineStop['reason']>> = {
  [StopReason.POWER_OFF]: 'power-off',
  [StopReason.RESET]: 'reset',
  [StopReason.FAILED]: 'failed',
  [StopReason.CRASHED]: 'crashed',
};

export class Machine {
  readonly board: Board;
  readonly terminal: Terminal;
  readonly #options: MachineOptions;
  readonly #devices: readonly { readonly bit: number; readonly device: QueueDevice }[];
  readonly #doorbell: ReturnType<typeof answerDoorbell>;
  readonly #panic = new PanicWatch();
  #threads: HartThread[] = [];
  #stopped = false;
  #pausedAt: bigint | undefined;
  #alarm: ReturnType<typeof setTimeout> | undefined;

  /** `memory`: that of a machine that was paused and copied; harts go on where it stopped. */
  constructor(options: MachineOptions, memory = createMemory(layOut(options.shape))) {
    this.#options = options;
    const board = new Board(memory, options.shape, undefined, options.log);
    this.board = board;
    this.#doorbell = answerDoorbell(board.control.doorbell, (bits) => this.#answer(bits), options.threads);
    const { columns, rows } = options;
    this.terminal = new Terminal(board.uart, (bytes) => {
      this.#panic.see(bytes);
      options.onOutput(bytes);
    });
    const console = new VirtioConsole({
      input: board.console.own,
      ...{ columns, rows },
      onOutput: (bytes) => this.terminal.output('virtio', bytes),
      onInputRoom: () => this.terminal.drain(),
    });
    this.terminal.connect(console);
    const entropy = new VirtioEntropy({ fill: (target) => void crypto.getRandomValues(target) });
    const queues = [new VirtioQueues(board.console, console), new VirtioQueues(board.entropy, entropy)];
    options.disks.forEach(({ id, backend }, i) => {
      const model = new VirtioBlock({ backend, id: id.slice(0, 20), onHostError: options.onHostError });
      queues.push(new VirtioQueues(board.disks[i], model));
    });
    const bits = [Bell.CONSOLE, Bell.ENTROPY, ...options.disks.map((_, i) => Bell.DISKS + i)];
    this.#devices = queues.map((device, i) => ({ device, bit: 1 << bits[i] }));
  }

  /** Puts a guest into the new machine's memory. Throws `BootError`. */
  load(guest: GuestImages): void {
    this.loaded(loadMachine(this.board, guest));
  }

  /** Says that a {@link Loader} has put a guest into the memory. */
  loaded({ isLinux }: LoadedGuest): void {
    this.terminal.patient = isLinux;
  }

  /** Starts the threads of the harts. */
  start(): void {
    this.board.clock.start();
    this.#startThreads();
  }

  #startThreads(): void {
    const { board } = this;
    board.control.runState.store(RunState.RUNNING);
    this.#threads = board.harts.map((_, index) =>
      this.#options.threads.startHart(
        { memory: board.memory, shape: board.shape, index },
        { wake: () => this.#doorbell.poll(), failed: (error) => this.#threadFailed(error) },
      ),
    );
  }

  /** Stops harts and devices; everything is in the memory afterwards, which may be copied. */
  async pause(): Promise<void> {
    if (this.#stopped || this.#pausedAt !== undefined) return;
    this.#pausedAt = this.board.clock.ticks();
    for (const hart of this.board.harts) getAttention(hart, Attention.PAUSE);
    await Promise.all(this.board.harts.map((hart) => parked(hart.parked)));
    await Promise.all(this.#devices.map(({ device }) => device.pause()));
    this.board.control.timeBase = this.#pausedAt;
    this.board.control.runState.store(RunState.PAUSED);
  }

  /** Goes on after {@link pause}; the clock has stood still meanwhile. */
  resume(): void {
    if (this.#stopped || this.#pausedAt === undefined) return;
    this.board.clock.resumeAt(this.#pausedAt);
    this.#pausedAt = undefined;
    for (const { device } of this.#devices) device.resume();
    this.board.control.runState.store(RunState.RUNNING);
    for (const hart of this.board.harts) {
      hart.attention.and(~Attention.PAUSE);
      hart.attention.notify();
    }
  }

  /** Goes on with a copied memory: as {@link start} and {@link resume}, for a machine that was never run here. */
  startCopied(): void {
    this.#pausedAt = this.board.control.timeBase;
    this.#startThreads();
    this.resume();
  }

  /** Stops at once. The disks stay open. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#alarm);
    this.#doorbell.stop();
    for (const hart of this.board.harts) getAttention(hart, Attention.STOP);
    // A thread that is ended within a section would leave a device locked for ever.
    await Promise.all(this.board.harts.map((hart) => parked(hart.parked, STOP_PATIENCE)));
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
    if (this.#pausedAt === undefined) await Promise.all(this.#devices.map(({ device }) => device.pause()));
    this.terminal.flush();
  }

  #answer(bits: number): void {
    for (const { bit, device } of this.#devices) if ((bits & bit) !== 0) device.serve();
    if ((bits & (1 << Bell.UART)) !== 0) this.terminal.serveUart();
    if ((bits & (1 << Bell.RTC)) !== 0) this.#armAlarm();
    if ((bits & (1 << Bell.STOPPED)) !== 0) this.#guestStopped();
  }

  #armAlarm(): void {
    clearTimeout(this.#alarm);
    this.board.rtc.tick();
    const left = this.board.rtc.nextAlarm();
    if (left === undefined) return;
    const milliseconds = Math.min(Number(left) / 1e6, 2 ** 31 - 1);
    this.#alarm = setTimeout(() => this.#armAlarm(), milliseconds);
  }

  #guestStopped(): void {
    const { control, harts } = this.board;
    if (control.runState.load() !== RunState.STOPPED || this.#stopped) return;
    const reason = REASONS[control.stopReason.load()];
    const code = control.stopCode.load();
    const wedged = (): string => {
      const { pc, scause, stval } = harts[code];
      const hex = (value: bigint): string => `0x${value.toString(16)}`;
      return `Processor ${code} cannot go on: its trap handler at ${hex(pc)} cannot be fetched (scause ${scause}, stval ${hex(stval)}).`;
    };
    void this.stop().then(() => {
      const panic = reason === 'reset' ? this.#panic.message(code !== 0) : undefined;
      if (panic !== undefined) this.#options.onStop({ reason: 'crashed', by: 'panic', code: 0, message: panic });
      else if (reason === 'crashed') this.#options.onStop({ reason, by: 'trap', code, message: wedged() });
      else this.#options.onStop({ reason, code });
    });
  }

  #threadFailed(error: Error): void {
    if (this.#stopped) return;
    const message = `The emulator itself failed: ${error.message}`;
    void this.stop().then(() => this.#options.onStop({ reason: 'crashed', by: 'emulator', code: 0, message }));
  }
}

/** Resolves when a hart has parked, or after so many milliseconds. */
async function parked(word: Board['harts'][number]['parked'], patience = Infinity): Promise<void> {
  for (const from = performance.now(); word.load() === 0 && performance.now() - from < patience;) {
    await (word.waitAsync(0, 100) ?? new Promise((resolve) => setTimeout(resolve, 1)));
  }
}
