/** The protocols of shared words, between two threads: the lock, the ring of bytes, revocation. */
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { Attention } from './hart-state.ts';
import { getAttention } from './interrupts.ts';
import { requestAll } from './revoke.ts';
import { askEachOther, consume, count, meet, sharedBytes, sharedView, type SharedView } from './testing/parts.ts';
import type { Part } from './testing/partner.ts';

const workers: Worker[] = [];
afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.terminate())));

/** Starts the other thread, and returns when both can begin. */
function begin(name: Part['name'], rounds: number): SharedView {
  const buffer = new SharedArrayBuffer(sharedBytes);
  const workerData: Part = { name, buffer, rounds };
  workers.push(new Worker(new URL('./testing/partner.worker.mjs', import.meta.url), { workerData }));
  const shared = sharedView(buffer);
  meet(shared);
  return shared;
}

/** Waits for the other thread to have played its part. */
function end(shared: SharedView): void {
  for (let waits = 0; shared.done.load() === 0; waits++) {
    if (waits > 300) throw new Error('the other thread does not come to its end');
    shared.done.wait(0, 100);
  }
}

describe('two threads', () => {
  test('exclude each other by the lock', () => {
    const rounds = 100_000;
    const shared = begin('count', rounds);
    count(shared, rounds);
    end(shared);
    expect(shared.counter).toBe(2 * rounds);
    expect(shared.lock.load()).toBe(0);
  });

  test('pass bytes through a ring that is smaller than what they say', () => {
    const bytes = 50_000;
    const shared = begin('produce', bytes);
    expect(consume(shared, bytes)).toBe(0);
    end(shared);
  });

  test('a hart that was told to forget does not write until it is allowed again, parked or not', () => {
    const shared = begin('hart', 0);
    const hart = shared.harts[1];
    let [wrote, late] = [0, 0];
    for (let round = 0; round < 300; round++) {
      const before = shared.written.load();
      shared.granted.store(1);
      // Sleeps on a word that nobody changes, to let the hart come as far as writing.
      for (let looks = 0; looks < 200 && shared.written.load() === before; looks++) shared.ready.wait(2, 0.1);
      shared.granted.store(0);
      requestAll([hart], 1, () => undefined);
      const after = shared.written.load();
      if (after !== before) wrote++;
      for (let looks = 0; looks < 1000; looks++) if (shared.written.load() !== after) late++;
    }
    getAttention(hart, Attention.STOP);
    end(shared);
    expect(late).toBe(0);
    expect(wrote).toBeGreaterThan(100);
  });

  test('harts that ask each other at the same time both get their answer', () => {
    const rounds = 20_000;
    const shared = begin('ask', rounds);
    askEachOther(shared.harts[0], shared.harts[1], rounds);
    end(shared);
    expect(shared.harts.map((hart) => hart.requested.load())).toEqual([rounds, rounds]);
  });
});
