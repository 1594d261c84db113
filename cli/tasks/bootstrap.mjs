// The entry of `npm start` and `npm test`: node cli/tasks/bootstrap.mjs start|test [options]
//
// Runs on a fresh clone, so it uses Node's own modules alone. It installs the packages when node_modules is missing or
// does not match package-lock.json, and hands over to start.ts or test.ts, which Node loads through tsx.

import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const modules = join(root, 'node_modules');
// The first versions of their lines that have everything vite and ESLint ask for: `engines` in package-lock.json.
const oldest = { 20: 19, 22: 13 };

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(`tabhyve: ${message}`);
  process.exit(1);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major === 20 || major === 22 ? minor >= oldest[major] : major >= 24;
  if (!enough)
    fail(`Node ${process.versions.node} is too old or not supported: install Node 20.19, 22.13, 24 or newer.`);
}

/**
 * What a lock file says is installed, by folder. Packages for other systems, which are optional, may be missing.
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function packagesIn(file) {
  try {
    /** @type {{ packages: ReturnType<typeof packagesIn> }} */
    const lock = JSON.parse(readFileSync(file, 'utf8'));
    return lock.packages;
  } catch {
    return {};
  }
}

/** Whether node_modules holds what package-lock.json asks for; npm keeps a lock file of its own in there. */
function isInstalled() {
  const installed = packagesIn(join(modules, '.package-lock.json'));
  return Object.entries(packagesIn(join(root, 'package-lock.json')))
    .filter(([folder]) => folder !== '')
    .every(([folder, { version, optional }]) => (installed[folder] ?? (optional && { version }))?.version === version);
}

function installPackages() {
  if (isInstalled()) return;
  console.log('Installing packages (npm ci) …');
  const npm = process.env['npm_execpath'];
  const [command, ...args] = npm === undefined ? ['npm', 'ci'] : [process.execPath, npm, 'ci'];
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) fail('`npm ci` failed; its messages stand above.');
}

/** @param {string} task @param {string[]} args */
function handOver(task, args) {
  const script = join(root, 'cli', 'tasks', `${task}.ts`);
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], { cwd: root, stdio: 'inherit' });
  // The terminal sends these to the child as well; it ends first, and its status is ours.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

const [task = '', ...args] = process.argv.slice(2);
if (task !== 'start' && task !== 'test') fail('usage: node cli/tasks/bootstrap.mjs start|test [options]');
checkNode();
installPackages();
handOver(task, args);
