// Disks as things that a person manages: imported from images, started from, exported, deleted.

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { memorySource, openImage, writeImage, type ImageFormat } from '../devices/image/index.ts';
import { qemuImg } from './support/qemu-img.ts';
import { BOOT, Vm } from './support/vm.ts';

const MIB = 2 ** 20;
const WORK = 60_000;

let folder = '';
test.beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tabhyve-disks-'));
});
test.afterAll(() => rmSync(folder, { recursive: true }));

/** A disk with a text at its beginning, and data here and there. */
function makeDisk(text: string): Buffer {
  const disk = Buffer.alloc(24 * MIB);
  disk.write(text);
  for (const at of [1, 9, 17]) randomBytes(MIB).copy(disk, at * MIB + 512);
  return disk;
}

/** The disk in a file of that format, by the project's own writer. */
async function imageFile(disk: Buffer, format: ImageFormat, name: string): Promise<string> {
  const path = join(folder, name);
  const parts: Buffer[] = [];
  for await (const extent of writeImage(await openImage(memorySource(disk)), { format })) {
    parts.push(extent.kind === 'data' ? Buffer.from(extent.bytes) : Buffer.alloc(extent.length));
  }
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

const dialog = (page: Page) => page.getByRole('dialog', { name: 'Disks' });
/** The disk of that name. */
const item = (page: Page, name: string) =>
  dialog(page)
    .getByRole('listitem')
    .filter({ has: page.getByRole('button', { name: new RegExp(`^${name} \\d`) }) });
const unfold = (page: Page, name: string): Promise<void> =>
  item(page, name)
    .getByRole('button', { name: new RegExp(`^${name} `) })
    .click();

async function openDisks(page: Page): Promise<void> {
  await page.getByRole('banner').getByRole('button', { name: 'Disks' }).click();
  await expect(dialog(page).getByRole('region', { name: 'Space' })).toBeVisible();
}

async function importFile(page: Page, path: string): Promise<void> {
  await dialog(page).getByLabel('Import disk images').setInputFiles(path);
}

/** Exports the unfolded disk. */
async function exportAs(page: Page, format: string): Promise<void> {
  await dialog(page).getByRole('button', { name: 'Export…' }).click();
  await dialog(page).getByRole('radio', { name: format, exact: true }).check();
  await dialog(page).getByRole('button', { name: 'Export', exact: true }).click();
}

/** The browser's own dialog cannot be driven: what stands in for it chooses a file of the same kind. */
async function choosesFiles(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const showSaveFilePicker = async ({ suggestedName }: { suggestedName: string }) =>
      (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true });
    Object.assign(globalThis, { showSaveFilePicker });
  });
}

/** Brings a chosen file out of the browser. */
async function chosenFile(page: Page, name: string): Promise<string> {
  const downloading = page.waitForEvent('download');
  await page.evaluate(async (name) => {
    const root = await navigator.storage.getDirectory();
    const link = document.createElement('a');
    link.href = URL.createObjectURL(await (await root.getFileHandle(name)).getFile());
    link.download = name;
    link.click();
  }, name);
  const path = join(folder, name);
  await (await downloading).saveAs(path);
  return path;
}

const databases = (page: Page): Promise<string[]> =>
  page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name ?? ''));
const diskDatabases = async (page: Page): Promise<string[]> =>
  (await databases(page)).filter((name) => name.startsWith('tabhyve-disk-'));

test('an image is imported, started from, written to, and exported as it then is', async ({ page }) => {
  test.setTimeout(3 * BOOT);
  const disk = makeDisk('hello from the image\n');
  const image = await imageFile(disk, 'qcow2', 'homework.qcow2');
  await choosesFiles(page);
  const vm = await Vm.open(page);
  await openDisks(page);
  await importFile(page, image);
  await expect(dialog(page)).toContainText('homework.qcow2 is the disk “homework” now, of 24 MiB.', { timeout: WORK });
  await dialog(page).getByRole('button', { name: 'Start from it' }).click();
  await expect(item(page, 'homework')).toContainText('The machine’s');
  await page.keyboard.press('Escape');
  await expect(page.getByText('the disk “homework”')).toBeVisible();

  await page.getByRole('button', { name: 'Settings' }).click();
  await expect(page.getByRole('dialog')).toContainText('The machine starts from “homework”');
  await page.getByRole('textbox', { name: 'Kernel command line' }).fill('console=hvc0');
  await page.getByRole('button', { name: 'Save' }).click();
  await vm.start();
  await vm.waitForText(/\(initrd\) #$/, BOOT);
  await vm.type('head -n 1 /dev/vda\n');
  await vm.waitForText(/\nhello from the image\n/);
  await vm.type('printf "changed in the guest" > /dev/vda; sync; echo writ""ten\n');
  await vm.waitForText(/\nwritten\n/);

  // As long as it is open, nothing but looking is possible.
  await openDisks(page);
  await unfold(page, 'homework');
  await expect(dialog(page)).toContainText('A machine, in this tab or another, has it open');
  await expect(dialog(page).getByRole('button', { name: 'Export…' })).toBeDisabled();
  await page.keyboard.press('Escape');
  await vm.button('Power off').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Power off' }).click();
  await expect(vm.status).toHaveText('Off');

  disk.write('changed in the guest');
  const raw = join(folder, 'expected.img');
  writeFileSync(raw, disk);
  await openDisks(page);
  await unfold(page, 'homework');
  await exportAs(page, 'qcow2');
  await expect(dialog(page)).toContainText('homework.qcow2 is written', { timeout: WORK });
  const exported = await chosenFile(page, 'homework.qcow2');
  qemuImg('check', exported);
  qemuImg('compare', '-f', 'qcow2', '-F', 'raw', exported, raw);
  await exportAs(page, 'raw');
  await expect(dialog(page)).toContainText('homework.img is written', { timeout: WORK });
  expect(readFileSync(await chosenFile(page, 'homework.img')).equals(disk)).toBe(true);

  // It grows under the running guest.
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Start again' }).click();
  await vm.waitForText(/changed[^]*\(initrd\) #$|written[^]*\(initrd\)[^]*\(initrd\) #$/, BOOT);
  await openDisks(page);
  await unfold(page, 'homework');
  await dialog(page).getByRole('button', { name: 'Make larger…' }).click();
  await dialog(page).getByRole('spinbutton', { name: 'New size' }).fill('2');
  await page.keyboard.press('Enter');
  await expect(dialog(page)).toContainText('“homework” has 2 GiB now.');
  await page.keyboard.press('Escape');
  await vm.type('cat /sys/block/vda/size\n');
  await vm.waitForText(/\n4194304\n/);
});

test('disks are made, named, duplicated, moved, and laid over each other', async ({ page }) => {
  test.setTimeout(2 * WORK);
  const disk = makeDisk('at the bottom');
  await choosesFiles(page);
  await Vm.open(page);
  await openDisks(page);
  await importFile(page, await imageFile(disk, 'raw', 'bottom.img'));
  await expect(dialog(page)).toContainText('is the disk “bottom” now', { timeout: WORK });
  const act = async (action: string): Promise<void> =>
    dialog(page).getByRole('button', { name: action, exact: true }).click();
  const name = async (name: string): Promise<void> => {
    await dialog(page).getByRole('textbox', { name: 'Name' }).fill(name);
    await page.keyboard.press('Enter');
  };

  await act('New disk over it…');
  await name('top');
  await expect(dialog(page)).toContainText('“top” lies over “bottom” now.');
  await expect(item(page, 'bottom')).toContainText('It stays as it is as long as others lie over it: “top”.');
  for (const action of ['Start from it', 'Reset…', 'Delete…']) {
    await expect(dialog(page).getByRole('button', { name: action })).toBeDisabled();
  }
  await act('Duplicate…');
  await name('a copy');
  await expect(dialog(page)).toContainText('“a copy” has all that is on “bottom”.', { timeout: WORK });
  await unfold(page, 'a copy');
  await act('Move…');
  await act('Move');
  await expect(dialog(page)).toContainText('“a copy” is kept in a file of the browser now.', { timeout: WORK });
  await expect(item(page, 'a copy')).toContainText('100 chunks');
  const firstCell = (of: string) => dialog(page).getByRole('slider', { name: `Map of ${of}` });
  await expect(firstCell('a copy')).toHaveAttribute('aria-valuetext', /^0 – .*: Allocated$/);
  await act('Rename…');
  await name('moved');
  await expect(dialog(page)).toContainText('“a copy” is “moved” now.');
  await exportAs(page, 'raw');
  await expect(dialog(page)).toContainText('moved.img is written', { timeout: WORK });
  expect(readFileSync(await chosenFile(page, 'moved.img')).equals(disk)).toBe(true);

  // What is over the other is whole when it is exported.
  await unfold(page, 'top');
  await expect(firstCell('top')).toHaveAttribute('aria-valuetext', /^0 – .*: Base image$/);
  await exportAs(page, 'qcow2');
  await expect(dialog(page)).toContainText('top.qcow2 is written', { timeout: WORK });
  const exported = await chosenFile(page, 'top.qcow2');
  qemuImg('check', exported);
  qemuImg('compare', '-f', 'qcow2', '-F', 'raw', exported, join(folder, 'bottom.img'));

  await act('New…');
  await dialog(page).getByRole('radio', { name: 'A file of the browser' }).check();
  await dialog(page).getByRole('textbox', { name: 'Name' }).fill('fresh');
  await act('Make it');
  await expect(dialog(page)).toContainText('“fresh” is made, of 1 GiB.');
  await expect(item(page, 'fresh')).toContainText('0 B of 1 GiB');
});

test('the disk of the default machine is exported whole, with the image that it lies over', async ({ page }) => {
  test.setTimeout(2 * BOOT + WORK);
  await choosesFiles(page);
  const vm = await Vm.open(page);
  await vm.boot();
  await vm.run('echo "from the guest" > /root/note && sync');
  await vm.type('poweroff\n');
  await expect(vm.status).toHaveText('Halted', { timeout: WORK });
  await openDisks(page);
  await unfold(page, 'The default machine');
  await exportAs(page, 'qcow2');
  await expect(dialog(page)).toContainText('The-default-machine.qcow2 is written', { timeout: BOOT });
  const exported = await chosenFile(page, 'The-default-machine.qcow2');
  qemuImg('check', exported);
  const raw = join(folder, 'default.img');
  qemuImg('convert', '-O', 'raw', exported, raw);
  const run = (command: string, ...args: string[]) => spawnSync(command, args, { encoding: 'utf8' });
  expect(run('e2fsck', '-fn', raw).status).toBe(0);
  expect(run('debugfs', '-R', 'cat /root/note', raw).stdout).toBe('from the guest\n');
  expect(run('debugfs', '-R', 'cat /etc/hostname', raw).stdout).toBe('tabhyve\n');
});

test('where a page cannot write files, an exported disk is a download, whose copy goes with the page', async ({
  page,
}) => {
  test.setTimeout(2 * WORK);
  const disk = makeDisk('downloaded');
  const image = await imageFile(disk, 'gzip', 'small.img.gz');
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'showSaveFilePicker'));
  await Vm.open(page);
  await openDisks(page);
  await importFile(page, image);
  await expect(dialog(page)).toContainText('small.img.gz is the disk “small” now', { timeout: WORK });
  for (const [format, ending] of [
    ['raw, by zstd', 'img.zst'],
    ['raw', 'img'],
  ] as const) {
    const downloading = page.waitForEvent('download', { timeout: WORK });
    await exportAs(page, format);
    const download = await downloading;
    expect(download.suggestedFilename()).toBe(`small.${ending}`);
    const path = join(folder, `downloaded.${ending}`);
    await download.saveAs(path);
    if (format === 'raw') expect(readFileSync(path).equals(disk)).toBe(true);
  }
  const copies = (): Promise<number> =>
    page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      const names: string[] = [];
      for await (const name of (await root.getDirectoryHandle('tabhyve-exports')).keys()) names.push(name);
      return names.length;
    });
  expect(await copies()).toBe(2);
  await page.reload();
  await openDisks(page);
  await expect.poll(copies).toBe(0);
});

test('an import that is cancelled, or whose page is closed, leaves nothing', async ({ page }) => {
  test.setTimeout(2 * WORK);
  const path = join(folder, 'large.img');
  writeFileSync(path, randomBytes(256 * MIB));
  await Vm.open(page);
  await openDisks(page);
  const importing = dialog(page).getByRole('group', { name: 'Importing large.img' });
  const begin = async (): Promise<void> => {
    await importFile(page, path);
    await expect(importing).toContainText(/[1-9]\d? %/, { timeout: WORK });
    expect(await diskDatabases(page)).toHaveLength(1);
  };

  await begin();
  await importing.getByRole('button', { name: 'Cancel' }).click();
  await expect(importing).toBeHidden({ timeout: WORK });
  await expect(dialog(page)).toContainText('There are none yet.');
  expect(await diskDatabases(page)).toEqual([]);

  await begin();
  page.on('dialog', (question) => void question.accept());
  await page.reload();
  await openDisks(page);
  await expect(dialog(page)).toContainText('There are none yet.');
  await expect.poll(() => diskDatabases(page)).toEqual([]);
});

test('an image that is dropped on the page becomes the disk of the machine; a damaged one does not', async ({
  page,
}) => {
  const disk = makeDisk('dropped');
  await Vm.open(page);
  const drop = async (path: string, length: number, name: string): Promise<void> => {
    const content = readFileSync(path).subarray(0, length).toString('base64');
    const transfer = await page.evaluateHandle(
      ([content, name]) => {
        const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], name));
        return transfer;
      },
      [content, name],
    );
    await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
  };
  const use = page.getByRole('button', { name: 'Import and use' });

  // That it is a disk shows by what is in it.
  await drop(await imageFile(disk, 'gzip', 'a.gz'), 2 * MIB, 'dropped.gz');
  await expect(page.getByRole('dialog')).toContainText('disk image, compressed by gzip');
  await use.click();
  await expect(dialog(page).getByRole('alert')).toContainText('damaged', { timeout: WORK });
  await expect(dialog(page)).toContainText('There are none yet.');
  await page.keyboard.press('Escape');

  await drop(await imageFile(disk, 'qcow2', 'a.qcow2'), Infinity, 'dropped.qcow2');
  await page.getByRole('checkbox', { name: 'Import the disk' }).check();
  await use.click();
  await expect(dialog(page)).toContainText('is the disk “dropped” now', { timeout: WORK });
  await page.keyboard.press('Escape');
  await expect(page.getByText('the disk “dropped”')).toBeVisible();

  // Deleted, it is no more what the machine starts from.
  await openDisks(page);
  await item(page, 'dropped')
    .getByRole('button', { name: /^dropped/ })
    .press('Enter');
  await dialog(page).getByRole('button', { name: 'Delete…' }).press('Enter');
  await expect(dialog(page).getByRole('button', { name: 'Delete', exact: true })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog(page)).toContainText('“dropped” is deleted.');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('heading', { name: 'Debian, in this tab' })).toBeVisible();
});
