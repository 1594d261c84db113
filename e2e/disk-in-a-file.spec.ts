// The default machine with its disk in a file of the origin private file system, through crashes of its tab.

import { expect, test, type Page } from '@playwright/test';
import { killTab } from './support/kill.ts';
import { BOOT, Vm } from './support/vm.ts';

const MIB = 2 ** 20;

const fileSize = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('tabhyve-disks');
    return (await (await folder.getFileHandle('default')).getFile()).size;
  });

test('a disk in a file keeps what was flushed, and gives its space back', async ({ context }) => {
  test.setTimeout(4 * BOOT);
  const page = await context.newPage();
  let vm = await Vm.open(page);
  await vm.keepNewDisksInFile();
  await vm.boot();
  await vm.run('echo "kept through a crash" > /root/note && sync');

  const second = await Vm.open(await context.newPage());
  await second.start();
  await expect(second.page.getByRole('alert')).toContainText('another tab');
  await second.page.close();

  await killTab(page);
  vm = await Vm.open(await context.newPage());
  await vm.boot();
  expect(await vm.run('cat /root/note')).toBe('kept through a crash');

  const empty = await fileSize(vm.page);
  expect(empty).toBeGreaterThan(0);
  const fill =
    'dd if=/dev/urandom of=/var/tmp/fill bs=1M count=64 conv=fsync && md5sum /var/tmp/fill > /root/sum && sync';
  await vm.run(fill, 120_000);
  expect(await fileSize(vm.page)).toBeGreaterThan(empty + 60 * MIB);

  await killTab(vm.page);
  vm = await Vm.open(await context.newPage());
  await vm.boot();
  await vm.run('md5sum -c /root/sum', 60_000);
  await vm.run('rm /var/tmp/fill && sync && fstrim /', 60_000);
  await expect.poll(() => fileSize(vm.page), { timeout: 30_000 }).toBeLessThan(empty + 8 * MIB);
});
