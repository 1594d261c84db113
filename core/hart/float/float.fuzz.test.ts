/**
 * The routines, exact paths alone and with fast ones, against the reference model. TABHYVE_FLOAT_CASES sets the number of
 * calls of each routine, and TABHYVE_FLOAT_SEED where they begin; a disagreement prints the seed and the call.
 */
import { describe, expect, it } from 'vitest';
import { randomDisagreements } from './testing/differential.ts';
import { floatHarness } from './testing/harness.ts';

const cases = Number(process.env['TABHYVE_FLOAT_CASES'] ?? 2000);
const seed = Number(process.env['TABHYVE_FLOAT_SEED'] ?? 1);

describe('random operands', () => {
  const harnesses = [floatHarness({ fast: false }), floatHarness({ fast: true })];
  it.each(harnesses[0].names)('%s agrees with the reference model', { timeout: 20_000 + cases }, (name) => {
    expect(randomDisagreements(harnesses, name, cases, seed)).toEqual([]);
  });
});
