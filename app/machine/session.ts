import type {
  LoadProgress,
  MachineControl,
  MachineFigures,
  MachineListener,
  MachineSpec,
  MachineStatus,
} from '../../machine/api.ts';
import { messageOf } from '../../machine/message.ts';
import { ConsoleTail } from './console-tail.ts';
import { DiskMapStore } from './disk-maps.ts';
import type { Host } from './host.ts';
import { InputQueue } from './input-queue.ts';

/** One interval of the figures, for the curves. */
export interface Sample {
  readonly mips: number;
  readonly busy: number;
  readonly allocatedBytes: number;
}

/** A failure that the person was not shown yet, or not yet has dismissed. */
export interface Trouble {
  readonly id: number;
  readonly message: string;
}

/** What the page draws of the machine. Replaced as a whole whenever anything changes. */
export interface SessionState {
  readonly status: MachineStatus;
  /** Why the last call failed, for a person. */
  readonly failure?: string;
  /** One entry for each stage of loading that began, in their order. */
  readonly progress: readonly LoadProgress[];
  readonly figures?: MachineFigures;
  /** The oldest first. */
  readonly samples: readonly Sample[];
  readonly troubles: readonly Trouble[];
  /** What was started last. */
  readonly spec?: MachineSpec;
  /** True since the person typed into the running machine: there may be work to lose. */
  readonly touched: boolean;
}

/** Samples that are kept: a minute of figures. */
const SAMPLES = 240;
const TROUBLES = 5;
/** A guest that is less busy than this is idle; then the page is told of every so many figures, which is once a second. */
const IDLE = 0.02;
const UNTOLD = 4;

/** Where the console's output goes. Resolves when there is room for more. */
export type ConsoleSink = (bytes: Uint8Array) => Promise<void>;

/** One machine and its console, as the page sees them: a store that React subscribes to, and the commands. */
export class Session {
  readonly tail = new ConsoleTail();
  readonly maps = new DiskMapStore();
  readonly #startHost: (onFailure: (message: string) => void) => Host;
  readonly #listeners = new Set<() => void>();
  readonly #input = new InputQueue(async (bytes) => (await this.#machine)?.input(bytes));
  #state: SessionState = { status: { state: 'off' }, progress: [], samples: [], troubles: [], touched: false };
  #host: Host | undefined;
  #machine: Promise<MachineControl> | undefined;
  #sink: ConsoleSink | undefined;
  /** Output that came before there was a terminal. */
  #early: Uint8Array[] = [];
  #troubles = 0;
  /** In how many cells the disks are watched. */
  #cells = 0;
  /** Figures that came since the page was last told. */
  #untold = 0;

  constructor(startHost: (onFailure: (message: string) => void) => Host) {
    this.#startHost = startHost;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly getState = (): SessionState => this.#state;

  /** The machine worker; started when it is first needed, and again after it failed. */
  get host(): Host {
    if (this.#host) return this.#host;
    const host: Host = this.#startHost((reason) => {
      if (this.#host === host) this.#lose(reason);
    });
    return (this.#host = host);
  }

  /** Sends the console's output to a terminal. */
  attach(sink: ConsoleSink | undefined): void {
    this.#sink = sink;
    if (!sink) return;
    for (const bytes of this.#early.splice(0)) void sink(bytes);
  }

  async start(spec: MachineSpec): Promise<void> {
    await this.#attempt(async () => {
      const { state } = this.#state.status;
      const { figures: _, ...rest } = this.#state;
      this.#state = { ...rest, progress: [], samples: [], spec, touched: false };
      this.maps.clear();
      this.#set({ status: { state: 'loading' } });
      const machine = await this.#control();
      if (state === 'halted' || state === 'crashed') await machine.powerOff();
      await machine.start(spec);
    });
  }

  /** Makes the machine worker ready, so that the start has not to wait for it. */
  async prepare(): Promise<void> {
    await this.#control().catch(() => undefined);
  }

  async pause(): Promise<void> {
    await this.#attempt(async () => (await this.#machine)?.pause());
  }

  async resume(): Promise<void> {
    await this.#attempt(async () => (await this.#machine)?.resume());
  }

  async reset(): Promise<void> {
    this.#input.clear();
    this.#set({ touched: false });
    await this.#attempt(async () => (await this.#machine)?.reset());
  }

  async powerOff(): Promise<void> {
    this.#input.clear();
    this.#set({ touched: false });
    await this.#attempt(async () => (await this.#machine)?.powerOff());
  }

  /** Types into the console, after all that was typed before. Nothing happens while no machine runs. */
  type(bytes: Uint8Array): void {
    const { state } = this.#state.status;
    if (state !== 'running' && state !== 'paused') return;
    if (!this.#state.touched) this.#set({ touched: true });
    this.#input.push(bytes);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#machine?.then((machine) => machine.resize(columns, rows)).catch(() => undefined);
  }

  /** Makes a disk of the running machine larger. Rejects with an `Error` whose message is for a person. */
  async resizeDisk(id: string, size: number): Promise<void> {
    await (await this.#machine)?.resizeDisk(id, size);
  }

  /** Has the maps of the machine's disks told, in at most so many cells each; 0: none. It holds for all machines to come. */
  async watchDisks(cells: number): Promise<void> {
    if (cells === this.#cells) return;
    this.#cells = cells;
    await this.#machine?.then((machine) => machine.watchDisks(cells)).catch(() => undefined);
  }

  /** Forgets why the last call failed: it was mended. */
  forgive(): void {
    const { failure: _, ...rest } = this.#state;
    this.#state = rest;
    this.#set({});
  }

  /** Shows a failure that is none of the guest's, once. */
  report(message: string): void {
    if (this.#state.troubles.some((trouble) => trouble.message === message)) return;
    const trouble = { id: ++this.#troubles, message };
    this.#set({ troubles: [...this.#state.troubles, trouble].slice(-TROUBLES) });
  }

  dismiss(id: number): void {
    this.#set({ troubles: this.#state.troubles.filter((trouble) => trouble.id !== id) });
  }

  #set(change: Partial<SessionState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }

  async #attempt(call: () => Promise<void>): Promise<void> {
    const { failure: _, ...rest } = this.#state;
    this.#state = rest;
    try {
      await call();
    } catch (error) {
      const failure = messageOf(error);
      const { status } = this.#state;
      // A machine that never ran has not crashed.
      const never = status.state === 'loading' || (status.state === 'crashed' && status.reason === failure);
      this.#set({ failure, ...(never && { status: { state: 'off' } }) });
    }
  }

  #control(): Promise<MachineControl> {
    this.#machine ??= this.#make().catch((error: unknown) => {
      this.#machine = undefined;
      throw error;
    });
    return this.#machine;
  }

  async #make(): Promise<MachineControl> {
    const machine = await this.host.createMachine(this.#listen());
    if (this.#cells > 0) await machine.watchDisks(this.#cells);
    return machine;
  }

  /** The worker is gone, and the machine with it. */
  #lose(reason: string): void {
    this.#host = undefined;
    this.#machine = undefined;
    this.#input.clear();
    this.#set({ status: { state: 'crashed', reason }, touched: false });
  }

  #listen(): MachineListener {
    const { host } = this;
    const current = (): boolean => this.#host === host;
    return {
      status: (status) => {
        if (!current()) return;
        if (status.state !== 'running' && status.state !== 'paused') this.#input.clear();
        // The call that failed has said so already.
        if (status.state === 'crashed' && status.reason === this.#state.failure) return;
        this.#set({ status });
      },
      progress: (progress) => {
        if (!current()) return;
        const others = this.#state.progress.filter(({ stage }) => stage !== progress.stage);
        const at = this.#state.progress.findIndex(({ stage }) => stage === progress.stage);
        this.#set({ progress: at < 0 ? [...others, progress] : others.toSpliced(at, 0, progress) });
      },
      console: (bytes) => {
        if (!current()) return undefined;
        this.tail.push(bytes);
        if (this.#sink) return this.#sink(bytes);
        this.#early.push(bytes);
        return undefined;
      },
      figures: (figures) => {
        if (!current()) return;
        const allocatedBytes = figures.disks.reduce((sum, disk) => sum + disk.allocatedBytes, 0);
        const sample = { mips: figures.mips, busy: figures.busy, allocatedBytes };
        const samples = [...this.#state.samples, sample].slice(-SAMPLES);
        const before = this.#state;
        this.#state = { ...before, figures, samples };
        // Of an idle guest's figures little changes.
        const isSame = allocatedBytes === before.samples.at(-1)?.allocatedBytes;
        const isQuiet = isSame && figures.busy < IDLE && figures.memoryTouched === before.figures?.memoryTouched;
        if (isQuiet && ++this.#untold < UNTOLD) return;
        this.#untold = 0;
        this.#set({});
      },
      diskMaps: (updates) => {
        if (current()) this.maps.update(updates);
      },
      trouble: (message) => {
        if (current()) this.report(message);
      },
    };
  }
}
