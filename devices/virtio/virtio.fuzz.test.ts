import { test } from 'vitest';
import { fuzzVirtio } from './virtio.fuzz.ts';

// TABHYVE_FUZZ_RUNS plays longer, TABHYVE_FUZZ_SEED plays a printed seed again.
const runs = Number(process.env['TABHYVE_FUZZ_RUNS'] ?? 40);
const seed = Number(process.env['TABHYVE_FUZZ_SEED'] ?? Date.now() % 2 ** 31);

test('no register access and no ring contents break a virtio device', { timeout: 60_000 + runs * 1000 }, () =>
  fuzzVirtio(seed, runs),
);
