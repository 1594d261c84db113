/** Multiply-add by the host's own instruction, where there is one that rounds once, against the reference model. */
import { setFlagsFromString } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { hostFuses } from '../../wasm/relaxed.ts';
import { randomDisagreements, specialDisagreements } from './testing/differential.ts';
import { floatHarness } from './testing/harness.ts';

// Node 20 has the instruction behind a flag; later ones have it, and do not know the flag.
if (process.version.startsWith('v20.')) setFlagsFromString('--experimental-wasm-relaxed-simd');

describe.skipIf(!hostFuses())('f64_madd by the host', () => {
  const fuses = [floatHarness({ fuses: true })];
  it('agrees with the reference model on special operands', () => {
    expect(specialDisagreements(fuses, 'f64_madd')).toEqual([]);
  });
  it('agrees with the reference model on random operands', () => {
    expect(randomDisagreements(fuses, 'f64_madd', 5000, 1)).toEqual([]);
  });
});
