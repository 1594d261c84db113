/**
 * One machine, from its memory to its harts, seen from the machine thread: loads a guest, starts a thread for each
 * hart, serves the queues of its devices, and ends. It is made for one boot; a reset makes a new one.
 */
import { answerDoorbell } from '../core/shared/doorbell.ts';
import { Attention, Parked } from '../core/shared/hart-state.ts';
import { getAttention } from '../core/shared/interrupts.ts';
import { createMemory, layOut, RunState, StopReason } from '../core/shared/memory-map.ts';
import type { BlockBackend, BlockError } from '../devices/block/backend.ts';
import type { QueueDevice } from '../devices/device.ts';
import { VirtioBlock, VirtioConsole, VirtioEntropy, VirtioQueues, type BlockTraits } from '../devices/virtio/index.ts';
import { Bell, Board, type BoardShape } from './board.ts';
import type { KnownPage } from './known-code.ts';
import { loadMachine, type GuestImages, type LoadedGuest } from './load.ts';
import { wedgedMessage } from './crash.ts';
import { PanicWatch } from './panic.ts';
import { Terminal, type OutputReceiver } from './terminal.ts';
import type { MachineThread, ThreadHost } from './threads.ts';

export interface MachineDisk extends BlockTraits {
  readonly id: string;
  readonly backend: BlockBackend;
}

export interface MachineOptions {
  readonly shape: BoardShape;
  /** New memory for a machine of this shape, in which a guest may have been put already. Default: it is made. */
  readonly memory?: WebAssembly.Memory;
  readonly disks: readonly MachineDisk[];
  readonly threads: ThreadHost;
  readonly columns: number;
  readonly rows: number;
  /** Output of the guest's consoles, in order. */
  readonly onOutput: OutputReceiver;
  readonly onHostError: (error: BlockError) => void;
  /** The machine has stopped; its harts run no more. */
  readonly onStop: (stop: MachineStop) => void;
  readonly log?: (line: string) => void;
  /** Code that was hot before, and who is told what is hot now. */
  readonly known?: readonly KnownPage[];
  readonly onLearned?: (pages: readonly KnownPage[]) => void;
}

/** How a machine ended. */
export interface MachineStop {
  readonly reason: 'power-off' | 'reset' | 'failed' | 'crashed';
  /** The guest's exit code for `failed`. */
  readonly code: number;
  /** For `crashed`: whose doing it was. A panic is known of kernels that then reset the machine (Linux: `panic=-1`). */
  readonly by?: 'panic' | 'trap' | 'asleep' | 'emulator';
  /** For `crashed`: what happened, for a person. */
  readonly message?: string;
}

/** A thread that does not answer for so many milliseconds, since it failed or never started, is ended all the same. */
const STOP_PATIENCE = 1000;

const ASLEEP = 'The guest has stopped all its processors, and nothing is left that could start one.';

const REASONS: Readonly<Record<number, MachineStop['reason']>> = {
  [StopReason.POWER_OFF]: 'power-off',
  [StopReason.RESET]: 'reset',
  [StopReason.FAILED]: 'failed',
  [StopReason.CRASHED]: 'crashed',
  [StopReason.ASLEEP]: 'crashed',
};

export class Machine {
  readonly board: Board;
  readonly terminal: Terminal;
  readonly #options: MachineOptions;
  readonly #devices: readonly { readonly bit: number; readonly device: QueueDevice }[];
  /** By disk. */
  readonly #blocks: readonly VirtioBlock[];
  readonly #doorbell: ReturnType<typeof answerDoorbell>;
  readonly #panic = new PanicWatch();
  #threads: MachineThread[] = [];
  /** Code of the harts that was generated while the guest was loaded. */
  #code: readonly WebAssembly.Module[] = [];
  #stopped = false;
  #pausing: Promise<void> | undefined;
  #paused: boolean;
  #alarm: ReturnType<typeof setTimeout> | undefined;

  /**
   * `copied`: the memory of a machine of the same shape that was paused and copied; this one is paused too, until
   * {@link startCopied}. Its disks must be as they were when the machine was paused.
   */
  constructor(options: MachineOptions, copied?: WebAssembly.Memory) {
    this.#options = options;
    this.#paused = copied !== undefined;
    // This thread rings too, when it leaves work for later; where it does not sleep on the word it must be told.
    const self = { postMessage: () => void setTimeout(() => this.#doorbell.poll(), 0) };
    const port = options.threads.waitAsync ? undefined : self;
    const memory = copied ?? options.memory ?? createMemory(layOut(options.shape));
    const board = new Board(memory, options.shape, port, options.log);
    this.board = board;
    if (this.#paused) board.adopt();
    this.#doorbell = answerDoorbell(board.control.doorbell, (bits) => this.#answer(bits), options.threads);
    const { columns, rows } = options;
    this.terminal = new Terminal(board.control, board.uart, (bytes) => {
      this.#panic.see(bytes);
      return options.onOutput(bytes);
    });
    const console = new VirtioConsole({
      input: board.console.own,
      ...{ columns, rows },
      onOutput: (bytes) => this.terminal.output('virtio', bytes),
      mayOutput: () => this.terminal.hasRoom,
      onInputRoom: () => this.terminal.drain(),
    });
    this.terminal.connect(console);
    const entropy = new VirtioEntropy({ fill: (target) => void crypto.getRandomValues(target) });
    const paused = this.#paused;
    const queues = [
      new VirtioQueues(board.console, console, { paused }),
      new VirtioQueues(board.entropy, entropy, { paused }),
    ];
    this.#blocks = options.disks.map((disk, i) => {
      const registers = board.disks[i];
      const own = { id: disk.id.slice(0, 20), queues: registers.type.queueSizes.length };
      const model = new VirtioBlock({ ...disk, ...own, onHostError: options.onHostError });
      queues.push(new VirtioQueues(registers, model, { paused }));
      return model;
    });
    const bits = [Bell.CONSOLE, Bell.ENTROPY, ...options.disks.map((_, i) => Bell.DISKS + i)];
    this.#devices = queues.map((device, i) => ({ device, bit: 1 << bits[i] }));
  }

  /** Puts a guest into the new machine's memory. Throws `BootError`. */
  load(guest: GuestImages): void {
    this.loaded(loadMachine(this.board, guest));
  }

  /** Says that a {@link Loader} has put a guest into the memory. */
  loaded({ isLinux, code }: LoadedGuest): void {
    this.terminal.setPatient(isLinux);
    this.#code = code ?? [];
  }

  /** Starts the threads of the harts. */
  start(): void {
    this.board.clock.start();
    this.#startThreads();
  }

  #startThreads(): void {
    const { board } = this;
    board.control.runState.store(RunState.RUNNING);
    const { memory, shape } = board;
    const harts = board.harts.map((_, index) => {
      const code = this.#code[index];
      return { memory, shape, index, ...(code && { code }) };
    });
    const { threads, known = [], onLearned } = this.#options;
    const events = {
      wake: () => this.#doorbell.poll(),
      failed: (error: Error) => this.#threadFailed(error),
      learned: (pages: readonly KnownPage[]) => onLearned?.(pages),
    };
    this.#threads = threads.start(harts, events, known);
  }

  /**
   * Stops harts, devices and the clock. When it resolves, all of the machine is in its memory and stays as it is, so that
   * it may be copied. Writes to disks are waited for; reads that take longer are done again later.
   */
  pause(): Promise<void> {
    return (this.#pausing ??= this.#pause());
  }

  async #pause(): Promise<void> {
    const { board } = this;
    if (this.#paused) return;
    for (const hart of board.harts) getAttention(hart, Attention.PAUSE);
    await Promise.all(board.harts.map((hart) => isOut(hart.parked)));
    // Only now, since harts read the clock until they are out.
    const ticks = board.clock.ticks();
    await Promise.all(this.#devices.map(({ device }) => device.pause()));
    clearTimeout(this.#alarm);
    board.control.timeBase = ticks;
    board.control.runState.compareExchange(RunState.RUNNING, RunState.PAUSED);
    this.#paused = true;
  }

  /** Goes on after {@link pause} has resolved; the clock has stood still meanwhile. */
  resume(): void {
    if (this.#stopped || !this.#paused) return;
    const { board } = this;
    this.#paused = false;
    this.#pausing = undefined;
    board.clock.resumeAt(board.control.timeBase);
    for (const { device } of this.#devices) device.resume();
    this.#armAlarm();
    board.control.runState.compareExchange(RunState.PAUSED, RunState.RUNNING);
    for (const hart of board.harts) {
      hart.attention.and(~Attention.PAUSE);
      hart.attention.notify();
    }
  }

  /** Goes on with a copied memory: as {@link start} and {@link resume}, for a machine that was never run here. */
  startCopied(): void {
    const { columns, rows } = this.#options;
    this.#startThreads();
    this.resume();
    this.terminal.resize(columns, rows);
  }

  /** The back end of a disk has become larger: the guest is told. */
  diskGrew(id: string): void {
    this.#options.disks.forEach((disk, i) => {
      if (disk.id === id) this.#blocks[i].grew();
    });
  }

  /** Stops at once. The disks stay open. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#alarm);
    this.#doorbell.stop();
    for (const hart of this.board.harts) getAttention(hart, Attention.STOP);
    if (this.#threads.length > 0) {
      // A thread that is ended within a section would leave a device locked for ever.
      await Promise.all(this.board.harts.map((hart) => isOut(hart.parked, STOP_PATIENCE)));
      await Promise.all(this.#threads.map((thread) => thread.terminate()));
    }
    if (!this.#paused) await Promise.all(this.#devices.map(({ device }) => device.pause()));
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
    const stopReason = control.stopReason.load();
    const reason = REASONS[stopReason];
    const asleep = stopReason === StopReason.ASLEEP;
    const code = control.stopCode.load();
    void this.stop().then(() => {
      const panic = reason === 'reset' ? this.#panic.message(code !== 0) : undefined;
      if (panic !== undefined) this.#options.onStop({ reason: 'crashed', by: 'panic', code: 0, message: panic });
      else if (asleep) this.#options.onStop({ reason, by: 'asleep', code, message: ASLEEP });
      else if (reason === 'crashed') {
        this.#options.onStop({ reason, by: 'trap', code, message: wedgedMessage(harts[code], code) });
      } else this.#options.onStop({ reason, code });
    });
  }

  #threadFailed(error: Error): void {
    if (this.#stopped) return;
    const message = `The emulator itself failed: ${error.message}`;
    void this.stop().then(() => this.#options.onStop({ reason: 'crashed', by: 'emulator', code: 0, message }));
  }
}

/** Resolves when a hart's thread touches the machine no more, or after so many milliseconds. */
async function isOut(word: Board['harts'][number]['parked'], patience = Infinity): Promise<void> {
  const from = performance.now();
  for (let parked = word.load(); parked !== Parked.OUT; parked = word.load()) {
    if (performance.now() - from > patience) return;
    await (word.waitAsync(parked, 100) ?? new Promise((resolve) => setTimeout(resolve, 1)));
  }
}
