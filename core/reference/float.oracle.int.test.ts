/**
 * The reference model and the generated routines against QEMU, over all special operands and random ones.
 * TABHYVE_FLOAT_CASES sets the number of calls of each routine, TABHYVE_FLOAT_SEED where they begin.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { floatHarness } from '../hart/float/testing/harness.ts';
import { randomOperands, seededRandom, specialCalls } from '../hart/float/testing/operands.ts';
import { floatReference } from './float.ts';
import { floatOracle, type FloatCase, type FloatOracle } from './testing/float-oracle.ts';

const perRoutine = Number(process.env['TABHYVE_FLOAT_CASES'] ?? 2000);
const seed = Number(process.env['TABHYVE_FLOAT_SEED'] ?? 1);

describe('floating point as QEMU has it', () => {
  const harness = floatHarness();
  let oracle: FloatOracle | undefined;
  afterAll(() => oracle?.dispose());

  it.each(harness.names)('%s', (name) => {
    oracle ??= floatOracle(harness.names);
    const random = seededRandom(seed);
    const arity = harness.arity(name);
    const cases: FloatCase[] = Array.from({ length: perRoutine }, () => ({
      name,
      args: randomOperands(random, name, arity),
      rm: random() % 5,
    }));
    for (const call of specialCalls(name, arity)) cases.push({ name, ...call });
    const outcomes = oracle.run(cases);
    const found = cases.flatMap(({ args, rm }, i) => {
      const ours = [floatReference(name, args, rm), harness.call(name, args, rm)];
      const right = ours.every(({ value, flags }) => value === outcomes[i].value && flags === outcomes[i].flags);
      return right ? [] : [{ name, args, rm, qemu: outcomes[i], reference: ours[0], generated: ours[1] }];
    });
    expect(found.slice(0, 5)).toEqual([]);
  });
});
