// Checks each tsconfig.json of the repository, two at a time. There is one for each layer, so that a layer sees its own
// `lib` alone, and one in the root for everything that runs in Node.

import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const skipped = new Set(['node_modules', 'dist', 'public', 'test-results']);

/** @param {string} folder relative to the root @returns {string[]} */
function findProjects(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'tsconfig.json') return [folder];
    const enters = entry.isDirectory() && !entry.name.startsWith('.') && !skipped.has(entry.name);
    return enters ? findProjects(join(folder, entry.name)) : [];
  });
}

/** @param {string} project @returns {Promise<boolean>} whether it is free of errors */
function check(project) {
  const cache = join(root, '.cache', 'typecheck', `${project.replaceAll('/', '-')}.tsbuildinfo`);
  const args = [compiler, '--project', join(root, project), '--pretty', '--incremental', '--tsBuildInfoFile', cache];
  return new Promise((resolve) => {
    spawn(process.execPath, args, { cwd: root, stdio: 'inherit' })
      .on('error', () => resolve(false))
      .on('exit', (code) => resolve(code === 0));
  });
}

const projects = findProjects('.');
const failed = /** @type {string[]} */ ([]);

async function checkRemaining() {
  for (let project = projects.shift(); project !== undefined; project = projects.shift()) {
    if (!(await check(project))) failed.push(project);
  }
}

await Promise.all([checkRemaining(), checkRemaining()]);
if (failed.length > 0) {
  console.error(`\nType errors in: ${failed.sort().join(', ')}`);
  process.exitCode = 1;
}
