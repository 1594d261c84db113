// A machine in a link: made, copied, opened by somebody else, and what is refused.

import { expect, test, type Page } from '@playwright/test';
import { Vm } from './support/vm.ts';

test.describe.configure({ timeout: 180_000 });

const linkOf = (machine: unknown): string => `./#m1.${Buffer.from(JSON.stringify(machine)).toString('base64url')}`;
const heading = (page: Page, name: string) => page.getByRole('heading', { name });

test('a shared machine runs its script for whoever opens the link, on a disk of its own', async ({ browser }) => {
  const maker = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  const { page } = await Vm.open(await maker.newPage());
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('spinbutton', { name: 'Memory' }).fill('256');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByRole('textbox', { name: 'Title' }).fill('Where am I?');
  await page
    .getByRole('textbox', { name: 'Script to run after boot' })
    .fill('echo "hello from $(uname -m)" | tee /root/hello\n');
  await page.getByRole('button', { name: 'Copy the link' }).click();
  await expect(page.getByText('Copied.')).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await maker.close();

  const opener = await browser.newContext();
  const vm = await Vm.open(await opener.newPage(), link);
  await expect(heading(vm.page, 'Where am I?')).toBeVisible();
  await expect(vm.page.locator('pre')).toContainText('echo "hello from $(uname -m)"');
  await expect(vm.page.getByText('256 MiB of memory')).toBeVisible();
  await expect(vm.status).toHaveText('Off');

  await vm.page.getByRole('button', { name: 'Start, and run the script' }).click();
  await vm.waitForText(/\nhello from riscv64\n/, 90_000);
  await vm.waitForPrompt();
  expect(Number(await vm.run("awk '/MemTotal/ { print $2 }' /proc/meminfo"))).toBeLessThan(256 * 1024);
  expect((await vm.figures()).disk.id).toMatch(/^link-/);

  // Another link that comes while a machine runs is shown before anything of it runs.
  await vm.page.goto(linkOf({ s: 'echo surprise' }));
  await expect(vm.status).toHaveText('Running');
  await vm.type('poweroff\n');
  await expect(vm.page.locator('pre')).toHaveText('echo surprise', { timeout: 60_000 });
  await expect(vm.page.getByRole('button', { name: 'Start again' })).toBeHidden();
  await opener.close();
});

test.describe('a hostile link', () => {
  test('is refused with the reason, and the page lives on', async ({ page }) => {
    for (const [what, link, reason] of [
      ['a kernel from elsewhere', linkOf({ k: 'https://evil.example/Image' }), 'evil.example'],
      ['a command hidden in the command line', linkOf({ a: 'tabhyve.run=cm0gLXJmIC8' }), 'hides a command'],
      ['what this page does not know', linkOf({ z: 1 }), 'does not know'],
      ['more memory than there can be', linkOf({ m: 1e6 }), 'from 64 to 3072'],
      ['its end cut off', './#m1.eyJz', 'damaged'],
      ['a later version', './#m9.e30', 'newer tabhyve'],
      ['no machine', './#<script>alert(1)</script>', 'does not describe a machine'],
    ] as const) {
      await test.step(what, async () => {
        await page.goto(link);
        await expect(heading(page, 'This link cannot be opened')).toBeVisible();
        await expect(page.getByRole('alert')).toContainText(reason);
        await page.getByRole('button', { name: 'Go to your own machine' }).click();
        await expect(heading(page, 'Debian, in this tab')).toBeVisible();
        await expect(page.getByRole('banner').getByRole('button', { name: 'Start', exact: true })).toBeEnabled();
        expect(new URL(page.url()).hash).toBe('');
      });
    }
  });

  test('is shown with nothing invisible in it', async ({ page }) => {
    await page.goto(linkOf({ s: 'echo \u202eneddih', t: '\u202e<b>title</b>' }));
    await expect(heading(page, '⟦U+202E⟧<b>title</b>')).toBeVisible();
    await expect(page.locator('pre')).toHaveText('echo ⟦U+202E⟧neddih');
  });

  test('with a script that no command line can hold says so, and still starts without it', async ({ page }) => {
    const vm = await Vm.open(page, linkOf({ s: 'x'.repeat(700) }));
    await page.getByRole('button', { name: 'Start, and run the script' }).click();
    await expect(page.getByRole('alert')).toContainText('too long');
    await expect(page.getByRole('button', { name: 'Start without the script' })).toBeEnabled();
    await expect(vm.status).toHaveText('Off');
  });
});

test('hostile storage does not keep the page from working', async ({ page }) => {
  await page.addInitScript(() => {
    localStorage.setItem('tabhyve.machine', '{"memoryMiB":-1,"cpus":"9","cmdline":["x"]}');
    localStorage.setItem('tabhyve.preferences', '}{');
  });
  await page.goto('./');
  await expect(page.getByText('512 MiB of memory')).toBeVisible();
});
