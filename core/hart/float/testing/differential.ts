/** Random operands through the generated routines and the reference model. */
import { floatReference } from '../../../reference/float.ts';
import type { FloatName } from '../index.ts';
import type { FloatHarness } from './harness.ts';
import { randomOperands, seededRandom } from './operands.ts';

const hex = (bits: bigint): string => `0x${bits.toString(16)}`;

/**
 * Compares `count` random calls of a routine, in random rounding modes and with random exceptions accrued before.
 * Returns up to ten disagreements as text; none is as it should be.
 */
export function disagreements(harness: FloatHarness, name: FloatName, count: number, seed: number): string[] {
  const random = seededRandom(seed);
  const found: string[] = [];
  for (let i = 0; i < count && found.length < 10; i++) {
    const args = randomOperands(random, name, harness.arity(name));
    // The host's arithmetic only ever serves RNE, so that is half of the calls.
    const rm = random() & 1 ? 0 : random() % 5;
    const accrued = random() & 1 ? random() % 32 : 0;
    const expected = floatReference(name, args, rm);
    const actual = harness.call(name, args, rm, accrued);
    if (actual.value === expected.value && actual.flags === (expected.flags | accrued)) continue;
    const call = `${name}(${[...args.map(hex), `rm ${rm}`].join(', ')}) with fflags ${accrued}, seed ${seed}`;
    const outcomes = `${hex(actual.value)} fflags ${actual.flags}, not ${hex(expected.value)} ${expected.flags}`;
    found.push(`${call}: ${outcomes}`);
  }
  return found;
}
