/** The generated routines against the reference model, over special and over random operands. */
import { floatReference, type FloatOutcome } from '../../../reference/float.ts';
import type { FloatName } from '../index.ts';
import type { FloatHarness } from './harness.ts';
import { randomOperands, seededRandom, specialCalls } from './operands.ts';

/** What is compared. */
type Compared = Pick<FloatHarness, 'arity' | 'call'>;

/** How many disagreements are told. */
const ENOUGH = 10;

const hex = (bits: bigint): string => `0x${bits.toString(16)}`;

/** Says how a call differs from what is expected, or returns undefined. */
function disagreement(
  harness: Compared,
  name: FloatName,
  args: readonly bigint[],
  rm: number,
  accrued: number,
  expected: FloatOutcome,
): string | undefined {
  const actual = harness.call(name, args, rm, accrued);
  if (actual.value === expected.value && actual.flags === (expected.flags | accrued)) return undefined;
  const call = `${name}(${[...args.map(hex), `rm ${rm}`].join(', ')}) with fflags ${accrued}`;
  return `${call}: ${hex(actual.value)} fflags ${actual.flags}, not ${hex(expected.value)} ${expected.flags}`;
}

/** Calls with all special operands, without accrued exceptions and with NX. Returns disagreements; none is as it should be. */
export function specialDisagreements(harnesses: readonly Compared[], name: FloatName): string[] {
  const found: string[] = [];
  for (const { args, rm } of specialCalls(name, harnesses[0].arity(name))) {
    const expected = floatReference(name, args, rm);
    for (const harness of harnesses) {
      for (const accrued of [0, 1]) {
        const text = disagreement(harness, name, args, rm, accrued, expected);
        if (text !== undefined && found.push(text) === ENOUGH) return found;
      }
    }
  }
  return found;
}

/** The same for `count` random calls, in random rounding modes and with random exceptions accrued before. */
export function randomDisagreements(
  harnesses: readonly Compared[],
  name: FloatName,
  count: number,
  seed: number,
): string[] {
  const random = seededRandom(seed);
  const found: string[] = [];
  for (let i = 0; i < count; i++) {
    const args = randomOperands(random, name, harnesses[0].arity(name));
    // The host's arithmetic mostly serves RNE, so that is half of the calls.
    const rm = random() & 1 ? 0 : random() % 5;
    const accrued = random() & 1 ? random() % 32 : 0;
    const expected = floatReference(name, args, rm);
    for (const harness of harnesses) {
      const text = disagreement(harness, name, args, rm, accrued, expected);
      if (text !== undefined && found.push(`seed ${seed}: ${text}`) === ENOUGH) return found;
    }
  }
  return found;
}
