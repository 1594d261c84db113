import { expect, test } from 'vitest';
import type { AtomicWord } from '../core/shared/struct.ts';
import { HaltPolling } from './halt-polling.ts';

/** A clock that each look advances by a microsecond, and a word that is set at some time. */
function setUp() {
  let now = 0;
  let wakesAt = Infinity;
  const word = { load: () => Number(now >= wakesAt) } as AtomicWord;
  const polling = new HaltPolling(() => (now += 0.001));
  /** Waits for what comes in so many milliseconds; returns for how many it slept, after those in which it looked. */
  const wait = (milliseconds: number): { slept: number; looked: number } => {
    const from = now;
    wakesAt = from + milliseconds;
    let slept = 0;
    let looked = 0;
    const sleep = (): void => {
      looked = now - from;
      slept = Math.max(0, wakesAt - now);
      now += slept;
    };
    if (polling.wait(word, 1000, sleep)) looked = now - from;
    return { slept, looked };
  };
  return { wait };
}

test('an idle guest sleeps at once', () => {
  const { wait } = setUp();
  for (let i = 0; i < 5; i++) {
    const { slept, looked } = wait(4);
    expect(slept).toBeGreaterThan(3.9);
    expect(looked).toBeLessThan(0.01);
  }
});

test('short sleeps open the window until they are not slept at all, and a long one closes it', () => {
  const { wait } = setUp();
  const sleeps = Array.from({ length: 10 }, () => wait(0.05).slept);
  expect(sleeps[0]).toBeGreaterThan(0);
  expect(sleeps.slice(-4)).toEqual([0, 0, 0, 0]);
  const long = wait(4);
  expect(long.looked).toBeGreaterThan(0.04);
  expect(long.looked).toBeLessThan(0.22);
  expect(wait(4).looked).toBeLessThan(0.01);
});

test('nobody looks longer than until the deadline', () => {
  const polling = new HaltPolling();
  const word = { load: () => 0 } as AtomicWord;
  for (let i = 0; i < 10; i++) polling.wait(word, 1, () => undefined);
  let slept = 0;
  expect(polling.wait(word, 0, () => slept++)).toBe(false);
  expect(slept).toBe(1);
});
