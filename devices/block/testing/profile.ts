/** Browsers with a profile on disk: what is private lies in memory, and in another engine. */

import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type LaunchOptions, type Page } from '@playwright/test';
import { openBlank } from './in-page.ts';

/** Bytes of a block of LevelDB's log. */
const LOG_BLOCK = 32768;

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

/**
 * Holds what Chromium keeps of an origin in a profile, as a browser does that was killed and has not ended; a folder in place of
 * a lock, which one process can have, does the same. Returns what lets go of it.
 */
export function holdStorage(profile: string, origin: string): () => void {
  const locks = [join(databases(profile, origin), 'LOCK'), join(profile, 'Default/File System/000/t/Paths/LOCK')];
  for (const lock of locks) {
    rmSync(lock);
    mkdirSync(lock);
  }
  return () => {
    for (const lock of locks) rmdirSync(lock);
  };
}

/** Ends the log of the origin's databases within a record, as a browser does that is killed while it writes there. */
export function tearLog(profile: string, origin: string): void {
  const log = logOf(profile, origin);
  // A record: its checksum in 4 bytes, its length in 2, its kind, 1 for one that is not in pieces. None goes over a block's end.
  const header = Buffer.from([0, 0, 0, 0, 0xff, 0x03, 1]);
  const left = LOG_BLOCK - (statSync(log).size % LOG_BLOCK);
  if (left < 0x3ff + header.length) appendFileSync(log, Buffer.alloc(left));
  appendFileSync(log, Buffer.concat([header, randomBytes(100)]));
}

/** Damages the log of the origin's databases so that Chromium does not take it. */
export function damageLog(profile: string, origin: string): void {
  const log = logOf(profile, origin);
  const bytes = readFileSync(log);
  // Of the first record.
  bytes[0] ^= 0xff;
  writeFileSync(log, bytes);
}

function logOf(profile: string, origin: string): string {
  const folder = databases(profile, origin);
  // An older one may be there yet.
  const logs = readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .sort();
  return join(folder, logs.at(-1) ?? '');
}

/** Where Chromium has the databases of an origin. */
function databases(profile: string, origin: string): string {
  const { protocol, hostname, port } = new URL(origin);
  return join(profile, 'Default/IndexedDB', `${protocol.slice(0, -1)}_${hostname}_${port}.indexeddb.leveldb`);
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
