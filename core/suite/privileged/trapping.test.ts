/**
 * Random programs that trap: every engine against the reference model, in all of their state and memory.
 * TABHYVE_SUITE_SEED says where to begin, TABHYVE_TRAP_RUNS how many programs to run.
 */
import { describe, expect, test } from 'vitest';
import { disassemble } from '../../isa/disassemble.ts';
import { randomOf, setting } from '../testing/check.ts';
import type { Engine } from '../testing/engine.ts';
import { engineOf, engines, memoryDifferences, stateText } from '../testing/engines.ts';
import { trappingProgram, type TrappingProgram } from './testing/trapping.ts';

const seed = setting('TABHYVE_SUITE_SEED', 1);
const runs = setting('TABHYVE_TRAP_RUNS', 100);
const BUDGET = 20_000;

function run(engine: Engine, { state, blocks }: TrappingProgram): { state: string[]; memory: Uint8Array } {
  engine.load(state, blocks);
  expect(engine.run(BUDGET)).toBe('wfi');
  return { state: stateText(engine.read()), memory: engine.memory(0x8000_0000, engine.ramBytes) };
}

describe.each(Object.keys(engines).filter((name) => name !== 'reference'))('%s', (name) => {
  test(`traps as the reference does, ${runs} programs from seed ${seed}`, () => {
    const causes = new Set<number>();
    for (let number = seed; number < seed + runs; number++) {
      const program = trappingProgram(randomOf(number), 60);
      const expected = run(engineOf('reference'), program);
      const actual = run(engineOf(name), program);
      const listing = program.words.map((word) => disassemble(word)).join('\n');
      const where = `TABHYVE_SUITE_SEED=${number}\n${listing}`;
      expect(actual.state, where).toEqual(expected.state);
      expect(memoryDifferences(0x8000_0000, actual.memory, expected.memory), where).toEqual([]);
      for (let entry = 0x1_0000; expected.memory[entry + 48] !== 0; entry += 56)
        causes.add(expected.memory[entry + 16]);
    }
    // All kinds are met, or the programs prove less than they seem to.
    if (runs >= 100) expect([...causes].sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 8, 9, 11, 13, 15]);
  });
});
