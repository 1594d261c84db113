// The instruction suite and its outside oracles in their heavy form; `npm test` runs a slice of each.
//
// TABHYVE_ORACLE_SEED says where the random programs begin. What is set in the environment is kept, so that any of the
// counts below can be changed for one run.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const seed = process.env['TABHYVE_ORACLE_SEED'] ?? String(1 + (Date.now() % 1_000_000));
const counts = {
  TABHYVE_ORACLE_SEED: seed,
  TABHYVE_SUITE_SEED: seed,
  TABHYVE_FLOAT_SEED: seed,
  // Batches of 100 random sequences between the engines, of 150 against QEMU's user mode; directed cases of a row.
  TABHYVE_SUITE_BATCHES: '100',
  TABHYVE_SUITE_CASES: '4',
  // Programs that trap.
  TABHYVE_TRAP_RUNS: '2000',
  TABHYVE_ORACLE_BATCHES: '300',
  TABHYVE_ORACLE_CASES: '8',
  // Batches against QEMU's full system, and states of the machine in one; calls of each floating-point routine.
  TABHYVE_ORACLE_SYSTEM: '25',
  TABHYVE_ORACLE_RECORDS: '1000',
  TABHYVE_FLOAT_CASES: '50000',
};

console.log(`TABHYVE_ORACLE_SEED=${seed}`);
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--testTimeout', '3600000', 'core/suite', 'core/reference'];
const { status } = spawnSync(process.execPath, vitest, {
  cwd: root,
  env: { ...counts, ...process.env },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
