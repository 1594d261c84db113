// What must be true of the repository as a whole.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };

const root = fileURLToPath(new URL('../..', import.meta.url));
const architecture = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
const folders = ['app', 'core', 'devices', 'machine', 'public', 'e2e', 'guest', 'cli', 'bench', 'docs', '.ci'];

/** Every `path` in backquotes: what begins with one of the folders, or is a file in the root. */
function namedPaths(markdown: string): string[] {
  const quoted = [...markdown.matchAll(/`([^`\s]+)`/g)].map((match) => match[1]);
  const isPath = (text: string): boolean =>
    folders.includes(text.split('/')[0] ?? '') ||
    /^\.?[\w-]+(\.[\w-]+)*\.(json|js|ts|md)$/.test(text) ||
    text === '.npmrc';
  return [...new Set(quoted)].filter((text) => isPath(text) && !text.includes('*'));
}

/** What ARCHITECTURE.md may name although git ignores it. */
const made = ['public/guest/'];

test.each(namedPaths(architecture))('ARCHITECTURE.md names %s, which exists', (path) => {
  expect(made.includes(path) || existsSync(join(root, path))).toBe(true);
});

test('ARCHITECTURE.md names at least the folders of the code map', () => {
  const named = namedPaths(architecture);
  for (const folder of ['app/', 'core/', 'devices/', 'machine/', 'guest/', 'cli/', 'e2e/', 'bench/']) {
    expect(named).toContain(folder);
  }
});

test('ARCHITECTURE.md gives a reason for each dependency, and for nothing else', () => {
  const rows = architecture.slice(architecture.indexOf('## Dependencies')).matchAll(/^\| ([^|]*) \|/gm);
  const named = [...rows].flatMap((row) => [...(row[1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1]));
  expect(named.sort()).toEqual(Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).sort());
});

test('every version is pinned', () => {
  for (const version of Object.values({ ...manifest.dependencies, ...manifest.devDependencies })) {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  }
});

test('the lock file names no registry', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { resolved?: string }>;
  };
  const resolved = Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined);
  expect(resolved).toEqual([]);
});
