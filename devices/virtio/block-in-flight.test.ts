import { expect, test } from 'vitest';
import { InFlight } from './block-in-flight.ts';

const MIB = 2 ** 20;

/** Queues with requests of so many bytes that wait, as the engine would serve them. */
function served(waiting: readonly number[][]) {
  const taken: string[] = [];
  const serve = (queue: number): void => {
    while (inFlight.admits(queue)) {
      const bytes = waiting[queue].shift();
      if (bytes === undefined) return;
      inFlight.enter(queue, bytes);
      taken.push(`${queue}: ${bytes / MIB}`);
    }
  };
  const inFlight: InFlight = new InFlight(waiting.length, serve);
  /** A request ends; the engine looks at its queue first. */
  const end = (queue: number, bytes: number): string[] => {
    inFlight.leave(queue, bytes);
    serve(queue);
    inFlight.goOn();
    return taken.splice(0);
  };
  return { inFlight, serve, end, taken };
}

test('one queue alone has what there is', () => {
  const { serve, end, taken } = served([[32, 32, 1, 1].map((size) => size * MIB)]);
  serve(0);
  expect(taken.splice(0)).toEqual(['0: 32', '0: 32']);
  expect(end(0, 32 * MIB)).toEqual(['0: 1', '0: 1']);
});

test('bytes that come free are taken in turns, also by a queue that comes later', () => {
  const { serve, end, taken } = served([[64, 1, 1, 1], [1, 1], [1]].map((sizes) => sizes.map((size) => size * MIB)));
  for (const queue of [0, 2, 1]) serve(queue);
  expect(taken.splice(0)).toEqual(['0: 64']);
  expect(end(0, 64 * MIB)).toEqual(['0: 1', '2: 1', '1: 1', '0: 1', '1: 1', '0: 1']);
});

test('a queue that has nothing when its turn comes holds up nobody', () => {
  const waiting = [[64 * MIB, 64 * MIB], [64 * MIB], [MIB]];
  const { serve, end, taken } = served(waiting);
  for (const queue of [0, 1, 2]) serve(queue);
  waiting[0].length = 0;
  waiting[1].length = 0;
  expect(taken.splice(0)).toEqual(['0: 64']);
  expect(end(0, 64 * MIB)).toEqual(['2: 1']);
});

test('requests without bytes are counted too', () => {
  const { serve, end, taken } = served([Array.from({ length: 70 }, () => 0)]);
  serve(0);
  expect(taken.splice(0)).toHaveLength(64);
  expect(end(0, 0)).toHaveLength(1);
});
