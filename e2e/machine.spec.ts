// One machine, booted once, through all that a person does with it; then again after a reload.

import { createHash } from 'node:crypto';
import { expect, test, type BrowserContext } from '@playwright/test';
import { BOOT, Vm } from './support/vm.ts';

test.describe.configure({ mode: 'serial', timeout: 180_000 });

let context: BrowserContext;
let vm: Vm;

test.beforeAll(async ({ browser }) => {
  context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  vm = await Vm.open(await context.newPage());
});
test.afterAll(() => context.close());

test('boots Debian to a shell', async () => {
  await expect(vm.status).toHaveText('Off');
  await vm.start();
  await expect(vm.page.getByRole('heading', { name: 'Loading the machine' })).toBeVisible();
  await expect(vm.status).toHaveText('Running', { timeout: BOOT });
  await vm.waitForPrompt();
  await expect(vm.console).toBeFocused();
  await expect(vm.page).toHaveTitle('Running · tabhyve');
});

test('runs what is typed', async () => {
  expect(await vm.run('uname -m')).toBe('riscv64');
  expect(await vm.run('echo $((6 * 7))')).toBe('42');
  expect(await vm.run('cat /etc/debian_version')).toMatch(/^13/);
  expect((await vm.try('false')).status).toBe(1);
});

test('shows what the machine does and occupies', async () => {
  const before = await vm.figures();
  expect(before.instructions).toBeGreaterThan(100e6);
  await vm.run('i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); done');
  const after = await vm.figures();
  expect(after.instructions - before.instructions).toBeGreaterThan(1e6);
  await expect(vm.page.getByRole('meter', { name: 'Memory touched' })).not.toHaveAttribute('aria-valuenow', '0');
  // The guest may write between the two looks.
  await expect.poll(async () => (await vm.chunks()) - (await vm.figures()).disk.allocatedChunks).toBe(0);
});

test('tells the guest how large the console is', async () => {
  for (const [width, height] of [
    [1000, 700],
    [390, 780],
    [1280, 720],
  ]) {
    await vm.page.setViewportSize({ width, height });
    const size = async (): Promise<string> => {
      const { rows, columns } = await vm.page.evaluate(() => window.tabhyve?.size() ?? { rows: 0, columns: 0 });
      return `${rows} ${columns}`;
    };
    // The page fits the console once the window has its new size.
    await vm.page.waitForTimeout(500);
    await expect.poll(() => vm.run('stty size')).toBe(await size());
  }
});

test('takes a paste of 10,000 characters whole', async () => {
  const line = (n: number): string => `${n} ${'0123456789abcdefghijklmnopqrstuvwxyz'.repeat(3)}`.slice(0, 79);
  const text = Array.from({ length: 125 }, (_, n) => `${line(n)}\n`).join('');
  expect(text).toHaveLength(10_000);

  // It ends by itself when it has all of them.
  await vm.type('echo "go"; head -c 10000 > pasted\n');
  await vm.waitForText(/\ngo$/);
  await vm.page.evaluate((text) => navigator.clipboard.writeText(text), text);
  await vm.page.keyboard.press('Control+Shift+V');
  await vm.waitForPrompt();
  const sum = createHash('sha256').update(text).digest('hex');
  expect(await vm.run('sha256sum < pasted; wc -c < pasted')).toBe(`${sum}  -\n10000`);
});

test('pauses, and goes on where it was', async () => {
  await vm.button('Pause').click();
  await expect(vm.status).toHaveText('Paused');
  const paused = await vm.figures();
  await vm.page.waitForTimeout(1000);
  expect((await vm.figures()).instructions).toBe(paused.instructions);
  await vm.button('Resume').click();
  await expect(vm.status).toHaveText('Running');
  expect(await vm.run('echo awake')).toBe('awake');
});

test('searches the console, and keeps the guest out of it', async () => {
  await vm.run('echo needle; echo needle');
  await vm.page.keyboard.press('Control+Shift+F');
  const search = vm.page.getByRole('search');
  await search.getByRole('textbox').fill('@begin');
  await expect(search.getByRole('status')).toHaveText(/\d+ of \d+/);
  await vm.page.keyboard.press('Escape');
  await expect(search).toBeHidden();
  await expect(vm.console).toBeFocused();
});

test('leaves the console by the keyboard alone', async () => {
  await vm.page.keyboard.press('Control+Shift+E');
  await expect(vm.button('Pause')).toBeFocused();
  await vm.page.keyboard.press('Control+Shift+E');
  await expect(vm.console).toBeFocused();
});

test('gives the space of deleted files back', async () => {
  const MiB = 64;
  const chunksOfFile = (MiB * 2 ** 20) / (await vm.figures()).disk.chunkSize;
  const empty = await vm.chunks();
  await vm.run(`dd if=/dev/urandom of=/var/tmp/fill bs=1M count=${MiB} conv=fsync && sync`, 120_000);
  const extents = Number(/(\d+) extents? found/.exec(await vm.run('filefrag /var/tmp/fill'))?.[1]);
  // An extent that begins or ends within a chunk shares it with others.
  const expected = chunksOfFile - 2 * extents;
  expect((await vm.chunks()) - empty).toBeGreaterThanOrEqual(expected);

  await vm.run('rm /var/tmp/fill && sync');
  const full = await vm.chunks();
  expect(full - empty).toBeGreaterThanOrEqual(expected);
  await vm.run('fstrim -v /', 60_000);
  await expect.poll(async () => full - (await vm.chunks())).toBeGreaterThanOrEqual(expected);
});

test('is not started twice from one disk', async () => {
  const second = await Vm.open(await context.newPage());
  await second.start();
  await expect(second.page.getByRole('alert')).toContainText('another tab');
  await expect(second.status).toHaveText('Off');
  await second.page.close();
  expect(await vm.run('echo still here')).toBe('still here');
});

test('has its files again after a reload', async () => {
  await vm.run('echo "kept through a reload" > /root/note && sync');
  await vm.page.reload();
  vm = await Vm.open(vm.page);
  await vm.boot();
  expect(await vm.run('cat /root/note')).toBe('kept through a reload');
});

test('asks before it is reset after something was typed, and boots again', async () => {
  await vm.button('Reset').click();
  const dialog = vm.page.getByRole('dialog', { name: 'Reset the machine?' });
  await dialog.getByRole('button', { name: 'Reset' }).click();
  await expect(vm.status).toHaveText('Running', { timeout: BOOT });
  // The greeting of the first boot is still there.
  await vm.waitForText(/(?:Debian GNU[^]*){2}root@tabhyve:~#$/, BOOT);
  expect(await vm.run('cat /root/note')).toBe('kept through a reload');
});

test('says that the guest has powered off, and starts again', async () => {
  await vm.type('poweroff\n');
  await expect(vm.status).toHaveText('Halted', { timeout: 60_000 });
  await expect(vm.page.getByText('The guest powered off.')).toBeVisible();
  // What the guest printed last can still be read.
  expect(await vm.text()).toContain('poweroff');
  await vm.page.getByRole('button', { name: 'Start again' }).click();
  await expect(vm.status).toHaveText('Running', { timeout: BOOT });
});

test('is switched off without a question while nobody has typed', async () => {
  await vm.button('Power off').click();
  await expect(vm.status).toHaveText('Off');
});
