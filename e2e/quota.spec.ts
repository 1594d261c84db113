// The browser has no room left while a guest writes: it loses nothing that was flushed, and goes on when there is room again.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, expect, test, type Page } from '@playwright/test';
import { findHostTool } from '../cli/tasks/host-tools.ts';
import { prepareImages, type Images } from '../guest/index.ts';
import { BOOT, Vm } from './support/vm.ts';

const MIB = 2 ** 20;
/** What the site has besides the disk, and gives up when it is full. */
const BALLAST = 64 * MIB;
/** Until it is full. */
const LEFT = 16 * MIB;

let images: Images;
let folder: string;
let disk: string;
test.beforeAll(async () => {
  images = await prepareImages({ log: () => undefined });
  folder = mkdtempSync(join(tmpdir(), 'tabhyve-quota-'));
  disk = join(folder, 'homework.img');
  writeFileSync(disk, '');
  truncateSync(disk, 256 * MIB);
  const layout = ['-q', '-t', 'ext4', '-J', 'size=4', '-E', 'lazy_itable_init=0,lazy_journal_init=0'];
  execFileSync(findHostTool('e2fsprogs') ?? 'mke2fs', [...layout, disk]);
});
test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

const writeBallast = (page: Page): Promise<void> =>
  page.evaluate(async (bytes) => {
    const root = await navigator.storage.getDirectory();
    const file = await (await root.getFileHandle('ballast', { create: true })).createWritable();
    await file.write(new Uint8Array(bytes).fill(1));
    await file.close();
  }, BALLAST);

const dropBallast = (page: Page): Promise<void> =>
  page.evaluate(async () => (await navigator.storage.getDirectory()).removeEntry('ballast'));

/** Lets the site occupy so many bytes more than it does, and no more. */
async function limit(page: Page, more: number): Promise<void> {
  const usage = await page.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0);
  const session = await page.context().newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', {
    origin: new URL(page.url()).origin,
    quotaSize: usage + more,
  });
}

/** Starts the initial file system's shell, with the disk mounted: there it can be mounted again. */
async function boot(vm: Vm): Promise<void> {
  await vm.page.getByRole('button', { name: 'Files', exact: true }).click();
  await vm.page.getByLabel('Drop files here').setInputFiles([images.kernel, images.initrd, disk]);
  await vm.page.getByRole('checkbox', { name: 'Keep what the guest writes' }).check();
  await vm.page.getByRole('button', { name: 'Use these files' }).click();
  await vm.start();
  await vm.waitForText(/has no \/sbin\/init\.[^]*\(initrd\) #$/, BOOT);
  await vm.type("dmesg -n 1; PS1='root@tabhyve:# '\n");
  await vm.waitForPrompt();
}

const write = (name: string, count: number): string =>
  `dd if=/dev/urandom of=/mnt/${name} bs=1M count=${count} conv=fsync && sha256sum /mnt/${name} > /mnt/${name}.sum && ` +
  `dd if=/mnt/${name}.sum of=/mnt/${name}.sum conv=notrunc,fsync`;
/** Chromium remembers for so long how much room a database has, in milliseconds. */
const REMEMBERED = 31_000;

/** From the disk, not from memory. */
const read = (name: string): string => `echo 3 > /proc/sys/vm/drop_caches; sha256sum -c /mnt/${name}.sum`;

for (const [store, place] of [
  ['IndexedDB', 'a profile'],
  ['a file', 'a profile'],
  // There Chromium keeps files in memory, and does not say when one has not grown.
  ['a file', 'a private window'],
] as const) {
  test(`a full browser costs nothing that was flushed to a disk in ${store}, in ${place}`, async ({
    browser,
    launchOptions,
    baseURL,
  }) => {
    test.setTimeout(3 * BOOT + 600_000);
    const context =
      place === 'a profile'
        ? await chromium.launchPersistentContext(join(folder, store), { ...launchOptions })
        : await browser.newContext();
    try {
      const page = await context.newPage();
      const vm = await Vm.open(page, baseURL);
      if (store === 'a file') await vm.keepNewDisksInFile();
      await writeBallast(page);
      await boot(vm);
      await vm.run(write('homework', 8), 120_000);
      await limit(page, LEFT);
      if (store === 'IndexedDB') await page.waitForTimeout(REMEMBERED);

      const { status, output } = await vm.try(write('more', 160), 180_000);
      expect(status).not.toBe(0);
      expect(output).toMatch(/I\/O error|Input\/output error|No space left|Read-only/i);
      // Whom it happens to is told what to do.
      const notice = page.locator('[aria-live=assertive]');
      await expect(notice).toContainText(/no room left.* fstrim.* delete other disks/);

      await dropBallast(page);
      // What failed before is reported once more, by the first that asks.
      await expect(async () => {
        await vm.try('umount /mnt', 120_000);
        await vm.run('mount -t ext4 /dev/vda /mnt', 120_000);
      }).toPass({ timeout: 120_000 });
      await vm.run(read('homework'));
      await vm.run(`rm -f /mnt/more*; ${write('again', 8)}`, 120_000);
      await vm.run('fstrim /mnt && umount /mnt && mount -t ext4 /dev/vda /mnt', 120_000);
      await vm.run(`${read('homework')} && ${read('again')}`);
    } finally {
      await context.close();
    }
  });
}
