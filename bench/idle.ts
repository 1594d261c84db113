// node --import tsx bench/idle.ts [SECONDS]: processor time that the page with an idle guest costs, in a tab that is seen and in a
// hidden one, as parts of one core: of the renderer, by its threads, and of the browser's other processes.

import { setTimeout as sleep } from 'node:timers/promises';
import type { CDPSession } from '@playwright/test';
import { Vm } from '../e2e/support/vm.ts';
import { serveBuiltPage } from './built-page.ts';
import { processorSeconds, threadSeconds } from './processes.ts';

/** After the prompt the guest still has things to do, and the curves of a minute to become flat. */
const SETTLE = 75_000;

type Times = ReadonlyMap<string, number>;

/** Seconds of processor time so far, by what had it. */
async function times(session: CDPSession): Promise<Times> {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const sums = new Map<string, number>();
  const add = (name: string, seconds: number): void => void sums.set(name, (sums.get(name) ?? 0) + seconds);
  for (const { type, id } of processInfo) {
    add(type, processorSeconds(id));
    if (type === 'renderer') for (const [name, seconds] of threadSeconds(id)) add(`  ${name}`, seconds);
  }
  return sums;
}

async function measure(what: string, session: CDPSession, seconds: number): Promise<void> {
  const before = await times(session);
  await sleep(seconds * 1000);
  const after = await times(session);
  console.log(what);
  for (const [name, end] of [...after].sort()) {
    const part = (end - (before.get(name) ?? 0)) / seconds;
    if (part > 0) console.log(`${(part * 100).toFixed(2).padStart(6)}% ${name}`);
  }
}

const seconds = Number(process.argv[2] ?? 60);
const site = await serveBuiltPage();
const browser = await site.startBrowser();
const session = await browser.browser.newBrowserCDPSession();

const vm = await Vm.open(await browser.context.newPage(), site.url);
await vm.boot();
await sleep(SETTLE);
await measure('seen', session, seconds);
const other = await browser.context.newPage();
await other.bringToFront();
await sleep(SETTLE);
await measure(await vm.page.evaluate(() => document.visibilityState), session, seconds);
await browser.close();
site.close();
