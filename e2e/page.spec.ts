// What the page does without a machine: settings, files, colours, and what it says where no machine can run.

import { expect, test } from '@playwright/test';
import { Vm } from './support/vm.ts';

test('settings are checked, kept, and restored', async ({ page }) => {
  await Vm.open(page);
  const settings = page.getByRole('button', { name: 'Settings' });
  const memory = page.getByRole('spinbutton', { name: 'Memory' });
  const save = page.getByRole('button', { name: 'Save' });
  await settings.click();
  await memory.fill('63');
  await expect(page.getByText('It must be from 64 to 3072.')).toBeVisible();
  await expect(save).toBeDisabled();
  await memory.fill('1024');
  await page.getByRole('spinbutton', { name: 'Processors' }).fill('2');
  await save.click();
  await expect(settings).toBeFocused();
  await expect(page.getByText('1 GiB of memory')).toBeVisible();

  await page.reload();
  await expect(page.getByText('2 processors')).toBeVisible();
  await settings.click();
  await page.getByRole('button', { name: 'Restore the defaults' }).click();
  await save.click();
  await expect(page.getByText('512 MiB of memory')).toBeVisible();
});

test("files of one's own are told by their content", async ({ page }) => {
  await Vm.open(page);
  await page.getByRole('button', { name: 'Files', exact: true }).click();
  const kernel = Buffer.alloc(8192);
  kernel.write('RSC\x05', 56);
  await page.getByLabel('Drop files here').setInputFiles([
    { name: 'Image', mimeType: '', buffer: kernel },
    { name: 'disk.img.zst', mimeType: '', buffer: Buffer.from('28b52ffd00', 'hex') },
    { name: 'small.cpio', mimeType: '', buffer: Buffer.from('070701') },
  ]);
  const list = page.getByRole('list', { name: 'Chosen files' });
  await expect(list).toContainText('Linux kernel for RISC-V');
  await expect(list).toContainText('initramfs (cpio)');
  await expect(list).toContainText('It will be imported, since what is compressed is not read in place');
  await expect(page.getByRole('button', { name: 'Import and use' })).toBeEnabled();
  await page.getByRole('button', { name: 'Remove disk.img.zst' }).click();
  await page.getByRole('button', { name: 'Use these files' }).click();
  await expect(page.getByRole('heading', { name: 'Your own machine' })).toBeVisible();

  await page.getByRole('button', { name: 'Share' }).click();
  await expect(page.getByRole('dialog')).toContainText('a link cannot carry files');
});

test('a kernel that is none is refused with what it is, and the page goes on', async ({ page }) => {
  const vm = await Vm.open(page);
  await page.getByRole('button', { name: 'Files', exact: true }).click();
  await page
    .getByLabel('Drop files here')
    .setInputFiles({ name: 'page.html', mimeType: '', buffer: Buffer.from('<!doctype html>'.padEnd(1024)) });
  await page.getByRole('combobox', { name: 'Use page.html as' }).selectOption('Kernel');
  await page.getByRole('button', { name: 'Use these files' }).click();
  await vm.start();
  await expect(page.getByRole('alert')).toContainText('not a kernel');
  await expect(vm.status).toHaveText('Off');
  await expect(vm.button('Start')).toBeEnabled();
});

test('a file that is dropped anywhere opens the dialog', async ({ page }) => {
  await Vm.open(page);
  const drop = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(['070701'], 'dropped.cpio'));
    return transfer;
  });
  await page.dispatchEvent('body', 'dragover', { dataTransfer: drop });
  await expect(page.getByText('Drop a kernel, an initramfs, a disk or firmware')).toBeVisible();
  await page.dispatchEvent('body', 'drop', { dataTransfer: drop });
  await expect(page.getByRole('dialog', { name: 'Your own files' })).toContainText('dropped.cpio');
});

test('colours follow the system, or the person', async ({ page }) => {
  const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  await Vm.open(page);
  const light = await background();
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(background).not.toBe(light);
  await page.getByRole('button', { name: 'Colours: as the system' }).click();
  await expect.poll(background).toBe(light);
  await page.reload();
  await expect.poll(background).toBe(light);
});

test('nothing lies outside of the window, however narrow', async ({ page }) => {
  await Vm.open(page);
  for (const width of [1400, 1399, 1280, 1279, 900, 899, 760, 759, 360]) {
    await page.setViewportSize({ width, height: 640 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  }
  for (const name of ['Settings', 'Files', 'Disks', 'Share', 'Help']) {
    await page.getByRole('button', { name, exact: true }).click();
    const box = await page.getByRole('dialog').boundingBox();
    expect(box?.x, name).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 0), name).toBeLessThanOrEqual(360);
    expect((box?.y ?? 0) + (box?.height ?? 0), name).toBeLessThanOrEqual(640);
    await page.keyboard.press('Escape');
  }
});

test('nothing moves when the machine is started', async ({ page }) => {
  const vm = await Vm.open(page);
  const places = () =>
    page
      .getByRole('button', { name: /Reset|Power off|Settings/ })
      .evaluateAll((buttons) => buttons.map((button) => button.getBoundingClientRect().x));
  const before = await places();
  await vm.start();
  await expect(vm.status).toHaveText('Running', { timeout: 60_000 });
  expect(await places()).toEqual(before);
});

test('a site without guest images says so, and takes a kernel', async ({ page }) => {
  await page.route('**/guest/images.json', (route) => route.fulfill({ status: 404 }));
  await Vm.open(page);
  await expect(page.getByRole('alert')).toContainText('This site has no guest images.');
  await expect(page.getByRole('button', { name: 'Use your own files' })).toBeEnabled();
});

for (const [name, remedy] of [
  ['indexedDB', /IndexedDB\..*Leave private browsing/],
  ['SharedArrayBuffer', /SharedArrayBuffer\..*Cross-Origin-Opener-Policy/],
  ['WebAssembly', /WebAssembly with threads\..*make an exception/],
] as const) {
  test(`a browser without ${name} is told what to do`, async ({ page }) => {
    await page.addInitScript((name) => Reflect.deleteProperty(globalThis, name), name);
    await page.goto('./');
    await expect(page.getByRole('status')).toContainText('This browser cannot run the machine');
    await expect(page.getByRole('listitem')).toHaveText(remedy);
  });
}
