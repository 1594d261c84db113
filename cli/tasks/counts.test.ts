import { describe, expect, test } from 'vitest';
import { countPlaywright, countVitest, settle, sum, summaryLine } from './counts.ts';

const file = (status: 'passed' | 'failed', ...tests: string[]) => ({
  status,
  assertionResults: tests.map((test) => ({ status: test })),
});

describe('vitest', () => {
  test('counts tests, not files', () => {
    const report = { testResults: [file('passed', 'passed', 'passed'), file('failed', 'passed', 'failed')] };
    expect(countVitest(report)).toEqual({ passed: 3, failed: 1 });
  });

  test('a file that does not load is one failure', () => {
    expect(countVitest({ testResults: [file('failed')] })).toEqual({ passed: 0, failed: 1 });
  });

  test('a hook that fails after its tests passed is one failure', () => {
    expect(countVitest({ testResults: [file('failed', 'passed')] })).toEqual({ passed: 1, failed: 1 });
  });

  test.each(['pending', 'skipped', 'todo'])('a test that is %s has failed', (status) => {
    expect(countVitest({ testResults: [file('passed', 'passed', status)] })).toEqual({ passed: 1, failed: 1 });
  });
});

test('Playwright: skipped and flaky tests have failed, and so has each file that does not load', () => {
  const report = { stats: { expected: 4, unexpected: 1, flaky: 1, skipped: 1 }, errors: [{}] };
  expect(countPlaywright(report)).toEqual({ passed: 4, failed: 4 });
});

describe('a suite', () => {
  test('that ends well keeps its counts', () => {
    expect(settle({ passed: 3, failed: 0 }, 0)).toEqual({ passed: 3, failed: 0 });
  });

  test('that ends badly has failed once at least', () => {
    expect(settle({ passed: 3, failed: 0 }, 1)).toEqual({ passed: 3, failed: 1 });
    expect(settle({ passed: 3, failed: 2 }, 1)).toEqual({ passed: 3, failed: 2 });
  });

  test('that was killed, ran nothing or left no report has failed', () => {
    expect(settle({ passed: 3, failed: 0 }, null)).toEqual({ passed: 3, failed: 1 });
    expect(settle({ passed: 0, failed: 0 }, 0)).toEqual({ passed: 0, failed: 1 });
    expect(settle(undefined, 0)).toEqual({ passed: 0, failed: 1 });
  });
});

test('the last line sums the suites', () => {
  expect(
    summaryLine(
      sum([
        { passed: 3, failed: 0 },
        { passed: 4, failed: 2 },
      ]),
    ),
  ).toBe('7 passed, 2 failed');
});
