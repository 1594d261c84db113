// Two tabs and one disk: the second is told, and may read it only, or wait until the first lets go of it.

import { expect, test } from '@playwright/test';
import { BOOT, Vm } from './support/vm.ts';

test('a disk that another tab uses is only read, or waited for', async ({ context }) => {
  test.setTimeout(4 * BOOT);
  const first = await Vm.open(await context.newPage());
  await first.boot();
  await first.run('echo "of the first tab" > /root/note && sync');

  const second = await Vm.open(await context.newPage());
  const { page } = second;
  await second.start();
  await expect(page.getByRole('alert')).toContainText('another tab of this browser');
  await page.getByRole('button', { name: 'Only read it' }).click();
  await second.waitForPrompt();
  expect(await second.run('cat /root/note')).toBe('of the first tab');
  expect((await second.try('touch /root/other')).output).toContain('Read-only file system');
  await second.button('Power off').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Power off' }).click();
  await expect(second.status).toHaveText('Off');

  await second.start();
  await page.getByRole('button', { name: 'Start when it is free' }).click();
  await expect(page.getByText('Wait for the disk, and start')).toBeVisible();
  await first.run('echo "and more" >> /root/note && sync');
  await first.page.close();
  await expect(second.status).toHaveText('Running', { timeout: BOOT });
  await second.waitForPrompt();
  expect(await second.run('cat /root/note')).toBe('of the first tab\nand more');
});
