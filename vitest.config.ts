import { configDefaults, defineConfig } from 'vitest/config';

// Ends in .browser.test.ts: runs under Playwright, see e2e/playwright.config.ts.
const exclude = [...configDefaults.exclude, '**/*.browser.test.ts'];

export default defineConfig({
  test: {
    allowOnly: false,
    // Threads that a test starts must not outlive it: a process for each test file is ended with all its threads.
    pool: 'forks',
    maxWorkers: 2,
    teardownTimeout: 5_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['*/**/*.test.{ts,tsx}'],
          exclude: [...exclude, '**/*.int.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['*/**/*.int.test.ts'],
          exclude,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
