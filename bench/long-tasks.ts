// node --import tsx bench/long-tasks.ts [VISITS]: tasks of the page's thread that took longer than 50 ms, from the visit to the
// guest's prompt, each visit in a browser that was not here before. Milliseconds since the visit, and what they took.

import { Vm } from '../e2e/support/vm.ts';
import { serveBuiltPage } from './built-page.ts';

const visits = Number(process.argv[2] ?? 5);
const site = await serveBuiltPage();

for (let visit = 1; visit <= visits; visit++) {
  const browser = await site.startBrowser();
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
  const vm = await Vm.open(page, site.url);
  await vm.boot();
  const tasks = await page.evaluate(() => (globalThis as unknown as { tasks: readonly string[] }).tasks);
  console.log(`visit ${visit}: ${tasks.join(', ') || 'none'}`);
  await browser.close();
}
site.close();
