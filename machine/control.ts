/**
 * Controls one machine for a person: loads what its description names, makes it, tells how it goes, boots it again.
 * A machine is made for one boot (machine.ts); images and disks are kept from one boot to the next.
 */
import type { ImageSource, LoadProgress, MachineControl, MachineListener, MachineSpec, MachineStatus } from './api.ts';
import { loadImage } from './images.ts';
import { FigureSampler } from './figures.ts';
import { Machine, type MachineDisk, type MachineStop } from './machine.ts';
import { closeDisks, openDisks } from './open-disks.ts';
import type { ThreadHost } from './threads.ts';

/** Figures are told this often, in milliseconds. */
const FIGURES_INTERVAL = 250;
/** A guest that reboots so many times, each time within so many milliseconds, is stopped. */
const REBOOTS_MAX = 3;
const REBOOT_SOON = 4000;

interface Loaded {
  readonly spec: MachineSpec;
  readonly kernel: Uint8Array | undefined;
  readonly initrd: Uint8Array | undefined;
  readonly firmware: 'sbi' | 'none' | Uint8Array;
  readonly disks: readonly MachineDisk[];
}

export class MachineController implements MachineControl {
  readonly #listener: MachineListener;
  readonly #threads: ThreadHost;
  #status: MachineStatus = { state: 'off' };
  #loading: AbortController | undefined;
  #loaded: Loaded | undefined;
  #machine: Machine | undefined;
  #figures: ReturnType<typeof setInterval> | undefined;
  #size = { columns: 80, rows: 24 };
  #bootedAt = 0;
  #quickReboots = 0;

  constructor(listener: MachineListener, threads: ThreadHost) {
    this.#listener = listener;
    this.#threads = threads;
  }

  async start(spec: MachineSpec): Promise<void> {
    if (this.#loading !== undefined || this.#machine !== undefined) return;
    const loading = new AbortController();
    this.#loading = loading;
    this.#tell({ state: 'loading' });
    try {
      this.#size = { ...spec.console };
      this.#loaded = await this.#load(spec, loading.signal);
      loading.signal.throwIfAborted();
      this.#quickReboots = 0;
      this.#boot(this.#loaded);
    } catch (error) {
      await this.#letGo();
      if (loading.signal.aborted) return this.#tell({ state: 'off' });
      const reason = error instanceof Error ? error.message : String(error);
      this.#tell({ state: 'crashed', reason });
      throw error;
    } finally {
      this.#loading = undefined;
    }
  }

  async pause(): Promise<void> {
    if (this.#status.state !== 'running') return;
    await this.#machine?.pause();
    this.#sample();
    this.#tell({ state: 'paused' });
  }

  async resume(): Promise<void> {
    if (this.#status.state !== 'paused') return;
    this.#machine?.resume();
    this.#tell({ state: 'running' });
  }

  async reset(): Promise<void> {
    const loaded = this.#loaded;
    if (loaded === undefined || this.#machine === undefined) return;
    await this.#stopMachine();
    this.#boot(loaded);
  }

  async powerOff(): Promise<void> {
    this.#loading?.abort();
    if (this.#machine === undefined) return;
    await this.#stopMachine();
    await this.#letGo();
    this.#tell({ state: 'off' });
  }

  async input(bytes: Uint8Array): Promise<void> {
    await this.#machine?.terminal.input(bytes);
  }

  async resize(columns: number, rows: number): Promise<void> {
    this.#size = { columns, rows };
    this.#machine?.terminal.resize(columns, rows);
  }

  async #load(spec: MachineSpec, signal: AbortSignal): Promise<Loaded> {
    const image = (source: ImageSource | undefined, stage: LoadProgress['stage']): Promise<Uint8Array | undefined> =>
      source === undefined
        ? Promise.resolve(undefined)
        : loadImage(source, { signal, onProgress: (done, total) => this.#listener.progress({ stage, done, total }) });
    const { firmware } = spec;
    const disks = openDisks(spec.disks);
    try {
      const [kernel, initrd, firmwareBytes] = await Promise.all([
        image(spec.kernel, 'kernel'),
        image(spec.initrd, 'initrd'),
        typeof firmware === 'string' ? firmware : image(firmware, 'kernel'),
      ]);
      return { spec, kernel, initrd, firmware: firmwareBytes ?? 'sbi', disks: await disks };
    } catch (error) {
      // The disks are let go of even if the images fail first; their own failure is then of no interest.
      await disks.then(closeDisks).catch(() => undefined);
      throw error;
    }
  }

  #boot({ spec, kernel, initrd, firmware, disks }: Loaded): void {
    const machine = new Machine({
      shape: { harts: spec.cpus, ramBytes: spec.memorySize, disks: disks.length },
      disks,
      threads: this.#threads,
      ...this.#size,
      onOutput: (bytes) => this.#listener.console(bytes),
      onHostError: (error) => this.#listener.trouble(error.message),
      onStop: (stop) => void this.#stopped(machine, stop),
    });
    machine.load({
      ...(kernel !== undefined && { kernel }),
      ...(initrd !== undefined && { initrd }),
      cmdline: spec.cmdline,
      firmware,
    });
    this.#machine = machine;
    this.#bootedAt = performance.now();
    machine.start();
    const sampler = new FigureSampler(machine, disks);
    this.#sample = () => this.#listener.figures(sampler.sample());
    this.#figures = setInterval(() => this.#sample(), FIGURES_INTERVAL);
    this.#tell({ state: 'running' });
  }

  #sample: () => void = () => undefined;

  async #stopMachine(): Promise<void> {
    clearInterval(this.#figures);
    const machine = this.#machine;
    this.#machine = undefined;
    await machine?.stop();
    this.#sample();
    this.#sample = () => undefined;
  }

  async #stopped(machine: Machine, stop: MachineStop): Promise<void> {
    if (machine !== this.#machine) return;
    await this.#stopMachine();
    if (stop.reason === 'reset' && this.#loaded !== undefined && this.#mayReboot()) return this.#boot(this.#loaded);
    await this.#letGo();
    this.#tell(finalStatus(stop));
  }

  /** False for a guest that does nothing but reboot. */
  #mayReboot(): boolean {
    const soon = performance.now() - this.#bootedAt < REBOOT_SOON;
    this.#quickReboots = soon ? this.#quickReboots + 1 : 0;
    return this.#quickReboots < REBOOTS_MAX;
  }

  /** Writes the disks' buffers and closes them. */
  async #letGo(): Promise<void> {
    const disks = this.#loaded?.disks ?? [];
    this.#loaded = undefined;
    await closeDisks(disks).catch((error: unknown) => {
      this.#listener.trouble(
        `A disk was not closed in order: ${error instanceof Error ? error.message : String(error)}`,
      );
    });
  }

  #tell(status: MachineStatus): void {
    this.#status = status;
    this.#listener.status(status);
  }
}

function finalStatus(stop: MachineStop): MachineStatus {
  switch (stop.reason) {
    case 'power-off':
      return { state: 'halted', reason: 'The guest powered off.', exitCode: 0 };
    case 'failed':
      return { state: 'halted', reason: `The guest ended with code ${stop.code}.`, exitCode: stop.code };
    case 'reset':
      return {
        state: 'crashed',
        reason: 'The guest reboots again and again: read its last lines, then change what it starts with.',
      };
    case 'crashed':
      return { state: 'crashed', reason: stop.message ?? 'The machine cannot go on.' };
  }
}
