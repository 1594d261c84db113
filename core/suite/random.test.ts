/**
 * Random programs: every engine against the reference model, over all instructions that do not trap.
 * TABHYVE_SUITE_SEED says where to begin, TABHYVE_SUITE_BATCHES how many batches of 100 sequences to run.
 */
import { describe, test } from 'vitest';
import { checkCases, randomCases, runnerOf, setting } from './testing/check.ts';
import { engineOf, engines } from './testing/engines.ts';
import { repertoire } from './testing/sequence.ts';

const seed = setting('TABHYVE_SUITE_SEED', 1);
const batches = setting('TABHYVE_SUITE_BATCHES', 4);

describe.each(Object.keys(engines).filter((name) => name !== 'reference'))('%s', (name) => {
  test.each(Array.from({ length: batches }, (_, i) => seed + i))('does what the reference does, seed %d', (batch) => {
    const [a, b] = ['reference', name].map((engine) => ({ name: engine, run: runnerOf(engineOf(engine)) }));
    checkCases(a, b, randomCases(batch, 100, 60, repertoire()), `TABHYVE_SUITE_SEED=${batch}`);
  });
});
