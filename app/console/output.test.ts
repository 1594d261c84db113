import { expect, test } from 'vitest';
import { Output } from './output.ts';

/** An output whose frames and drawing are driven by hand. */
function terminal() {
  const frames: (() => void)[] = [];
  const written: { bytes: Uint8Array; drawn: () => void }[] = [];
  const output = new Output(
    (bytes, drawn) => written.push({ bytes, drawn }),
    (run) => frames.push(run),
  );
  return { output, written, frame: () => frames.splice(0).forEach((run) => run()) };
}

test('pieces of one frame are written at once, in order', async () => {
  const { output, written, frame } = terminal();
  for (let i = 0; i < 5; i++) await output.push(Uint8Array.of(i, 10 + i));
  expect(written).toHaveLength(0);
  frame();
  expect(written.map(({ bytes }) => [...bytes])).toEqual([[0, 10, 1, 11, 2, 12, 3, 13, 4, 14]]);
  frame();
  expect(written).toHaveLength(1);
});

test('a guest that floods the terminal waits until it has drawn', async () => {
  const { output, written, frame } = terminal();
  let resumed = false;
  const more = Uint8Array.of(1, 2, 3);
  void output.push(new Uint8Array(2 << 20)).then(() => (resumed = true));
  frame();
  await Promise.resolve();
  void output.push(more);
  frame();
  expect(written).toHaveLength(1);
  expect(resumed).toBe(false);
  written[0].drawn();
  await Promise.resolve();
  frame();
  expect(resumed).toBe(true);
  expect(written[1].bytes).toEqual(more);
});
