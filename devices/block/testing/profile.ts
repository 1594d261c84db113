/** Browsers with a profile on disk: what is private lies in memory, and in another engine. */

import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type LaunchOptions, type Page } from '@playwright/test';
import { openBlank } from './in-page.ts';

export interface Started {
  readonly browser: BrowserContext;
  /** Blank, of the origin. */
  readonly page: Page;
}

/** Starts a browser with the profile that `action` has, as often as it likes. */
export type Start = () => Promise<Started>;

/** `origin` ends in a slash; `profile` is a folder. When the action has ended, its browsers are closed and the profile is deleted. */
export async function withProfile(
  options: LaunchOptions,
  origin: string,
  action: (start: Start, profile: string) => Promise<void>,
): Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), 'tabhyve-profile-'));
  const started: BrowserContext[] = [];
  try {
    await action(async () => {
      const browser = await chromium.launchPersistentContext(profile, { ...options, headless: true });
      started.push(browser);
      const page = browser.pages()[0] ?? (await browser.newPage());
      await openBlank(page, origin);
      return { browser, page };
    }, profile);
  } finally {
    await Promise.allSettled(started.map((browser) => browser.close()));
    // One that was killed leaves processes that write for a moment yet.
    await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** The browser's main process ends at once, and is gone; the others follow it. */
export async function killBrowser(browser: BrowserContext): Promise<void> {
  const client = await browser.browser()?.newBrowserCDPSession();
  const { processInfo } = (await client?.send('SystemInfo.getProcessInfo')) ?? { processInfo: [] };
  const main = processInfo.find(({ type }) => type === 'browser');
  if (main === undefined) throw new Error('The browser has no process.');
  process.kill(main.id, 'SIGKILL');
  // It lets go of its databases and of the profile when the kernel has taken it apart, not when it is told to.
  while (lives(main.id)) await new Promise((resolve) => setTimeout(resolve, 10));
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
