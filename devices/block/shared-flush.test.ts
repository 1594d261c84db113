import { expect, test } from 'vitest';
import { BlockError } from './backend.ts';
import { MemoryBackend } from './memory.ts';
import { SharedFlush } from './shared-flush.ts';

/** Flushes that end when they are told to. */
function heldFlushes() {
  const backend = new MemoryBackend({ size: 512 });
  const ends: { readonly resolve: () => void; readonly reject: (error: BlockError) => void }[] = [];
  backend.flush = () => new Promise((resolve, reject) => ends.push({ resolve, reject }));
  const flushes = new SharedFlush(() => backend.flush());
  const settled: string[] = [];
  const flush = (name: string): void =>
    void flushes.flush().then(
      () => settled.push(name),
      (error: BlockError) => settled.push(`${name}: ${error.reason}`),
    );
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
  return { flushes, ends, flush, settled, turn };
}

test('whoever asks while a flush is under way waits for the one behind it', async () => {
  const { ends, flush, settled, turn } = heldFlushes();
  for (const name of ['a', 'b', 'c']) flush(name);
  await turn();
  expect(ends).toHaveLength(1);
  ends[0].resolve();
  await turn();
  expect(settled).toEqual(['a']);
  expect(ends).toHaveLength(2);
  flush('d');
  ends[1].resolve();
  await turn();
  expect(settled).toEqual(['a', 'b', 'c']);
  ends[2].resolve();
  await turn();
  expect(settled).toEqual(['a', 'b', 'c', 'd']);
  flush('e');
  expect(ends).toHaveLength(4);
});

test('a failure is of those who shared the flush', async () => {
  const { ends, flush, settled, turn } = heldFlushes();
  for (const name of ['a', 'b', 'c']) flush(name);
  ends[0].reject(new BlockError('quota', 'There is no room.'));
  await turn();
  ends[1].resolve();
  await turn();
  expect(settled).toEqual(['a: quota', 'b', 'c']);
});

test('who waits for all waits for those that follow, and for those that fail', async () => {
  const { flushes, ends, flush, settled, turn } = heldFlushes();
  await flushes.idle();
  for (const name of ['a', 'b']) flush(name);
  void flushes.idle().then(() => settled.push('idle'));
  ends[0].reject(new BlockError('quota', 'There is no room.'));
  await turn();
  expect(settled).toEqual(['a: quota']);
  ends[1].resolve();
  await turn();
  expect(settled).toEqual(['a: quota', 'b', 'idle']);
});
