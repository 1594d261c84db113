import { expect, test } from 'vitest';
import { fuzzImages } from './image.fuzz.ts';

// TABHYVE_FUZZ_RUNS plays longer, TABHYVE_FUZZ_SEED plays a printed seed again.
const runs = Number(process.env['TABHYVE_FUZZ_RUNS'] ?? 600);
const seed = Number(process.env['TABHYVE_FUZZ_SEED'] ?? Date.now() % 2 ** 31);

test('no bytes in an image lead to anything but an ImageError', { timeout: 60_000 + runs * 100 }, async () => {
  const accepted = await fuzzImages(seed, runs);
  // Neither all nor none: the changes are large enough to be seen, and small enough to reach what lies behind the header.
  expect(accepted).toBeGreaterThan(0);
  expect(accepted).toBeLessThan(runs);
});
