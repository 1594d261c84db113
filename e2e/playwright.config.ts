import { defineConfig } from '@playwright/test';
import { findHostTool } from '../cli/tasks/host-tools.ts';
import { freePort } from '../cli/tasks/free-port.ts';

// Playwright reads this file again in each of its processes: what the first one chose reaches the others by the
// environment. Ports are free ones, so that several runs can go on at once.
process.env['TABHYVE_E2E_DEV_PORT'] ??= String(await freePort());
process.env['TABHYVE_E2E_SITE_PORT'] ??= String(await freePort());
process.env['TABHYVE_E2E_RESULTS'] ??= `test-results/browser-${process.pid}`;

const { TABHYVE_E2E_DEV_PORT: devPort, TABHYVE_E2E_SITE_PORT: sitePort, TABHYVE_E2E_RESULTS: results } = process.env;
const chromium = findHostTool('chromium');
if (chromium === undefined) throw new Error('There is no Chromium: `npm test` installs it, or set TABHYVE_CHROMIUM.');

const root = new URL('..', import.meta.url).pathname;

export default defineConfig({
  testDir: root,
  testMatch: ['e2e/**/*.spec.ts', '*/**/*.browser.test.ts'],
  testIgnore: ['**/node_modules/**', '**/dist/**', '**/.cache/**'],
  outputDir: `${root}/${results}`,
  forbidOnly: true,
  retries: 0,
  // Machines under test use both cores of a small host: one page at a time.
  workers: 1,
  timeout: 60_000,
  reporter: [['list']],
  projects: [{ name: 'chromium' }],
  use: {
    baseURL: `http://localhost:${devPort}/`,
    browserName: 'chromium',
    headless: true,
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: chromium,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    },
  },
  webServer: [
    {
      name: 'development server',
      command: `node --import tsx e2e/support/serve-development.ts ${devPort}`,
      cwd: root,
      url: `http://localhost:${devPort}/`,
      gracefulShutdown: { signal: 'SIGTERM', timeout: 5_000 },
      reuseExistingServer: false,
    },
    {
      name: 'built site',
      command: `node --import tsx e2e/support/serve-built-site.ts ${sitePort}`,
      cwd: root,
      url: `http://localhost:${sitePort}/some/folder/`,
      timeout: 180_000,
      gracefulShutdown: { signal: 'SIGTERM', timeout: 5_000 },
      reuseExistingServer: false,
    },
  ],
});
