// `npm run soak [-- TIMES [FILTER...]]`: the machine's integration tests at many times their usual length, with seeds of
// their own each time. It ends at the first failure, and names the seed.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [times = '10', ...filters] = process.argv.slice(2);
if (!/^[1-9]\d*$/.test(times)) {
  console.error('Usage: npm run soak [-- TIMES [FILTER...]]');
  process.exit(2);
}

const files = filters.length > 0 ? filters : ['machine/'];
for (let round = 0; round < Number(times); round++) {
  const seed = String(1000 * (round + 1));
  console.log(`Round ${round + 1} of ${times}: TABHYVE_SOAK=10 TABHYVE_SEED=${seed}`);
  const patience = ['--testTimeout', '1800000'];
  const { status } = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--project', 'integration', ...patience, ...files],
    { cwd: root, stdio: 'inherit', env: { ...process.env, TABHYVE_SOAK: '10', TABHYVE_SEED: seed } },
  );
  if (status !== 0) process.exit(status ?? 1);
}
