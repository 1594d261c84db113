// Takes the pictures of the README from the running page: node --import tsx e2e/support/take-screenshots.ts URL

import { fileURLToPath } from 'node:url';
import { chromium, type BrowserContextOptions } from '@playwright/test';
import { findHostTool } from '../../cli/tasks/host-tools.ts';
import { Vm } from './vm.ts';

const folder = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const url = process.argv[2] ?? 'http://localhost:5173/';
const executablePath = findHostTool('chromium');
if (executablePath === undefined) throw new Error('There is no Chromium.');
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });

/** Opens the page in a window of its own, lets something be done there, and takes the picture. */
async function take(name: string, look: BrowserContextOptions, act: (vm: Vm) => Promise<void>): Promise<void> {
  const context = await browser.newContext(look);
  const vm = await Vm.open(await context.newPage(), url);
  await act(vm);
  await vm.page.waitForTimeout(1000);
  await vm.page.screenshot({ path: `${folder}${name}.png` });
  await context.close();
}

const desktop = { width: 1280, height: 800 };
const phone = { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true };

await take('running-light', { viewport: desktop, colorScheme: 'light' }, async (vm) => {
  await vm.boot();
  await vm.type('uname -a; df -h /; ls /\n');
  await vm.waitForText(/vda[^]*root@[^]*#$/);
  await vm.type(`python3 -c 'for n in range(90, 100): print(f"2^{n} = {2 ** n:,}")'\n`);
  await vm.waitForText(/2\^99 = [^]*#$/);
});

await take('walk-through-dark', { viewport: desktop, colorScheme: 'dark' }, async (vm) => {
  await vm.page.getByRole('button', { name: 'Take the walk-through' }).click();
  await vm.boot();
  const now = vm.page.locator('[aria-current="step"]');
  for (const next of ['Delete the file', 'Trim']) {
    await vm.page.getByRole('button', { name: 'Type it for me' }).click();
    await now.filter({ hasText: next }).waitFor({ timeout: 120_000 });
  }
});

await take('phone-dark', { ...phone, colorScheme: 'dark' }, async (vm) => {
  await vm.boot();
  await vm.page.getByRole('button', { name: 'Figures' }).click();
  await vm.type('echo $((6 * 7))\n');
  await vm.waitForText(/\n42\n/);
});

await take('link-dark', { ...phone, colorScheme: 'dark' }, async (vm) => {
  const machine = {
    t: 'Holes in files',
    s: '# A file that is mostly not there\ntruncate -s 1G hole\nls -lh hole\ndu -h hole\n',
  };
  await vm.page.goto(`${url}#m1.${Buffer.from(JSON.stringify(machine)).toString('base64url')}`);
});

await take('disks-light', { viewport: desktop, colorScheme: 'light' }, async (vm) => {
  const { page } = vm;
  await vm.boot();
  await vm.type('poweroff\n');
  await page.getByRole('button', { name: 'Start again' }).waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Disks', exact: true }).click();
  const name = async (action: string, disk: string): Promise<void> => {
    await page.getByRole('button', { name: action }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill(disk);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Dismiss' }).click();
  };
  await page.getByRole('button', { name: /^The default machine/ }).click();
  await name('Duplicate…', 'Operating systems, prepared');
  await page.getByRole('button', { name: /^Operating systems/ }).click();
  await name('New disk over it…', 'Exercise 3');
  await page.getByRole('button', { name: /^Exercise 3/ }).click();
  await page.getByRole('button', { name: 'Export…' }).click();
});

await browser.close();
