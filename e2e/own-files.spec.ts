// A person's own kernel, initramfs and disk, from files on their computer.

import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test, type Page } from '@playwright/test';
import { prepareImages, type Images } from '../guest/index.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { BOOT, Vm } from './support/vm.ts';

test.describe.configure({ timeout: 180_000 });

let images: Images;
test.beforeAll(async () => {
  images = await prepareImages({ log: () => undefined });
});

async function give(page: Page, files: Parameters<ReturnType<Page['locator']>['setInputFiles']>[0]): Promise<void> {
  await page.getByRole('button', { name: 'Files', exact: true }).click();
  await page.getByLabel('Drop files here').setInputFiles(files);
  await page.getByRole('button', { name: 'Use these files' }).click();
}

test('a kernel and an initramfs start without anything of the site', async ({ page }) => {
  await page.route('**/guest/**', (route) => route.fulfill({ status: 404 }));
  const vm = await Vm.open(page);
  await give(page, [images.kernel, images.initrd]);
  await expect(page.getByText('Made of Image, initrd.cpio.')).toBeVisible();
  await vm.start();
  await vm.waitForText(/no root= on the kernel command line\.[^]*\(initrd\) #$/, BOOT);
  await vm.type('cat /proc/cmdline; ls -d /dev/vd*\n');
  // The empty disk that a kernel of one's own is given.
  await vm.waitForText(/\nconsole=hvc0\n\/dev\/vda\n/);
});

for (const kept of [false, true]) {
  test(`a disk image is booted in place, and what was written is ${kept ? 'kept in the browser' : 'forgotten'}`, async ({
    page,
  }) => {
    const vm = await Vm.open(page);
    await page.getByRole('button', { name: 'Files', exact: true }).click();
    await page.getByLabel('Drop files here').setInputFiles(images.root);
    await page.getByRole('checkbox', { name: 'Keep what the guest writes' }).setChecked(kept);
    await page.getByRole('button', { name: 'Use these files' }).click();
    await vm.boot();
    await vm.run('echo changed > /root/changed && sync');
    await vm.type('poweroff\n');
    await expect(vm.status).toHaveText('Halted', { timeout: 60_000 });
    await page.getByRole('button', { name: 'Start again' }).click();
    await vm.waitForText(/(?:Debian GNU[^]*){2}root@tabhyve:~#$/, BOOT);
    expect((await vm.try('test -e /root/changed')).status).toBe(kept ? 0 : 1);
  });
}

test('a qcow2 image is booted in place', async ({ page }) => {
  const image = join(temporaryFolder(), 'disk.qcow2');
  const runner = fileURLToPath(new URL('../cli/tabhyve.mjs', import.meta.url));
  await promisify(execFile)(process.execPath, [runner, 'disk', 'convert', images.root, image]);
  const vm = await Vm.open(page);
  await give(page, image);
  await expect(page.getByText('Made of disk.qcow2.')).toBeVisible();
  await vm.boot();
  expect(await vm.run('blockdev --getsize64 /dev/vda')).toBe(String(statSync(images.root).size));
});

test('a kernel that does nothing but fault ends with the reason, and the page goes on', async ({ page }) => {
  const vm = await Vm.open(page);
  const kernel = Buffer.alloc(1 << 20);
  kernel.write('RISCV\0\0\0RSC\x05', 48, 'latin1');
  kernel.writeBigUInt64LE(0x200000n, 8);
  kernel.writeBigUInt64LE(BigInt(kernel.length), 16);
  await give(page, { name: 'faulty', mimeType: '', buffer: kernel });
  await vm.start();
  await expect(vm.status).toHaveText('Crashed', { timeout: 30_000 });
  await expect(page.getByRole('main')).toContainText(/trap|nowhere|instruction/i);
  await expect(page.getByRole('button', { name: 'Start again' })).toBeEnabled();
});
