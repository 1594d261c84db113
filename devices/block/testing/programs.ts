/** Random programs for model.ts, and how many of them. */

import fc from 'fast-check';
import { SECTOR } from '../backend.ts';
import { CHUNK_SIZE } from '../chunks.ts';
import { runProgram, type Call, type Step, type Subject } from './model.ts';

const PER_CHUNK = CHUNK_SIZE / SECTOR;

/** More programs: TABHYVE_FUZZ_RUNS=4000; those of a failed run: TABHYVE_FUZZ_SEED=…, which the failure names. */
export const factor = Number(process.env['TABHYVE_FUZZ_RUNS'] ?? 40) / 40;
export const seed = Number(process.env['TABHYVE_FUZZ_SEED'] ?? Date.now() % 2 ** 31);

/** Runs `numRuns` programs, or as many times more as are asked for, each on a disk of its own of so many sectors. */
export const checkPrograms = (sectors: number, subject: () => Subject, numRuns: number): Promise<void> =>
  fc.assert(
    fc.asyncProperty(programs(sectors), (program) => runProgram(subject(), program)),
    { numRuns: Math.ceil(numRuns * factor), seed },
  );

export function programs(sectors: number): fc.Arbitrary<Step[]> {
  const inside = fc.integer({ min: 0, max: sectors - 1 });
  const edge = fc.integer({ min: 0, max: Math.floor((sectors - 1) / PER_CHUNK) }).map((chunk) => chunk * PER_CHUNK);
  const range = fc
    .tuple(fc.oneof(inside, edge), fc.oneof(fc.integer({ min: 1, max: sectors }), edge, fc.constant(1)))
    .map(([at, count]) => ({ at, count: Math.max(1, Math.min(count, sectors - at)) }));
  const call: fc.Arbitrary<Call> = fc.oneof(
    {
      weight: 5,
      arbitrary: fc
        .tuple(range, fc.integer({ min: 1, max: 255 }))
        .map(([r, value]) => ({ kind: 'write' as const, ...r, value })),
    },
    { weight: 4, arbitrary: range.map((r) => ({ kind: 'read' as const, ...r })) },
    { weight: 3, arbitrary: range.map((r) => ({ kind: 'discard' as const, ...r })) },
    { weight: 1, arbitrary: range.map((r) => ({ kind: 'zero' as const, ...r })) },
    { weight: 2, arbitrary: range.map((r) => ({ kind: 'unmap' as const, ...r })) },
    { weight: 2, arbitrary: fc.constant({ kind: 'flush' as const }) },
  );
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 10,
      arbitrary: fc.array(call, { minLength: 1, maxLength: 8 }).map((calls) => ({ kind: 'calls' as const, calls })),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
    { weight: 2, arbitrary: fc.nat({ max: 4 }).map((kept) => ({ kind: 'crash' as const, kept })) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }).map((count) => ({ kind: 'fail' as const, count })) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.nat({ max: 99 }), fc.oneof(fc.nat({ max: 40 }), fc.constant(Infinity)))
        .map(([choice, operations]) => ({ kind: 'manage' as const, choice, operations })),
    },
  );
  return fc.array(step, { minLength: 1, maxLength: 12 });
}
