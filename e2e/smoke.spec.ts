import { expect, test } from '@playwright/test';

const isolated = (): boolean => crossOriginIsolated;

test('the page is isolated and says that the machine could run', async ({ page }) => {
  await page.goto('./');
  await expect(page.getByRole('heading', { name: 'tabhyve' })).toBeVisible();
  await expect(page.getByRole('status')).toContainText('This browser can run the machine.');
  expect(await page.evaluate(isolated)).toBe(true);
});

test.describe('the built site, in a folder of a server that sends no special headers', () => {
  const site = `http://localhost:${process.env['TABHYVE_E2E_SITE_PORT']}/some/folder/`;

  test('isolates itself, at the price of one reload', async ({ page }) => {
    let loads = 0;
    page.on('load', () => (loads += 1));
    await page.goto(site);
    await expect(page.getByRole('status')).toContainText('This browser can run the machine.');
    expect(await page.evaluate(isolated)).toBe(true);
    expect(loads).toBe(2);

    await page.reload();
    await expect(page.getByRole('status')).toContainText('This browser can run the machine.');
    expect(loads).toBe(3);
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
