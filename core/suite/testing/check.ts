/** Runs batches of cases in two runners and says where they first differ. */
import { disassemble } from '../../isa/disassemble.ts';
import { seededRandom, type Random } from '../../hart/float/testing/operands.ts';
import type { Engine } from './engine.ts';
import { compareData, imageOf, runImage, type TestCase } from './image.ts';
import { randomInput } from './inputs.ts';
import { SequenceGenerator, type Repertoire } from './sequence.ts';
import { explain, type Runner } from './shrink.ts';

export const runnerOf =
  (engine: Engine): Runner =>
  (image) =>
    runImage(engine, image);

export interface Named {
  readonly name: string;
  readonly run: Runner;
}

/** Instructions of the cases checked so far, for people. */
export const tally = { instructions: 0, cases: 0 };

/** Throws with the least failing instructions when the two do not agree on all cases. `what` says how to do it again. */
export function checkCases(a: Named, b: Named, cases: readonly TestCase[], what: string): void {
  const image = imageOf(cases);
  const x = a.run(image)?.slice();
  const y = b.run(image);
  tally.cases += cases.length;
  tally.instructions += cases.reduce((sum, { words }) => sum + words.length, 0);
  for (const [{ name }, data] of [[a, x] as const, [b, y] as const]) {
    if (!data) throw new Error(`${what}: ${name} does not come to the end; the last case begins ${firstWord(cases)}`);
  }
  const [first] = compareData(x as Uint8Array, y as Uint8Array);
  if (!first) return;
  const text = explain(a.run, b.run, cases[first.index]);
  throw new Error(`${what}, case ${first.index}: ${a.name} and ${b.name} differ\n${text}`);
}

const firstWord = (cases: readonly TestCase[]): string => disassemble(cases[cases.length - 1].words[0]);

/** Random numbers for a small seed: neighbouring ones have nothing in common. */
export function randomOf(seed: number): Random {
  return seededRandom(Math.imul(seed, 0x9e37_79b1));
}

/** A batch of random sequences. */
export function randomCases(seed: number, count: number, length: number, rows: Repertoire): TestCase[] {
  const random = randomOf(seed);
  const generator = new SequenceGenerator(random, rows);
  return Array.from({ length: count }, () => ({ words: generator.sequence(length), input: randomInput(random) }));
}

/** A number from the environment, for heavier runs. */
export function setting(name: string, otherwise: number): number {
  const text = process.env[name];
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(value) || value < 0) throw new RangeError(`${name} is to be a number, not ${text}`);
  return value;
}
