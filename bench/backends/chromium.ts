/** tabhyve in Debian's Chromium, which Playwright drives. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { chromium as playwright } from '@playwright/test';
import { findHostTool } from '../../cli/tasks/host-tools.ts';
import type { Backend, Missing } from '../backend.ts';
import { renderers } from '../processes.ts';
import type { Loop } from '../programs.ts';
import { browserBackend, type Browser } from './browser.ts';

const flags = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];

export async function chromium(loops: readonly Loop[], folder: string): Promise<Backend | Missing> {
  const browser = await startChromium('tabhyve-chromium', join(folder, 'profile'));
  return 'missing' in browser ? browser : browserBackend(browser, loops, join(folder, 'site'));
}

/** @param name of the backend */
export async function startChromium(name: string, profile: string): Promise<Browser | Missing> {
  const executablePath = findHostTool('chromium');
  if (executablePath === undefined) return { name, missing: 'chromium (or set TABHYVE_CHROMIUM)' };
  const version = execFileSync(executablePath, ['--version'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const context = await playwright.launchPersistentContext(profile, { executablePath, headless: true, args: flags });
  return {
    name,
    description: version.trim(),
    rawStore: 'raw store',
    inPage: async (address, action) => {
      const page = await context.newPage();
      try {
        await page.goto(address);
        return await action(page);
      } finally {
        await page.close();
      }
    },
    renderers: () => renderers(profile),
    close: () => context.close(),
  };
}
