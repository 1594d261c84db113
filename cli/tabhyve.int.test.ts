import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import manifest from '../package.json' with { type: 'json' };

const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs `npx tabhyve` in the repository; npm is told to stay offline. */
function tabhyve(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('npx', ['tabhyve', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, npm_config_offline: 'true', npm_config_yes: 'false' },
  });
}

test('npx finds the runner in the repository, offline', () => {
  const { status, stdout } = tabhyve('--version');
  expect(stdout).toBe(`${manifest.version}\n`);
  expect(status).toBe(0);
});

test('--help goes to stdout and succeeds', () => {
  const { status, stdout } = tabhyve('--help');
  expect(stdout).toMatch(/^Usage: /);
  expect(status).toBe(0);
});

test('a bad call says so on stderr, prints nothing on stdout and ends with 2', () => {
  const { status, stdout, stderr } = tabhyve('--no-such-option');
  expect(stderr).toContain('--no-such-option');
  expect(stdout).toBe('');
  expect(status).toBe(2);
});
