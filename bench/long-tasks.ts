// node --import tsx bench/long-tasks.ts [VISITS]: tasks of the page's thread that took longer than 50 ms, from the visit to the
// guest's prompt, each visit in a browser that was not here before. Milliseconds since the visit, and what they took.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { findHostTool } from '../cli/tasks/host-tools.ts';
import { freePort } from '../cli/tasks/free-port.ts';
import { startPlainBrowser } from '../e2e/support/plain-browser.ts';
import { serveStatic } from '../e2e/support/static-server.ts';
import { temporaryFolder } from '../e2e/support/temporary-folder.ts';
import { Vm } from '../e2e/support/vm.ts';
import { prepareImages } from '../guest/index.ts';

const visits = Number(process.argv[2] ?? 5);
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

for (let visit = 1; visit <= visits; visit++) {
  const browser = await startPlainBrowser({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.context.newPage();
  await page.addInitScript(() => {
    const tasks: string[] = [];
    Object.assign(globalThis, { tasks });
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) {
        tasks.push(`${Math.round(duration)} at ${Math.round(startTime)}`);
      }
    }).observe({ type: 'longtask', buffered: true });
  });
  const vm = await Vm.open(page, `http://localhost:${port}/`);
  await vm.boot();
  const tasks = await page.evaluate(() => (globalThis as unknown as { tasks: readonly string[] }).tasks);
  console.log(`visit ${visit}: ${tasks.join(', ') || 'none'}`);
  await browser.close();
}
server.close();
