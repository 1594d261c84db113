/**
 * One run: boots a machine, boots it again when the guest asks for that, and ends it when the guest or someone else
 * does. Disks and files stay from one boot to the next.
 */
import type { CountedDisk } from '../../machine/disks.node.ts';
import { Machine, type MachineDisk, type MachineStop } from '../../machine/machine.ts';
import { nodeThreads } from '../../machine/threads.node.ts';
import { outcomeOf, Status, type Outcome } from './outcome.ts';

/** What {@link Machine.load} is given. */
type Guest = Parameters<Machine['load']>[0];

export interface RunnerOptions {
  readonly guest: Guest;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly disks: readonly (MachineDisk & Partial<Pick<CountedDisk, 'onGrown'>>)[];
  readonly columns: number;
  readonly rows: number;
  /** Whether the machine is started again when the guest reboots. */
  readonly reboot: boolean;
  readonly onOutput: (bytes: Uint8Array) => void;
  /** A line for a person, about what went wrong on the host. */
  readonly warn: (line: string) => void;
  /** A line about what the guest does wrong. */
  readonly log: (line: string) => void;
}

/** Figures of one boot, read from the machine's memory when it has stopped. */
export type Harts = Machine['board']['harts'];

/** A guest that reboots so many times, each time within so many milliseconds, is ended. */
const REBOOTS_MAX = 3;
const REBOOT_SOON = 4000;

export class Runner {
  readonly #options: RunnerOptions;
  readonly #ended: Promise<Outcome>;
  #end: (outcome: Outcome) => void = () => undefined;
  #machine: Machine | undefined;
  #columns: number;
  #rows: number;
  #bootedAt = 0;
  #quickReboots = 0;
  /** The harts of all boots. */
  readonly boots: Harts[] = [];

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#columns = options.columns;
    this.#rows = options.rows;
    this.#ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** Boots, and resolves when all is over and the machine has stopped. Throws BootError. */
  async run(): Promise<Outcome> {
    this.#boot();
    for (const { id, onGrown } of this.#options.disks) onGrown?.(() => this.#machine?.diskGrew(id));
    const outcome = await this.#ended;
    const machine = this.#machine;
    this.#machine = undefined;
    await machine?.stop();
    return outcome;
  }

  /** Ends the run from outside. */
  end(outcome: Outcome): void {
    this.#end(outcome);
  }

  /** Types into the console; resolves when the guest's queue has taken all of it. */
  async input(bytes: Uint8Array): Promise<void> {
    await this.#machine?.terminal.input(bytes);
  }

  resize(columns: number, rows: number): void {
    this.#columns = columns;
    this.#rows = rows;
    this.#machine?.terminal.resize(columns, rows);
  }

  async pause(): Promise<void> {
    await this.#machine?.pause();
  }

  resume(): void {
    this.#machine?.resume();
  }

  #boot(): void {
    const { guest, cpus, memory, disks, onOutput, warn, log } = this.#options;
    const machine = new Machine({
      shape: { harts: cpus, ramBytes: memory, disks: disks.length },
      disks,
      threads: nodeThreads,
      columns: this.#columns,
      rows: this.#rows,
      onOutput,
      onHostError: (error) => warn(error.message),
      onStop: (stop) => this.#stopped(stop),
      log,
    });
    machine.load(guest);
    this.#machine = machine;
    this.boots.push(machine.board.harts);
    this.#bootedAt = performance.now();
    machine.start();
  }

  #stopped(stop: MachineStop): void {
    if (stop.reason !== 'reset' || !this.#options.reboot) return this.#end(outcomeOf(stop));
    this.#quickReboots = performance.now() - this.#bootedAt < REBOOT_SOON ? this.#quickReboots + 1 : 0;
    if (this.#quickReboots > REBOOTS_MAX) {
      const message = 'the guest reboots again and again: read its last lines; --no-reboot ends it after the first';
      return this.#end({ reason: 'reset', status: Status.CRASHED, message });
    }
    try {
      this.#boot();
    } catch (error) {
      this.#end({ reason: 'crashed', status: Status.FAILED, message: (error as Error).message });
    }
  }
}
