/** Two harts that run compiled code which one of them rewrites. */
import { expect, test } from 'vitest';
import { rewriteHot, storeAndCall } from '../guest/programs/hot-code.ts';
import type { Amount } from '../guest/programs/runtime.ts';
import { run, type Run } from './testing/run.ts';

/** How much more than usual is done: `npm run soak` sets it. */
const MORE = Number(process.env['TABHYVE_SOAK'] ?? 1);
const PASSED = { reason: 'power-off', code: 0 };
const patience = 30_000 * MORE;
const amount = (rounds: number): Amount => ({ rounds, ticks: 5e7 * MORE });
const FEW = 3;
/** So often that the function is hot again, and the rest of the round runs what was compiled of it. */
const CALLS = 400_000;

/** Part of all instructions that compiled code executed, of each hart. */
const compiledPart = ({ machine }: Run): number[] =>
  machine.board.harts.map(({ statCompiled, instret }) => Number(statCompiled) / Number(instret));

test('hot code that one hart rewrites is the new code on both after FENCE.I', async () => {
  const ended = await run(rewriteHot(amount(50 * MORE), CALLS), { patience });
  expect(ended.stop).toEqual(PASSED);
  expect(ended.word('rounds')).toBeGreaterThan(FEW);
  for (const part of compiledPart(ended)) expect(part).toBeGreaterThan(0.1);
});

test('code that one hart stores while the other one calls it is never older than what is said to be stored', async () => {
  const ended = await run(storeAndCall(amount(50 * MORE), 500), { patience });
  expect(ended.stop).toEqual(PASSED);
  expect(ended.word('rounds')).toBeGreaterThan(FEW);
  expect(ended.word('raced')).toBeGreaterThan(FEW);
});

test('hot code that is known from an earlier run is compiled by that, and rewritten all the same', async () => {
  const first = await run(rewriteHot(amount(50 * MORE), CALLS), { patience });
  expect(first.learned.length).toBeGreaterThan(0);
  // For longer than the compiler waits before it goes by what is known.
  const ended = await run(rewriteHot(amount(300 * MORE), CALLS), { patience, known: first.learned });
  expect(ended.stop).toEqual(PASSED);
  expect(ended.word('rounds')).toBeGreaterThan(FEW);
  for (const part of compiledPart(ended)) expect(part).toBeGreaterThan(0.1);
});
