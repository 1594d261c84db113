/**
 * The routines against the reference model. TABHYVE_FLOAT_CASES sets the number of calls of each routine, and
 * TABHYVE_FLOAT_SEED where they begin; a disagreement prints both.
 */
import { describe, expect, it } from 'vitest';
import { disagreements } from './testing/differential.ts';
import { floatHarness } from './testing/harness.ts';

const cases = Number(process.env['TABHYVE_FLOAT_CASES'] ?? 2000);
const seed = Number(process.env['TABHYVE_FLOAT_SEED'] ?? 1);

for (const fast of [false, true]) {
  describe(fast ? 'with fast paths' : 'exact paths alone', () => {
    const harness = floatHarness({ fast });
    it.each(harness.names)('%s agrees with the reference model', { timeout: 20_000 + cases }, (name) => {
      expect(disagreements(harness, name, cases, seed)).toEqual([]);
    });
  });
}
