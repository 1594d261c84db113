/** Two harts on the bare machine, each in a thread of its own: what they must be able to rely on. */
import { describe, expect, test } from 'vitest';
import { patchAndCall, patchWhileCalling, type Place } from '../guest/programs/code.ts';
import { pingPong, timers, tohostFromTheOther } from '../guest/programs/interrupts.ts';
import { litmus, litmusTests, OUTCOMES } from '../guest/programs/litmus.ts';
import { locks } from '../guest/programs/locks.ts';
import { remoteFenceByIpi, remoteFenceBySbi } from '../guest/programs/translation.ts';
import type { Amount } from '../guest/programs/runtime.ts';
import { run } from './testing/run.ts';

/** How much more than usual is done: `npm run soak` sets it. */
const MORE = Number(process.env['TABHYVE_SOAK'] ?? 1);
const PASSED = { reason: 'power-off', code: 0 };
const patience = 30_000 * MORE;
/** Where other programs keep the processors busy, harts that wait for each other take long: then fewer rounds do. */
const amount = (rounds: number): Amount => ({ rounds: rounds * MORE, ticks: 2e7 * MORE });
const FEW = 3;
/** Ticks: an interrupt that is noticed only when a hart looks at its clock, once a second, is a lost one. */
const LOST = 9e6;

test('a lock of LR and SC, LR and SC alone, and an AMO lose no count', async () => {
  const { stop } = await run(locks(150_000 * MORE), { patience });
  expect(stop).toEqual(PASSED);
});

describe('software interrupts of the ACLINT', () => {
  test.each([
    ['wake a hart from WFI', 3000, true],
    ['reach a hart that is busy', 10_000, false],
  ])('%s', async (_, rounds, sleep) => {
    const { stop, word } = await run(pingPong(amount(rounds), sleep), { patience });
    expect(stop).toEqual(PASSED);
    expect(word('rounds')).toBeGreaterThan(FEW);
    expect(word('longest')).toBeLessThan(LOST);
  });
});

test('timers of both harts wake them in time', async () => {
  const { stop, word } = await run(timers(100 * MORE, 20_000), { patience });
  expect(stop).toEqual(PASSED);
  expect(word('longest')).toBeLessThan(LOST);
});

test('tohost, written by one hart while the other one sleeps, ends the run', async () => {
  const { stop } = await run(tohostFromTheOther(7), { symbols: ['tohost'] });
  expect(stop).toEqual({ reason: 'failed', code: 3 });
});

describe('code that the other hart wrote', () => {
  test.each([
    ['alone', false],
    ['alone', true],
    ['beside data', false],
    ['beside data', true],
    ['across pages', true],
  ] satisfies [Place, boolean][])('is seen after FENCE.I: %s, the writer runs it too: %s', async (place, ownUse) => {
    const { stop, word } = await run(patchAndCall(amount(1000), place, ownUse), { patience });
    expect(stop).toEqual(PASSED);
    expect(word('rounds')).toBeGreaterThan(FEW);
  });

  test.each([
    ['alone', 'local'],
    ['beside data', 'local'],
    ['alone', 'sbi'],
    ['beside data', 'sbi'],
  ] as const)('is never older than what was signalled: %s, fence %s', async (place, fence) => {
    const firmware = fence === 'sbi' ? 'sbi' : 'none';
    const { stop, word } = await run(patchWhileCalling(amount(4000), place, fence), { patience, firmware });
    expect(stop).toEqual(PASSED);
    expect(word('rounds')).toBeGreaterThan(FEW);
  });
});

describe('a page-table entry that the other hart changed', () => {
  test('is seen after an IPI whose handler executes SFENCE.VMA', async () => {
    const { stop, word } = await run(remoteFenceByIpi(amount(2000)), { patience });
    expect(stop).toEqual(PASSED);
    expect(word('rounds')).toBeGreaterThan(FEW);
  });

  test('is seen after a remote fence of the SBI', async () => {
    const { stop, word } = await run(remoteFenceBySbi(amount(2000)), { patience, firmware: 'sbi' });
    expect(stop).toEqual(PASSED);
    expect(word('rounds')).toBeGreaterThan(FEW);
  });
});

describe('memory order', () => {
  test.each(Object.entries(litmusTests))('%s', async (_, definition) => {
    const { stop, word } = await run(litmus(definition, amount(25_600)), { patience });
    expect(stop).toEqual(PASSED);
    const outcomes = Array.from({ length: OUTCOMES }, (_, i) => [i.toString(2).padStart(4, '0'), word('counts', i)]);
    const seen = Object.fromEntries(outcomes.filter(([, count]) => count !== 0)) as Record<string, number>;
    for (const outcome of definition.forbidden) expect(seen).not.toHaveProperty(outcome);
    expect(Object.values(seen).reduce((sum, count) => sum + count)).toBe(word('rounds'));
    expect(word('rounds')).toBeGreaterThan(FEW);
  });
});
