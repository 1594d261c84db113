import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { controlView } from '../../core/shared/memory-map.ts';
import { virtioEntropyType } from './entropy.ts';
import type { VirtioModel, VirtioRequest } from './model.ts';
import { FakeBoard } from './testing/fake-board.ts';
import type { Outcome, ResettingHart } from './testing/resetting-hart.ts';

/** Answers each request some turns of the event loop later. */
class Late implements VirtioModel {
  readonly features = [];
  readonly #waiting: VirtioRequest[] = [];

  initialConfig = (): Uint8Array => new Uint8Array(0);
  attach = (): void => undefined;
  ready = (): boolean => true;
  handle(_queue: number, request: VirtioRequest): void {
    this.#waiting.push(request);
  }
  answerOne(): void {
    const request = this.#waiting.shift();
    request?.complete((writer) => writer.write(new Uint8Array(request.writable).fill(0x5a)));
  }
}

test('once a reset has returned to a hart, nothing old touches the guest', async () => {
  const board = new FakeBoard('mmio', virtioEntropyType, () => new Late());
  const { doorbell } = controlView(board.memory, board.map);
  const data: ResettingHart = { memory: board.memory, map: board.map, rounds: 1000 };
  const hart = new Worker(new URL('./testing/resetting-hart.worker.mjs', import.meta.url), { workerData: data });
  let outcome: Outcome | undefined;
  let failure: Error | undefined;
  hart.on('message', (message: Outcome) => (outcome = message));
  hart.on('error', (error: Error) => (failure = error));
  while (outcome === undefined && failure === undefined) {
    if (doorbell.exchange(0) !== 0) board.device.serve();
    board.model.answerOne();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await hart.terminate();
  expect(failure).toBeUndefined();
  expect(outcome?.violations).toBe(0);
  // The race was there: some were answered in time, and some were not.
  expect(outcome?.completed).toBeGreaterThan(100);
  expect(outcome?.completed).toBeLessThan(data.rounds * 16);
});
