// The page on its two kinds of server: with the headers that isolate it, and without.

import { gzipSync } from 'node:zlib';
import { expect, test, type Page } from '@playwright/test';
import { Vm } from './support/vm.ts';

const isolated = (page: Page): Promise<boolean> => page.evaluate(() => crossOriginIsolated);

test('the page is isolated and offers the machine', async ({ page }) => {
  await Vm.open(page);
  await expect(page.getByRole('heading', { name: 'Debian, in this tab' })).toBeVisible();
  expect(await isolated(page)).toBe(true);
});

test.describe('the built site, in a folder of a server that sends no special headers', () => {
  const site = `http://localhost:${process.env['TABHYVE_E2E_SITE_PORT']}/some/folder/`;
  const welcome = (page: Page) => page.getByRole('heading', { name: 'Debian, in this tab' });

  test('isolates itself, at the price of one reload', async ({ page }) => {
    let loads = 0;
    page.on('load', () => (loads += 1));
    await page.goto(site);
    await expect(welcome(page)).toBeVisible();
    expect(await isolated(page)).toBe(true);
    expect(loads).toBe(2);

    await page.reload();
    await expect(welcome(page)).toBeVisible();
    expect(loads).toBe(3);
  });

  test('boots', async ({ page }) => {
    test.setTimeout(120_000);
    const vm = await Vm.open(page, site);
    await vm.boot();
    expect(await vm.run('uname -m')).toBe('riscv64');
  });

  test('takes at most 400 KB of script, gzip, before a guest is chosen', async ({ page }) => {
    // The page reloads itself once, and takes with it what it was sent before.
    const scripts = new Set<string>();
    page.on('response', (response) => {
      if (response.url().endsWith('.js')) scripts.add(response.url());
    });
    await Vm.open(page, site);
    await page.waitForLoadState('networkidle');
    const bodies = await Promise.all([...scripts].map(async (url) => (await page.request.get(url)).body()));
    expect(bodies.length).toBeGreaterThan(2);
    expect(bodies.reduce((sum, body) => sum + gzipSync(body).length, 0)).toBeLessThanOrEqual(400_000);
  });

  test('says what is missing where no service worker may run', async ({ browser }) => {
    const context = await browser.newContext({ serviceWorkers: 'block' });
    const page = await context.newPage();
    await page.goto(site);
    await expect(page.getByRole('status')).toContainText('This browser cannot run the machine');
    await expect(page.getByRole('listitem')).toContainText('SharedArrayBuffer.');
    await context.close();
  });

  test('does not reload for ever when the service worker does not help', async ({ context, page }) => {
    let loads = 0;
    page.on('load', () => (loads += 1));
    await context.route('**/isolation.worker.js', (route) =>
      route.fulfill({ contentType: 'text/javascript', body: '// adds nothing' }),
    );
    await page.goto(site);
    await expect(page.getByRole('status')).toContainText('This browser cannot run the machine');
    expect(loads).toBe(2);
  });
});
