import { expect, test } from 'vitest';
import { Buffers } from './buffers.ts';

const MIB = 2 ** 20;

test('a buffer that was given back is used again, by whoever needs one of about its size', () => {
  const buffers = new Buffers();
  const first = buffers.take(5000);
  expect(first.length).toBe(5000);
  expect(buffers.take(5000).buffer).not.toBe(first.buffer);
  buffers.giveBack(first);
  expect(buffers.take(4096).buffer).not.toBe(first.buffer);
  const again = buffers.take(8192);
  expect(again.buffer).toBe(first.buffer);
  expect(again.length).toBe(8192);
  expect(buffers.take(8192).buffer).not.toBe(first.buffer);
});

test('no more than 8 MiB are kept', () => {
  const buffers = new Buffers();
  const taken = Array.from({ length: 12 }, () => buffers.take(MIB));
  for (const bytes of taken) buffers.giveBack(bytes);
  const before = new Set(taken.map(({ buffer }) => buffer));
  const again = Array.from({ length: 12 }, () => buffers.take(MIB));
  expect(again.filter(({ buffer }) => before.has(buffer)).length).toBe(8);
  const large = buffers.take(100 * MIB);
  expect(large.length).toBe(100 * MIB);
  buffers.giveBack(large);
  expect(buffers.take(100 * MIB).buffer).not.toBe(large.buffer);
});
