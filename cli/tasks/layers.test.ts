import { ESLint } from 'eslint';
import { beforeAll, describe, expect, test } from 'vitest';
import { fileURLToPath } from 'node:url';
import rules, { forbids, layers } from '../../layers.config.js';
import tseslint from 'typescript-eslint';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the arrows between folders', () => {
  test.each([
    ['core/hart/hart.ts', '../../devices/virtio/block.ts', 'core/ may not import devices/'],
    ['core/shared/struct.ts', '../hart/hart.ts', 'core/shared/ may not import core/'],
    ['devices/virtio/block.ts', '../../core/hart/hart.ts', 'devices/ may not import core/'],
    ['devices/block/memory.ts', '../../machine/board.ts', 'devices/block/ may not import machine/'],
    ['devices/image/reader.ts', '../block/backend.ts', 'devices/image/ may not import devices/block/'],
    ['machine/board.ts', '../app/App.tsx', 'machine/ may not import app/'],
    ['app/App.tsx', '../core/shared/struct.ts', 'app/ may not import core/shared/'],
    ['core/hart/hart.test.ts', '../../machine/board.ts', 'core/ may not import machine/'],
    ['guest/prepare.ts', '../machine/board.ts', 'guest/ may not import machine/'],
    ['core/hart/hart.ts', 'node:fs', 'core/ runs without Node: no node:fs'],
    ['devices/virtio/block.ts', 'comlink', 'devices/ may not import the package comlink'],
    ['machine/board.ts', 'idb-keyval', 'machine/ may not import the package idb-keyval'],
    ['machine/board.ts', 'react', 'machine/ may not import the package react'],
    ['core/hart/hart.ts', './testing/programs.ts', 'only tests import tests: ./testing/programs.ts'],
    ['machine/machine.test.ts', '../guest/index.ts', 'machine/ may not import guest/'],
    ['guest/prepare.ts', './programs/locks.ts', 'guest/ may not import guest/programs/'],
  ])('%s may not import %s', (path, specifier, message) => {
    expect(forbids(path, specifier)).toBe(message);
  });

  test.each([
    ['core/hart/hart.ts', '../shared/struct.ts'],
    ['devices/virtio/block.ts', '../block/backend.ts'],
    ['devices/block/store.ts', 'idb-keyval'],
    ['devices/block/raw-file.node.ts', 'node:fs'],
    ['devices/image/zstd.ts', 'zstddec/stream'],
    ['cli/disk/info.ts', '../../devices/image/index.ts'],
    ['machine/board.ts', '../devices/virtio/block.ts'],
    ['machine/board.test.ts', 'vitest'],
    ['app/App.tsx', '../machine/index.ts'],
    ['app/App.tsx', 'react/jsx-runtime'],
    ['app/App.test.ts', '../core/shared/struct.ts'],
    ['cli/main.ts', '../guest/index.ts'],
    ['guest/programs/locks.ts', '../../core/isa/assemble-text.ts'],
    ['machine/debian.int.test.ts', '../guest/index.ts'],
    ['vite.config.ts', './app/anything.ts'],
  ])('%s may import %s', (path, specifier) => {
    expect(forbids(path, specifier)).toBeUndefined();
  });

  test('no folder can reach itself through another, but for a folder and its own subfolder', () => {
    const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
      (layers[from]?.imports ?? []).some((below) => {
        if (below === to) return true;
        return !seen.has(below) && reaches(below, to, seen.add(below));
      });
    const looping = Object.keys(layers).filter((layer) => reaches(layer, layer));
    expect(looping.sort()).toEqual(['devices', 'devices/block']);
  });
});

describe('the configuration, as ESLint runs it', () => {
  let eslint: ESLint;
  beforeAll(() => {
    // Without type information: a file that does not exist has none.
    const parser = { files: ['**/*.{ts,tsx}'], languageOptions: { parser: tseslint.parser } };
    eslint = new ESLint({ cwd: root, overrideConfigFile: true, overrideConfig: [parser, ...rules] as never });
  });

  const lint = async (filePath: string, code: string): Promise<string[]> => {
    const [result] = await eslint.lintText(code, { filePath });
    return (result?.messages ?? []).map((message) => message.ruleId ?? message.message);
  };

  test.each([
    ['core/a.ts', `import '../devices/b.ts';`, 'layers/imports'],
    ['core/a.ts', `export * from '../devices/b.ts';`, 'layers/imports'],
    ['core/a.ts', `await import('../devices/b.ts');`, 'layers/imports'],
    ['core/a.ts', `let a: import('../devices/b.ts').B;`, 'layers/imports'],
    ['core/a.ts', `import type { B } from '../devices/b.ts';`, 'layers/imports'],
    ['devices/a.ts', `new URL('../machine/hart.worker.ts', import.meta.url);`, 'layers/imports'],
    ['core/a.ts', `Atomics.load(words, 0);`, 'no-restricted-globals'],
    ['devices/block/a.ts', `Atomics.load(words, 0);`, 'no-restricted-globals'],
    ['machine/a.worker.ts', `Atomics.load(words, 0);`, 'no-restricted-globals'],
    ['machine/a.ts', `indexedDB.open('disk');`, 'no-restricted-globals'],
    ['app/a.tsx', `globalThis.indexedDB.open('disk');`, 'no-restricted-properties'],
    ['app/a.tsx', `new SharedArrayBuffer(8);`, 'no-restricted-globals'],
    ['core/a.ts', `Math.random();`, 'no-restricted-properties'],
    ['machine/a.ts', `self.onmessage = null;`, 'no-restricted-globals'],
    ['machine/a.ts', `new Worker(new URL('./hart.ts', import.meta.url));`, 'no-restricted-syntax'],
    ['machine/a.ts', `new Worker('./hart.worker.ts');`, 'no-restricted-syntax'],
    ['cli/a.ts', `import { parentPort } from 'node:worker_threads';`, 'no-restricted-imports'],
  ])('%s: %s is rejected by %s', async (path, code, rule) => {
    expect(await lint(path, code)).toEqual([rule]);
  });

  test.each([
    ['core/shared/a.ts', `Atomics.load(words, 0);`],
    ['core/a.test.ts', `Atomics.load(words, 0);`],
    ['devices/block/a.ts', `indexedDB.open('disk');`],
    ['machine/a.worker.ts', `self.onmessage = null;`],
    ['machine/a.ts', `new Worker(new URL('./hart.worker.ts', import.meta.url), { type: 'module' });`],
  ])('%s: %s is accepted', async (path, code) => {
    expect(await lint(path, code)).toEqual([]);
  });
});
