/** Two harts on the bare machine, each in a thread of its own: what they must be able to rely on. */
import { describe, expect, test } from 'vitest';
import { patchAndCall, patchWhileCalling, type Place } from '../guest/programs/code.ts';
import { pingPong, timers } from '../guest/programs/interrupts.ts';
import { litmus, litmusTests, OUTCOMES } from '../guest/programs/litmus.ts';
import { locks } from '../guest/programs/locks.ts';
import { remoteFenceByIpi, remoteFenceBySbi } from '../guest/programs/translation.ts';
import { run } from './testing/run.ts';

/** How much more than usual is done: `npm run soak` sets it. */
const MORE = Number(process.env['TABHYVE_SOAK'] ?? 1);
const PASSED = { reason: 'power-off', code: 0 };
const patience = 20_000 * MORE;

test('a lock of LR and SC, LR and SC alone, and an AMO lose no count', async () => {
  const { stop } = await run(locks(150_000 * MORE), { patience });
  expect(stop).toEqual(PASSED);
});

describe('software interrupts of the ACLINT', () => {
  test.each([
    ['wake a hart from WFI', 3000, true],
    ['reach a hart that is busy', 20_000, false],
  ])('%s', async (_, rounds, sleep) => {
    const { stop, milliseconds } = await run(pingPong(rounds * MORE, sleep), { patience });
    expect(stop).toEqual(PASSED);
    // One that is noticed only when a hart looks at its clock costs up to a second.
    expect(milliseconds).toBeLessThan(500 + rounds * MORE);
  });
});

test('timers of both harts wake them in time', async () => {
  const { stop, milliseconds } = await run(timers(100, 20_000), { patience });
  expect(stop).toEqual(PASSED);
  expect(milliseconds).toBeLessThan(2500);
});

describe('code that the other hart wrote', () => {
  test.each([
    ['alone', false],
    ['alone', true],
    ['beside data', false],
    ['beside data', true],
    ['across pages', true],
  ] satisfies [Place, boolean][])('is seen after FENCE.I: %s, the writer runs it too: %s', async (place, ownUse) => {
    const { stop } = await run(patchAndCall(3000 * MORE, place, ownUse), { patience });
    expect(stop).toEqual(PASSED);
  });

  test.each([
    ['alone', 'local'],
    ['beside data', 'local'],
    ['alone', 'sbi'],
    ['beside data', 'sbi'],
  ] as const)('is never older than what was signalled: %s, fence %s', async (place, fence) => {
    const firmware = fence === 'sbi' ? 'sbi' : 'none';
    const { stop } = await run(patchWhileCalling(2 * MORE, place, fence), { patience, firmware });
    expect(stop).toEqual(PASSED);
  });
});

describe('a page-table entry that the other hart changed', () => {
  test('is seen after an IPI whose handler executes SFENCE.VMA', async () => {
    expect((await run(remoteFenceByIpi(), { patience })).stop).toEqual(PASSED);
  });

  test('is seen after a remote fence of the SBI', async () => {
    expect((await run(remoteFenceBySbi(), { patience, firmware: 'sbi' })).stop).toEqual(PASSED);
  });
});

describe('memory order', () => {
  test.each(Object.entries(litmusTests))('%s', async (_, definition) => {
    const { stop, word } = await run(litmus(definition, 100 * MORE), { patience });
    expect(stop).toEqual(PASSED);
    const outcomes = Array.from({ length: OUTCOMES }, (_, i) => [i.toString(2).padStart(4, '0'), word('counts', i)]);
    const seen = Object.fromEntries(outcomes.filter(([, count]) => count !== 0)) as Record<string, number>;
    for (const outcome of definition.forbidden) expect(seen).not.toHaveProperty(outcome);
    expect(Object.values(seen).reduce((sum, count) => sum + count)).toBe(25_600 * MORE);
  });
});
