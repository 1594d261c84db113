import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InputQueue } from './input-queue.ts';

const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i * 7);

test('a guest that reads slowly gets one chunk at a time, and all of it in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 9000 }), { maxLength: 12 }), async (lengths) => {
      const received: number[] = [];
      let under = 0;
      const queue = new InputQueue(async (part) => {
        under += 1;
        expect(under).toBe(1);
        await Promise.resolve();
        received.push(...part);
        under -= 1;
      });
      const all = bytes(lengths.reduce((sum, length) => sum + length, 0));
      let at = 0;
      for (const length of lengths) {
        queue.push(all.subarray(at, (at += length)));
        if (length % 2 === 0) await Promise.resolve();
      }
      while (received.length < all.length) await Promise.resolve();
      expect(received).toEqual([...all]);
    }),
    { numRuns: 50 },
  );
});

test('what was typed to a machine that ended is not typed to the next one', async () => {
  const sent: number[] = [];
  let fail = true;
  const queue = new InputQueue(async (part) => {
    if (fail) throw new Error('off');
    sent.push(part.length);
  });
  queue.push(bytes(5000));
  await new Promise((resolve) => setTimeout(resolve));
  fail = false;
  queue.push(bytes(3));
  await new Promise((resolve) => setTimeout(resolve));
  expect(sent).toEqual([3]);
});
