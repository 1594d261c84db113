/** The page itself, built and served, for scripts that measure it in Chromium. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { findHostTool } from '../cli/tasks/host-tools.ts';
import { freePort } from '../cli/tasks/free-port.ts';
import { startPlainBrowser, type PlainBrowser } from '../e2e/support/plain-browser.ts';
import { serveStatic } from '../e2e/support/static-server.ts';
import { temporaryFolder } from '../e2e/support/temporary-folder.ts';
import { prepareImages } from '../guest/index.ts';

export interface BuiltPage {
  readonly url: string;
  /** A browser that was not here before. */
  startBrowser(): Promise<PlainBrowser>;
  close(): void;
}

/** Throws where there is no Chromium. */
export async function serveBuiltPage(): Promise<BuiltPage> {
  const executablePath = findHostTool('chromium');
  if (executablePath === undefined) throw new Error('There is no Chromium.');
  await prepareImages({ log: console.error });
  const outDir = join(temporaryFolder(), 'site');
  await build({
    configFile: fileURLToPath(new URL('../vite.config.ts', import.meta.url)),
    build: { outDir },
    logLevel: 'error',
  });
  const port = await freePort();
  const server = await serveStatic(outDir, '/', port);
  return {
    url: `http://localhost:${port}/`,
    startBrowser: () => startPlainBrowser({ executablePath, args: ['--no-sandbox', '--disable-gpu'] }),
    close: () => server.close(),
  };
}
