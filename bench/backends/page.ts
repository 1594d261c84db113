/** The page of tabhyve itself: what a browser loads before a guest is chosen. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import type { Backend } from '../backend.ts';

const configFile = fileURLToPath(new URL('../../vite.config.ts', import.meta.url));

/** The scripts that index.html names, and what they import before they run. */
function initialScripts(site: string): string[] {
  const html = readFileSync(join(site, 'index.html'), 'utf8');
  const found = new Set([...html.matchAll(/(?:src|href)="\.?\/?([^"]+\.js)"/g)].map((match) => match[1]));
  for (const script of found) {
    const source = readFileSync(join(site, script), 'utf8');
    const folder = script.slice(0, script.lastIndexOf('/') + 1);
    const imports = source.matchAll(
      /(?:^|[;}\n])\s*(?:import|export)\s*(?:[\w$*{][^"'();]*?from\s*)?["']\.\/([^"']+\.js)["']/g,
    );
    for (const [, name] of imports) found.add(folder + name);
  }
  return [...found];
}

export function page(folder: string): Backend {
  return {
    name: 'page',
    description: 'the built site',
    tests: {
      page: async () => {
        const outDir = join(folder, 'app');
        await build({ configFile, logLevel: 'error', publicDir: false, build: { outDir } });
        const bytes = initialScripts(outDir).map((name) => gzipSync(readFileSync(join(outDir, name))).length);
        const value = bytes.reduce((sum, each) => sum + each, 0) / 1000;
        return [{ test: 'initial script, gzip', group: 'page', unit: 'kB', better: 'lower', value }];
      },
    },
    close: async () => {},
  };
}
