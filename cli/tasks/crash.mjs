// `npm run crash [-- ROUNDS [machine|browser...]]`: whether what a guest has saved outlives crashes, at length. `machine`: of a disk that
// keeps no more than it must; `browser`: of the tab, the worker and the browser.
//
// TABHYVE_CRASH_SEED chooses the moments.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const suites = {
  machine: ['node_modules/vitest/vitest.mjs', 'run', '--project', 'integration', 'machine/records.int.test.ts'],
  browser: ['node_modules/@playwright/test/cli.js', 'test', '--config', 'e2e', 'e2e/crash.spec.ts'],
};

const [rounds = '100', ...names] = process.argv.slice(2);
const chosen = Object.entries(suites).filter(([name]) => names.length === 0 || names.includes(name));
if (!/^[1-9]\d*$/.test(rounds) || names.some((name) => !(name in suites))) {
  console.error(`Usage: npm run crash [-- ROUNDS [${Object.keys(suites).join('|')}...]]`);
  process.exit(2);
}

const seed = process.env['TABHYVE_CRASH_SEED'] ?? String(1 + (Date.now() % 1_000_000));
console.log(`TABHYVE_CRASH_SEED=${seed}`);
const env = { ...process.env, TABHYVE_CRASH_SEED: seed, TABHYVE_CRASH_ROUNDS: rounds };
for (const [, command] of chosen) {
  const { status } = spawnSync(process.execPath, command, { cwd: root, env, stdio: 'inherit' });
  if (status !== 0) process.exitCode = status ?? 1;
}
