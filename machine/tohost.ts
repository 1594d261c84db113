/**
 * The `tohost` word of bare-metal test programs, as Spike serves it: 1 ends with 0, another odd value with value >> 1;
 * an even one is a request to a host that is not there, and is cleared.
 */
import type { Board } from './board.ts';
import { endMachine } from './ending.ts';

export class Tohost {
  readonly #board: Board;
  readonly #address: number;

  constructor(board: Board) {
    this.#board = board;
    this.#address = Number(board.control.tohost);
  }

  /** Looks whether the program has written it; called now and then. */
  poll(): void {
    if (this.#address === 0 || !this.#board.ram.contains(this.#address, 8)) return;
    const { ram } = this.#board;
    const value = ram.readU64(this.#address);
    if (value === 0) return;
    if (value % 2 === 0) {
      ram.fill(this.#address, 8, 0);
      return;
    }
    const code = Math.floor(value / 2);
    endMachine(this.#board, code === 0 ? { kind: 'pass' } : { kind: 'fail', code });
  }
}
