// What a suite's report adds to the one line that `npm test` ends with.

/** Tests that passed, and tests that did not: a skipped test has not shown anything, so it counts as failed. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** The part of vitest's JSON report that is read here: https://vitest.dev/guide/reporters#json-reporter */
export interface VitestReport {
  readonly testResults: readonly {
    readonly status: 'passed' | 'failed';
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** The part of Playwright's JSON report that is read here: `JSONReport` in its package's types/testReporter.d.ts */
export interface PlaywrightReport {
  readonly stats: {
    readonly expected: number;
    readonly unexpected: number;
    readonly flaky: number;
    readonly skipped: number;
  };
  /** Errors outside of any test, such as a file that does not load. */
  readonly errors: readonly unknown[];
}

export function sum(counts: readonly Counts[]): Counts {
  return counts.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed }), {
    passed: 0,
    failed: 0,
  });
}

export function countVitest(report: VitestReport): Counts {
  return sum(
    report.testResults.map(({ status, assertionResults }) => {
      const passed = assertionResults.filter((test) => test.status === 'passed').length;
      const failed = assertionResults.length - passed;
      // A file can fail without a failed test: when it does not load, or in a hook.
      return { passed, failed: status === 'failed' ? Math.max(failed, 1) : failed };
    }),
  );
}

export function countPlaywright({ stats, errors }: PlaywrightReport): Counts {
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky + stats.skipped + errors.length };
}

/**
 * The counts of a suite that ended with `status`. One that says that it failed, or that ran no test, or that left no
 * report has failed once at least.
 */
export function settle(counts: Counts | undefined, status: number | null): Counts {
  const { passed, failed } = counts ?? { passed: 0, failed: 0 };
  const crashed = status !== 0 || passed + failed === 0;
  return { passed, failed: crashed ? Math.max(failed, 1) : failed };
}

export function summaryLine({ passed, failed }: Counts): string {
  return `${passed} passed, ${failed} failed`;
}
