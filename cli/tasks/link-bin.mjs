// Runs as npm's `prepare`, that is after every `npm ci` and `npm install` in the repository.
//
// npm links the bins of dependencies, but not the package's own. Without the link `npx tabhyve` would install the
// repository into npx's cache, which is slow and asks the registry.

import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join, relative } from 'node:path';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const target = join(root, 'cli', 'tabhyve.mjs');
const link = join(bin, 'tabhyve');

if (process.platform !== 'win32') {
  mkdirSync(bin, { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(relative(bin, target), link);
  chmodSync(target, 0o755);
}
