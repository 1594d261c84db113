/** What a hart's thread does, whatever the platform calls a thread. */
import type { WakePort } from '../core/shared/doorbell.ts';
import { Board } from './board.ts';
import { runHart, type ReceiveCode } from './hart-loop.ts';
import type { HartInit } from './threads.ts';

/**
 * Runs a hart until its machine stops; blocks. `receiveCode` says how code comes to it; `port` wakes the machine thread
 * where that cannot wait for a word.
 */
export function runHartThread(
  { memory, shape, index, code }: HartInit,
  receiveCode: ReceiveCode,
  port?: WakePort,
): Promise<void> {
  return runHart(new Board(memory, shape, port), index, receiveCode, code);
}
