/** What a hart's thread does, whatever the platform calls a thread. */
import type { WakePort } from '../core/shared/doorbell.ts';
import { Board } from './board.ts';
import { runHart } from './hart-loop.ts';
import type { HartInit } from './threads.ts';

/** Runs a hart until its machine stops; blocks. `port` wakes the machine thread where that cannot wait for a word. */
export function runHartThread({ memory, shape, index, code }: HartInit, port?: WakePort): void {
  runHart(new Board(memory, shape, port), index, code);
}
