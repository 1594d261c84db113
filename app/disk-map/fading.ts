import type { DiskAction, DiskActivity } from '../../machine/api.ts';

/** In milliseconds. */
const FADES_IN = 1200;

export const actions = ['read', 'written', 'discarded'] as const satisfies readonly DiskAction[];

/** What was done to cells a moment ago. Times are in milliseconds, of any clock. */
export class Fading {
  readonly #done: Readonly<Record<DiskAction, Float64Array>>;
  /** Cells that have not faded yet. */
  readonly #fresh = new Set<number>();

  constructor(cells: number) {
    const never = (): Float64Array => new Float64Array(cells).fill(-Infinity);
    this.#done = { read: never(), written: never(), discarded: never() };
  }

  note(activity: DiskActivity, now: number): void {
    for (const action of actions) {
      const marks = activity[action];
      const done = this.#done[action];
      for (let cell = 0; cell < marks.length; cell++) {
        if (marks[cell] === 0) continue;
        done[cell] = now;
        this.#fresh.add(cell);
      }
    }
  }

  /** How strongly an action is to be seen in a cell, from 1 down to 0. */
  strength(action: DiskAction, cell: number, now: number): number {
    return Math.max(0, Math.min(1, 1 - (now - this.#done[action][cell]) / FADES_IN));
  }

  /** The cells in which something is to be seen, or has just ceased to be. */
  take(now: number): number[] {
    const cells = [...this.#fresh];
    for (const cell of cells) {
      if (actions.every((action) => this.strength(action, cell, now) === 0)) this.#fresh.delete(cell);
    }
    return cells;
  }

  get isOver(): boolean {
    return this.#fresh.size === 0;
  }
}
