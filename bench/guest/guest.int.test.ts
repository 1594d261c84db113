import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../e2e/support/temporary-folder.ts';
import { buildPrograms, programTests, rateOf } from './index.ts';

test('programs for riscv64 compute on QEMU what the tests expect', async () => {
  const programs = new Map((await buildPrograms('riscv64', temporaryFolder())).map(({ name, path }) => [name, path]));
  for (const each of programTests.filter(({ group }) => group === 'integer' || group === 'float')) {
    const command = [programs.get(each.program) ?? '', ...each.args];
    const env = { ...process.env, BENCH_MS: '10', BENCH_WARM_MS: '5' };
    const output = execFileSync('qemu-riscv64', command, { encoding: 'utf8', env });
    expect(rateOf(each, output).value).toBeGreaterThan(0);
  }
});
