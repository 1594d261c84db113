// Chromium as a person has it. Playwright's own pages believe that they are seen and have the focus, whatever stands in front of
// them, and are never throttled; here another tab in front makes `document.visibilityState` 'hidden'.

import { chromium, type Browser, type BrowserContext, type LaunchOptions } from '@playwright/test';
import { freePort } from '../../cli/tasks/free-port.ts';

const BACKGROUND = ['renderer-backgrounding', 'backgrounding-occluded-windows', 'background-timer-throttling'];

export interface PlainBrowser {
  readonly browser: Browser;
  readonly context: BrowserContext;
  close(): Promise<void>;
}

/** Starts it as Playwright would, and drives it from outside. */
export async function startPlainBrowser({ args = [], ...options }: LaunchOptions): Promise<PlainBrowser> {
  const port = await freePort();
  const browser = await chromium.launch({
    ...options,
    args: [...args, `--remote-debugging-port=${port}`],
    ignoreDefaultArgs: BACKGROUND.map((name) => `--disable-${name}`),
  });
  const plain = await chromium.connectOverCDP(`http://localhost:${port}`, { noDefaults: true });
  return {
    browser: plain,
    context: plain.contexts()[0],
    async close() {
      await plain.close();
      await browser.close();
    },
  };
}
