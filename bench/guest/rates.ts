/** Reads what the programs print: bench/guest/programs/bench.h. */
import type { ProgramTest } from './tests.ts';

export interface Rate {
  readonly test: string;
  readonly value: number;
  readonly check: string;
  /** For how long the clock ran. */
  readonly seconds: number;
}

/** A guest computed something wrong, or did not finish. */
export class WrongAnswer extends Error {}

/** All rates in an output, in its order, whatever stands around them. */
export function readRates(output: string): Rate[] {
  const lines = output.matchAll(/^rate (\S+) (\S+) ([0-9a-f]{16}) (\S+)\r?$/gm);
  return [...lines].map(([, test, value, check, seconds]) => {
    return { test, value: Number(value), check, seconds: Number(seconds) };
  });
}

/**
 * The rate of a test in an output.
 * @throws WrongAnswer if there is none, or if the check is not the test's
 */
export function rateOf({ test, check }: Pick<ProgramTest, 'test' | 'check'>, output: string): Rate {
  const wrong = output.split(/\r?\n/).find((line) => line.startsWith(`wrong ${test} `));
  if (wrong !== undefined) throw new WrongAnswer(`${test} computed something else than before: ${wrong}`);
  const rate = readRates(output).find((each) => each.test === test);
  if (rate === undefined || !(rate.value > 0)) {
    throw new WrongAnswer(`${test} printed no rate; the last that was printed: ${JSON.stringify(output.slice(-300))}`);
  }
  if (rate.check !== check) {
    const said = output.split(/\r?\n/).find((line) => line.startsWith(`said ${test} `));
    const instead = `${test} has the check ${rate.check} instead of ${check}`;
    throw new WrongAnswer(said === undefined ? instead : `${instead}: ${said}`);
  }
  return rate;
}

/** How the lines begin that a program prints when its clock starts, and when it has stopped. */
export const beginMark = (test: string): string => `begin ${test} `;
export const rateMark = (test: string): string => `rate ${test} `;
