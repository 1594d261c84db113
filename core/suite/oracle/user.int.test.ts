/**
 * QEMU's user mode against the interpreter: directed cases of every row, and random programs.
 * TABHYVE_ORACLE_SEED says where to begin, TABHYVE_ORACLE_BATCHES how many batches of 150 sequences to run.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { rows } from '../../isa/table.ts';
import { checkCases, type Named, randomCases, randomOf, runnerOf, setting, tally } from '../testing/check.ts';
import { directedCases, directedRows } from '../testing/directed.ts';
import { engineOf } from '../testing/engines.ts';
import { imageOf } from '../testing/image.ts';
import { answerCase, knownAnswers, resultOf } from '../testing/known-answers.ts';
import { repertoire } from '../testing/sequence.ts';
import { isPrivileged, QemuUser } from './testing/qemu-user.ts';

const seed = setting('TABHYVE_ORACLE_SEED', 1);
const batches = setting('TABHYVE_ORACLE_BATCHES', 12);
const perRow = setting('TABHYVE_ORACLE_CASES', 1);
/** Tested with the privileged architecture, where the registers are that allow them. */
const ELSEWHERE = ['cbo.inval', 'cbo.clean', 'cbo.flush', 'cbo.zero'];

const qemu = new QemuUser();
const lacking = rows.filter((row) => !isPrivileged(row) && !qemu.knows(row)).map(({ mnemonic }) => mnemonic);
const wrong = Object.entries(knownAnswers)
  .filter(([mnemonic]) => !lacking.includes(mnemonic))
  .filter(([mnemonic, answers]) => {
    const data = qemu.run(imageOf(answers.map((answer) => answerCase(mnemonic, answer))));
    return answers.some(([, , rd], i) => resultOf(data, i) !== rd);
  })
  .map(([mnemonic]) => mnemonic);
const excluded = new Set([...lacking, ...wrong]);

describe(`QEMU ${qemu.version}`, () => {
  const oracle: Named = { name: 'QEMU', run: (image) => qemu.run(image) };
  const interpreter: Named = { name: 'interpreter', run: runnerOf(engineOf('interpreter')) };
  afterAll(() => {
    qemu.dispose();
    console.log(`compared with QEMU: ${tally.instructions} instructions in ${tally.cases} cases`);
  });

  test('what it lacks or gets wrong is covered by answers from the manual', () => {
    console.log(
      `QEMU ${qemu.version} lacks: ${lacking.join(' ') || 'nothing'}; is wrong in: ${wrong.join(' ') || 'nothing'}`,
    );
    expect([...excluded].filter((mnemonic) => !(mnemonic in knownAnswers) && !ELSEWHERE.includes(mnemonic))).toEqual(
      [],
    );
  });

  test.each(directedRows.filter((row) => !excluded.has(row.mnemonic)))('$mnemonic', (row) => {
    checkCases(oracle, interpreter, directedCases(randomOf(seed), row, perRow), row.mnemonic);
  });

  test.each(Array.from({ length: batches }, (_, i) => seed + i))('random programs, seed %d', (batch) => {
    const cases = randomCases(batch, 150, 60, repertoire(excluded, false));
    checkCases(oracle, interpreter, cases, `TABHYVE_ORACLE_SEED=${batch}`);
  });
});
