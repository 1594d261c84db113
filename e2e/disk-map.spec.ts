// The map of the disk beside the console, and its counts, while a guest fills the disk and gives the space back.

import { expect, test } from '@playwright/test';
import { BOOT, Vm } from './support/vm.ts';

const MIB = 2 ** 20;
const FILE = 48 * MIB;

type Figure = 'chunks' | 'base' | 'tombstones' | 'empty' | 'reads' | 'writes' | 'discards' | 'flushes';

/** The figures beside the map, as they are shown. */
async function shown(vm: Vm, ...figures: Figure[]): Promise<number[]> {
  return Promise.all(
    figures.map(async (figure) => {
      const text = await vm.page.locator(`[data-figure="${figure}"]`).first().textContent();
      return Number(text?.replaceAll(',', ''));
    }),
  );
}

/** How many pixels of the map have the colour of a kind, or are on the way to it. */
function painted(vm: Vm, kind: 'allocated' | 'written'): Promise<number> {
  return vm.page.evaluate((kind) => {
    const canvas = document.querySelector<HTMLCanvasElement>('.disk-map canvas');
    const context = canvas?.getContext('2d');
    if (!canvas || !context) return 0;
    const probe = document.createElement('canvas').getContext('2d');
    if (!probe) return 0;
    probe.fillStyle = getComputedStyle(canvas).getPropertyValue(`--map-${kind}`).trim();
    probe.fillRect(0, 0, 1, 1);
    const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) {
      const isNear = Math.abs(data[i] - red) + Math.abs(data[i + 1] - green) + Math.abs(data[i + 2] - blue) < 12;
      if (isNear && data[i + 3] > 200) count++;
    }
    return count;
  }, kind);
}

test('a guest fills the disk, and its fstrim frees it again, on the map and in the counts', async ({ page }) => {
  test.setTimeout(4 * BOOT);
  const vm = await Vm.open(page);
  await vm.boot();
  const map = page.getByRole('slider', { name: 'Map of the disk' });
  await expect(map).toHaveAttribute('aria-valuemax', '1023');

  const { disk } = await vm.figures();
  const chunksOfFile = FILE / disk.chunkSize;
  const all = disk.size / disk.chunkSize;
  await expect.poll(() => shown(vm, 'base').then(([base]) => base)).toBeGreaterThan(1000);
  const [empty, , , , reads, writes] = await shown(vm, 'chunks', 'base', 'tombstones', 'empty', 'reads', 'writes');
  expect(reads).toBeGreaterThan(100);
  const coloured = await painted(vm, 'allocated');

  // While it is written, the map shows where.
  const filling = vm.run(`dd if=/dev/urandom of=/var/tmp/fill bs=1M count=${FILE / MIB} conv=fsync && sync`, 120_000);
  await expect.poll(() => painted(vm, 'written'), { timeout: 120_000, intervals: [50] }).toBeGreaterThan(0);
  await filling;
  const full = async (): Promise<number> => (await shown(vm, 'chunks'))[0] - empty;
  await expect.poll(full).toBeGreaterThan(chunksOfFile * 0.9);
  // When what was written has faded.
  await expect.poll(() => painted(vm, 'allocated')).toBeGreaterThan(coloured);
  const [chunks, base, tombstones, rest] = await shown(vm, 'chunks', 'base', 'tombstones', 'empty');
  expect(chunks + base + tombstones + rest).toBe(all);
  expect((await shown(vm, 'writes'))[0]).toBeGreaterThan(writes);

  const filled = await painted(vm, 'allocated');
  await vm.run('rm /var/tmp/fill && sync && fstrim /', 60_000);
  await expect.poll(full).toBeLessThan(chunksOfFile * 0.1);
  await expect.poll(() => painted(vm, 'allocated')).toBeLessThan(filled);
  const [, discards, flushes] = await shown(vm, 'chunks', 'discards', 'flushes');
  expect(discards).toBeGreaterThan(0);
  expect(flushes).toBeGreaterThan(0);

  // What the image had is hidden when its file is deleted.
  await vm.run('rm -r /usr/lib/python3* && sync && fstrim /', 60_000);
  await expect.poll(() => shown(vm, 'tombstones').then(([holes]) => holes)).toBeGreaterThan(0);
  const after = await shown(vm, 'chunks', 'base', 'tombstones', 'empty');
  expect(after.reduce((sum, count) => sum + count)).toBe(all);
});

test('says what is where to the pointer and to the keyboard, and rests while nobody sees it', async ({ page }) => {
  test.setTimeout(2 * BOOT);
  const vm = await Vm.open(page);
  await vm.boot();
  const map = page.getByRole('slider', { name: 'Map of the disk' });
  await expect(map).toHaveAttribute('aria-valuemax', '1023');
  const tip = page.locator('.disk-map-tip');

  await map.hover({ position: { x: 5 * 3 + 2, y: 2 } });
  await expect(tip).toContainText('3 – 4 MiB');
  await page.getByRole('heading', { name: 'Memory' }).hover();
  await expect(tip).toBeHidden();

  await map.focus();
  for (const key of ['Home', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
  await expect(map).toHaveAttribute('aria-valuetext', /^2 – 3 MiB: \S/);
  await expect(tip).toContainText('2 – 3 MiB');
  await page.keyboard.press('End');
  await expect(map).toHaveAttribute('aria-valuetext', /^1,023 – 1,024 MiB: /);

  // What happens behind a closed panel is there when it is opened again.
  const chunksOf = (mebibytes: number): number => (mebibytes * MIB) / 32768;
  const fill = (name: string, mebibytes: number) =>
    vm.run(`head -c ${mebibytes}M /dev/urandom > /var/tmp/${name} && sync`, 60_000);
  const [before] = await shown(vm, 'chunks');
  await vm.button('Figures').click();
  await expect(map).toHaveCount(0);
  await fill('unseen', 4);
  await vm.button('Figures').click();
  await expect.poll(() => shown(vm, 'chunks').then(([chunks]) => chunks)).toBeGreaterThan(before + chunksOf(3));

  // So it is in a hidden tab, where the map stands still.
  const show = (state: DocumentVisibilityState): Promise<void> =>
    page.evaluate((state) => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);
  await show('hidden');
  const [hidden] = await shown(vm, 'chunks');
  await fill('hidden', 16);
  expect((await shown(vm, 'chunks'))[0]).toBeLessThan(hidden + chunksOf(8));
  await show('visible');
  await expect.poll(() => shown(vm, 'chunks').then(([chunks]) => chunks)).toBeGreaterThan(hidden + chunksOf(14));
});
