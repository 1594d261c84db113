import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompileQueue, requestCompilation, takeRequests, type CompileRequest } from './compile-queue.ts';
import { atomicWord, type AtomicWord } from './struct.ts';

/** An empty queue whose counters stand at `counter`, and the compiler's bell. */
function queue(counter = 0) {
  const buffer = new SharedArrayBuffer(CompileQueue.size + 8);
  const view = CompileQueue.view(buffer, 0);
  view.head.store(counter);
  view.tail.store(counter);
  const bell: AtomicWord = atomicWord(buffer, CompileQueue.size);
  const ask = (page: number): void => requestCompilation(view, bell, request(page));
  const take = (most = 1000): number[] => takeRequests(view, most).map(({ page }) => page);
  return { view, bell, ask, take };
}

const request = (page: number): CompileRequest => ({ page, version: page + 1, offset: page * 2, entries: page * 16 });
const LARGE = 0x7fff_0000;

/** How many requests are kept. */
function capacity(): number {
  const { ask, take } = queue();
  for (let page = 0; page < 5000; page++) ask(page);
  return take(5000).length;
}

describe('the queue of places to compile', () => {
  test('passes on all of a request', () => {
    const { view, bell } = queue();
    const most = { page: 0xf_ffff, version: 0xffff_ffff, offset: 4094, entries: 0xffff_fff0 };
    requestCompilation(view, bell, most);
    requestCompilation(view, bell, request(3));
    expect(takeRequests(view, 10)).toEqual([most, request(3)]);
    expect(takeRequests(view, 10)).toEqual([]);
  });

  test('rings the bell for each that it keeps', () => {
    const { bell, ask } = queue();
    const room = capacity();
    for (let page = 0; page < room + 10; page++) ask(page);
    expect(bell.load()).toBe(room);
  });

  test('gives the oldest first, so many at once', () => {
    const { ask, take } = queue();
    [1, 2, 3, 4, 5].forEach(ask);
    expect(take(2)).toEqual([1, 2]);
    ask(6);
    expect(take(3)).toEqual([3, 4, 5]);
    expect(take(3)).toEqual([6]);
  });

  test('forgets what does not fit, and takes more once there is room', () => {
    const { ask, take } = queue();
    const room = capacity();
    expect(room).toBeGreaterThan(16);
    for (let page = 0; page < room + 5; page++) ask(page);
    expect(take(1)).toEqual([0]);
    ask(9999);
    ask(10_000);
    expect(take()).toEqual([...Array.from({ length: room - 1 }, (_, i) => i + 1), 9999]);
  });

  test.each([0, LARGE, 0x7fff_fff0, 0xffff_fff0])(
    'loses none that it kept, wherever its counters stand: %i',
    (counter) => {
      const room = capacity();
      const steps = fc.array(fc.record({ asks: fc.nat(room), takes: fc.nat(room) }), { maxLength: 12 });
      fc.assert(
        fc.property(steps, (all) => {
          const { ask, take } = queue(counter);
          const waiting: number[] = [];
          let page = 0;
          for (const { asks, takes } of all) {
            for (let i = 0; i < asks; i++) {
              if (waiting.length < room) waiting.push(page);
              ask(page++);
            }
            expect(take(takes)).toEqual(waiting.splice(0, takes));
          }
          expect(take()).toEqual(waiting);
        }),
        { seed: 7, numRuns: 50 },
      );
    },
  );
});
