/**
 * Controls one machine for a person: loads what its description names, makes it, tells how it goes, boots it again.
 * A machine is made for one boot (machine.ts); images and disks are kept from one boot to the next.
 */
import { createMemory, layOut } from '../core/shared/memory-map.ts';
import { messageOf } from '../core/shared/message.ts';
import { isGrowable } from '../devices/block/backend.ts';
import type { KnownCodeDatabase } from '../devices/block/indexeddb/known-code.ts';
import type { LoadProgress, MachineControl, MachineListener, MachineSpec, MachineStatus } from './api.ts';
import { DiskMaps } from './disk-maps.ts';
import { FigureSampler } from './figures.ts';
import { KnownCodeKeeper } from './known-code-keeper.ts';
import type { LoadedGuest, Loader, LoadRequest } from './load.ts';
import { Machine, type MachineOptions, type MachineStop } from './machine.ts';
import { closeDisks, openDisks, type OpenDisk } from './open-disks.ts';
import type { ThreadHost } from './threads.ts';

/** Figures are told this often, in milliseconds. */
const FIGURES_INTERVAL = 250;
/** A guest that reboots so many times, each time within so many milliseconds, is stopped. */
const REBOOTS_MAX = 3;
const REBOOT_SOON = 4000;

/** What is kept from one boot to the next. Images are loaded anew: they are large, and the browser's cache has them. */
interface Assembly {
  readonly spec: MachineSpec;
  readonly disks: readonly OpenDisk[];
}

/** Opens the disks; a signal that is aborted ends the wait for those that are in use. */
type OpenDisks = (signal: AbortSignal) => Promise<readonly OpenDisk[]>;

/** Of what a machine is made. */
type MachineParts = Required<Pick<MachineOptions, 'shape' | 'memory' | 'disks' | 'known'>>;

/** What the platform provides. */
export interface MachinePlatform {
  readonly threads: ThreadHost;
  readonly load: Loader;
  /** Where hot code is known from one visit to the next; default: nowhere. */
  readonly knownCode?: KnownCodeDatabase;
}

export class MachineController implements MachineControl {
  readonly #listener: MachineListener;
  readonly #platform: MachinePlatform;
  readonly #knownCode: KnownCodeKeeper;
  #status: MachineStatus = { state: 'off' };
  #loading: AbortController | undefined;
  #assembly: Assembly | undefined;
  #machine: Machine | undefined;
  #figures: ReturnType<typeof setInterval> | undefined;
  readonly #maps = new DiskMaps();
  #size = { columns: 80, rows: 24 };
  #bootedAt = 0;
  #quickReboots = 0;
  /** Tells the figures of the running machine. */
  #sample: () => void = () => undefined;

  constructor(listener: MachineListener, platform: MachinePlatform) {
    this.#listener = listener;
    this.#platform = platform;
    this.#knownCode = new KnownCodeKeeper(platform.knownCode);
  }

  async start(spec: MachineSpec): Promise<void> {
    if (this.#loading !== undefined || this.#machine !== undefined) return;
    this.#size = { ...spec.console };
    this.#quickReboots = 0;
    await this.#boot(spec, (signal) =>
      openDisks(spec.disks, { onLost: (message) => this.#listener.trouble(message), signal }),
    );
  }

  async pause(): Promise<void> {
    if (this.#status.state !== 'running') return;
    const machine = this.#machine;
    await machine?.pause();
    // The guest may have ended meanwhile.
    if (machine !== this.#machine) return;
    this.#sample();
    this.#tell({ state: 'paused' });
  }

  async resume(): Promise<void> {
    if (this.#status.state !== 'paused') return;
    this.#machine?.resume();
    this.#tell({ state: 'running' });
  }

  async reset(): Promise<void> {
    if (this.#machine === undefined) return;
    await this.#stopMachine();
    await this.#bootAgain();
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

  async resizeDisk(id: string, size: number): Promise<void> {
    const disk = this.#assembly?.disks.find((each) => each.id === id);
    if (disk === undefined)
      throw new Error(`The machine has no disk "${id}": start it, or resize the disk in the store.`);
    if (!isGrowable(disk.mapped)) throw new Error(`The disk "${id}" cannot be made larger.`);
    await disk.mapped.grow(size);
    this.#machine?.diskGrew(id);
  }

  async watchDisks(cells: number): Promise<void> {
    this.#maps.watch(cells);
  }

  /** Boots what was stopped once more, with its disks still open. */
  async #bootAgain(): Promise<void> {
    const assembly = this.#assembly;
    if (assembly !== undefined) await this.#boot(assembly.spec, () => Promise.resolve(assembly.disks));
  }

  /** Opens the disks and loads the guest, at the same time, and starts the machine; says so, or why not. */
  async #boot(spec: MachineSpec, open: OpenDisks): Promise<void> {
    const loading = new AbortController();
    this.#loading = loading;
    this.#tell({ state: 'loading' });
    try {
      const shape = { harts: spec.cpus, ramBytes: spec.memorySize, disks: spec.disks.length };
      const memory = createMemory(layOut(shape));
      // By the person, or since there are no disks for it.
      const calledOff = new AbortController();
      loading.signal.addEventListener('abort', () => calledOff.abort(loading.signal.reason));
      const knowing = this.#knownCode.pages();
      const loaded = this.#load({ memory, shape, images: spec }, calledOff.signal);
      // It may fail before the disks are open.
      loaded.catch(() => undefined);
      const disks = await open(calledOff.signal).catch((error: unknown) => {
        calledOff.abort(error);
        throw error;
      });
      this.#assembly = { spec, disks };
      const [guest, known] = await Promise.all([loaded, knowing]);
      loading.signal.throwIfAborted();
      this.#run(this.#make({ shape, memory, disks, known }, guest), disks);
    } catch (error) {
      await this.#letGo();
      if (loading.signal.aborted) return this.#tell({ state: 'off' });
      this.#tell({ state: 'crashed', reason: messageOf(error) });
      throw error;
    } finally {
      this.#loading = undefined;
    }
  }

  async #load({ memory, shape, images }: LoadRequest, signal: AbortSignal): Promise<LoadedGuest> {
    const { kernel, initrd, firmware, cmdline } = images;
    const chosen = { ...(kernel && { kernel }), ...(initrd && { initrd }), firmware, cmdline };
    const onProgress = (progress: LoadProgress): void => this.#listener.progress(progress);
    return this.#platform.load({ memory, shape, images: chosen }, { signal, onProgress });
  }

  #make(parts: MachineParts, guest: LoadedGuest): Machine {
    const machine: Machine = new Machine({
      ...parts,
      threads: this.#platform.threads,
      ...this.#size,
      onOutput: (bytes) => this.#listener.console(bytes),
      onHostError: (error) => this.#listener.trouble(error.message),
      onStop: (stop) => void this.#stopped(machine, stop),
      onLearned: (pages) => this.#knownCode.learn(pages),
    });
    machine.loaded(guest);
    return machine;
  }

  #run(machine: Machine, disks: readonly OpenDisk[]): void {
    this.#machine = machine;
    this.#bootedAt = performance.now();
    machine.start();
    const sampler = new FigureSampler(machine, disks);
    this.#maps.follow(disks);
    this.#sample = () => {
      this.#listener.figures(sampler.sample());
      const updates = this.#maps.take();
      if (updates.length > 0) this.#listener.diskMaps(updates);
    };
    this.#figures = setInterval(() => this.#sample(), FIGURES_INTERVAL);
    this.#tell({ state: 'running' });
  }

  async #stopMachine(): Promise<void> {
    clearInterval(this.#figures);
    const machine = this.#machine;
    this.#machine = undefined;
    await Promise.all([machine?.stop(), this.#knownCode.save()]);
    this.#sample();
    this.#sample = () => undefined;
    this.#maps.follow([]);
  }

  async #stopped(machine: Machine, stop: MachineStop): Promise<void> {
    if (machine !== this.#machine) return;
    await this.#stopMachine();
    // Why it could not boot again, if so, is in the status.
    if (stop.reason === 'reset' && this.#mayReboot()) return this.#bootAgain().catch(() => undefined);
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
    const disks = this.#assembly?.disks ?? [];
    this.#assembly = undefined;
    await closeDisks(disks).catch((error: unknown) => {
      this.#listener.trouble(`A disk was not closed in order: ${messageOf(error)}`);
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
