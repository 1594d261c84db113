// Ways in which a machine in a page comes to a sudden end.

import type { Page } from '@playwright/test';

/** The page's process ends as if it had been killed; returns when the browser has noticed. */
export async function killTab(page: Page): Promise<void> {
  const crashed = page.waitForEvent('crash');
  const session = await page.context().newCDPSession(page);
  await Promise.race([session.send('Page.crash').catch(() => undefined), crashed]);
  await crashed;
}

/** The machine's worker, which has the disk, ends behind whatever it does now; the page stays. */
export async function killWorker(page: Page): Promise<void> {
  const worker = page.workers().find((each) => each.url().includes('machine.worker'));
  if (worker === undefined) throw new Error('The page has no machine worker.');
  const ended = worker.waitForEvent('close');
  await worker.evaluate(() => (globalThis as unknown as { close(): void }).close());
  await ended;
}
