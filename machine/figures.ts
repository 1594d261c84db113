/** Figures of a running machine, sampled. */
import type { DiskFigures, MachineFigures } from './api.ts';
import type { Machine, MachineDisk } from './machine.ts';

const TICKS_PER_SECOND = 1e7;

export class FigureSampler {
  readonly #machine: Machine;
  readonly #disks: readonly MachineDisk[];
  #instructions = 0;
  #idle = 0;
  #ticks: number;
  #mips = 0;

  constructor(machine: Machine, disks: readonly MachineDisk[]) {
    this.#machine = machine;
    this.#disks = disks;
    this.#ticks = Number(machine.board.clock.ticks());
  }

  /** The figures of now; rates are of the time since the last call. */
  sample(): MachineFigures {
    const { board } = this.#machine;
    const { harts } = board;
    const sum = (field: 'instret' | 'statIdle'): number =>
      harts.reduce((total, hart) => total + Number(hart[field]), 0);
    const [instructions, idle, ticks] = [sum('instret'), sum('statIdle'), Number(board.clock.ticks())];
    const elapsed = Math.max(1, ticks - this.#ticks);
    const ran = Math.max(0, elapsed * harts.length - (idle - this.#idle));
    // A rate of a moment's work says nothing: the last one stands until the guest works again.
    if (ran > elapsed / 50) this.#mips = (instructions - this.#instructions) / (ran / TICKS_PER_SECOND) / 1e6;
    this.#instructions = instructions;
    this.#idle = idle;
    this.#ticks = ticks;
    return {
      instructions,
      mips: this.#mips,
      busy: Math.min(1, ran / elapsed / harts.length),
      memorySize: board.ram.size,
      memoryTouched: board.ram.touched(),
      disks: this.#disks.map(diskFigures),
    };
  }
}

function diskFigures({ id, backend }: MachineDisk): DiskFigures {
  const { size, chunkSize } = backend.geometry;
  return { id, size, chunkSize, ...backend.usage() };
}
