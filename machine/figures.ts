/** Figures of a running machine, sampled. */
import type { HartView } from '../core/shared/hart-state.ts';
import type { DiskFigures, MachineFigures } from './api.ts';
import type { Machine } from './machine.ts';
import type { OpenDisk } from './open-disks.ts';

const TICKS_PER_SECOND = 1e7;

export class FigureSampler {
  readonly #machine: Machine;
  readonly #disks: readonly OpenDisk[];
  #instructions = 0;
  #idle = 0;
  #ticks: number;
  #mips = 0;

  constructor(machine: Machine, disks: readonly OpenDisk[]) {
    this.#machine = machine;
    this.#disks = disks;
    this.#ticks = Number(machine.board.clock.ticks());
  }

  /** The figures of now; rates are of the time since the last call. */
  sample(): MachineFigures {
    const { board } = this.#machine;
    const { harts } = board;
    const ticks = Number(board.clock.ticks());
    const sum = (of: (hart: HartView) => number): number => harts.reduce((total, hart) => total + of(hart), 0);
    const instructions = sum((hart) => Number(hart.instret));
    const idle = sum((hart) => Number(hart.statIdle) + presentSleep(hart, ticks));
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

/** Ticks that a hart has slept so far in a sleep that goes on. */
function presentSleep({ sleepingSince }: HartView, now: number): number {
  return sleepingSince === 0n ? 0 : Math.max(0, now - Number(sleepingSince));
}

function diskFigures({ id, backend, requests }: OpenDisk): DiskFigures {
  const { size, chunkSize } = backend.geometry;
  return { id, size, chunkSize, ...backend.usage(), requests: { ...requests } };
}
