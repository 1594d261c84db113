import { expect, test } from 'vitest';
import { Fading } from './fading.ts';

const nothing = (): Uint8Array => new Uint8Array(4);
const activity = { read: Uint8Array.of(1, 0, 0, 0), written: Uint8Array.of(0, 0, 1, 0), discarded: nothing() };

test('what was done fades within 1.2 seconds, and is drawn once more when it is gone', () => {
  const fading = new Fading(4);
  expect(fading.isOver).toBe(true);
  fading.note(activity, 1000);
  const strengths = (now: number): number[] => [0, 1, 2].map((cell) => fading.strength('read', cell, now));
  expect(strengths(1000)).toEqual([1, 0, 0]);
  expect(strengths(1600)).toEqual([0.5, 0, 0]);
  expect(fading.strength('written', 2, 1300)).toBe(0.75);
  expect(fading.take(1600)).toEqual([0, 2]);
  fading.note({ read: nothing(), written: Uint8Array.of(1, 0, 0, 0), discarded: nothing() }, 2000);
  expect(fading.take(2300)).toEqual([0, 2]);
  expect(fading.take(2400)).toEqual([0]);
  expect(fading.strength('read', 0, 2400)).toBe(0);
  expect(fading.isOver).toBe(false);
  expect(fading.take(3300)).toEqual([0]);
  expect(fading.isOver).toBe(true);
});
