/**
 * Every row of the table over edges of its operands: every engine against the reference model.
 * TABHYVE_SUITE_SEED says where to begin, TABHYVE_SUITE_CASES how many cases a row has.
 */
import { describe, expect, test } from 'vitest';
import { rows } from '../isa/table.ts';
import { checkCases, randomOf, runnerOf, setting } from './testing/check.ts';
import { directedCases, directedRows } from './testing/directed.ts';
import { engineOf, engines } from './testing/engines.ts';

const seed = setting('TABHYVE_SUITE_SEED', 7);
const perRow = setting('TABHYVE_SUITE_CASES', 1);

describe.each(Object.keys(engines).filter((name) => name !== 'reference'))('%s', (name) => {
  const [a, b] = ['reference', name].map((engine) => ({ name: engine, run: runnerOf(engineOf(engine)) }));
  test.each(directedRows)('$mnemonic', (row) => {
    checkCases(a, b, directedCases(randomOf(seed), row, perRow), `${row.mnemonic}, TABHYVE_SUITE_SEED=${seed}`);
  });
});

test('what has no operands to vary is jumps, fences, CSRs, and the privileged architecture', () => {
  const rest = rows.filter((row) => !directedRows.includes(row)).map(({ mnemonic }) => mnemonic);
  expect(rest).toEqual([
    ...['jal', 'jalr', 'fence', 'ecall', 'ebreak', 'csrrw', 'csrrwi', 'csrrs', 'csrrsi', 'csrrc', 'csrrci', 'fence.i'],
    ...['cbo.inval', 'cbo.clean', 'cbo.flush', 'sinval.vma', 'sfence.w.inval', 'sfence.inval.ir'],
    ...['sret', 'mret', 'wfi', 'sfence.vma', 'c.j', 'c.jr', 'c.ebreak', 'c.jalr'],
  ]);
});
