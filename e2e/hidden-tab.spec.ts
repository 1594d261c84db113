// A machine in a tab that another one hides: its time goes on, and it wakes by itself.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@playwright/test';
import { startPlainBrowser, type PlainBrowser } from './support/plain-browser.ts';
import { Vm } from './support/vm.ts';

test.describe.configure({ mode: 'serial', timeout: 180_000 });

/** How long the tab is hidden, in seconds, and how long the guest sleeps in it. */
const HIDDEN = 20;
const [SLEEPS, SLEEP] = [3, 2];
/** What a busy host may add. */
const SLACK = 10;

let browser: PlainBrowser;
let vm: Vm;

test.beforeAll(async ({ launchOptions, baseURL }) => {
  browser = await startPlainBrowser(launchOptions);
  vm = await Vm.open(await browser.context.newPage(), baseURL);
  await vm.boot();
});
test.afterAll(() => browser.close());

const visibility = (): Promise<string> => vm.page.evaluate(() => document.visibilityState);
/** Seconds by the guest's clocks: since its boot, and since 1970. */
const clocks = async (): Promise<readonly number[]> =>
  (await vm.run("echo $(cut -d' ' -f1 /proc/uptime) $(date +%s.%N)")).split(' ').map(Number);

test('a guest in a hidden tab keeps time, and wakes by itself', async () => {
  const before = { host: Date.now() / 1000, guest: await clocks() };
  // A signal's handler, sleep after sleep, and some output.
  const work = [
    `woke() { echo $1 $(cut -d' ' -f1 /proc/uptime) >>/run/woke; }`,
    `trap 'woke alarm' ALRM`,
    `{ sleep ${SLEEP}; kill -ALRM $$; } & for i in $(seq ${SLEEPS}); do sleep ${SLEEP}; woke slept; done`,
    'seq 5000',
    'woke printed',
    'echo all "over"',
  ];
  await vm.type(`${work.join('; ')}\n`);

  expect(await visibility()).toBe('visible');
  const other = await browser.context.newPage();
  await other.bringToFront();
  await expect.poll(visibility).toBe('hidden');
  await sleep(HIDDEN * 1000);
  expect(await visibility()).toBe('hidden');

  await vm.page.bringToFront();
  await expect.poll(visibility).toBe('visible');
  await vm.waitForText(/\n4999\n5000\nall over\n/, 60_000);
  await other.close();
  await vm.waitForPrompt();

  const after = { guest: await clocks(), host: Date.now() / 1000 };
  const passed = after.host - before.host;
  after.guest.forEach((now, i) => {
    expect(now - before.guest[i]).toBeGreaterThan(HIDDEN - 1);
    expect(now - before.guest[i]).toBeLessThan(passed + 1);
  });

  const woke = (await vm.run('cat /run/woke')).split('\n').map((line) => line.split(' '));
  const times = (what: string): number[] =>
    woke.filter(([name]) => name === what).map(([, time]) => Number(time) - before.guest[0]);
  expect(times('alarm')).toHaveLength(1);
  expect(times('slept')).toHaveLength(SLEEPS);
  times('slept').forEach((time, i) => {
    expect(time).toBeGreaterThan((i + 1) * SLEEP - 0.1);
    expect(time).toBeLessThan((i + 1) * SLEEP + SLACK);
  });
});

test('is as good as new when it is shown again', async () => {
  expect(await vm.run('echo $((6 * 7))')).toBe('42');
});
