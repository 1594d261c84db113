import { expect, test } from '@playwright/test';
import { BOOT, Vm } from './support/vm.ts';

test.setTimeout(240_000);

test('the walk-through fills the disk, trims it, and sees it shrink', async ({ page }) => {
  const vm = await Vm.open(page);
  await page.getByRole('button', { name: 'Take the walk-through' }).click();
  const tour = page.getByRole('region', { name: 'Walk-through' });
  const now = tour.locator('[aria-current="step"]');
  const typeIt = tour.getByRole('button', { name: 'Type it for me' });

  await expect(now).toContainText('Start the machine');
  await vm.start();
  await expect(now).toContainText('Fill the disk', { timeout: BOOT });
  await typeIt.click();
  await expect(now).toContainText('Delete the file', { timeout: 120_000 });
  await typeIt.click();
  await expect(now).toContainText('Trim', { timeout: 30_000 });
  await typeIt.click();
  await expect(tour.getByRole('status')).toContainText('That was all', { timeout: 60_000 });
});
