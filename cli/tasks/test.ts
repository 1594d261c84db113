// `npm test`: runs every suite, whatever the others do, and ends with one line that sums them.

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  countPlaywright,
  countVitest,
  settle,
  sum,
  summaryLine,
  type Counts,
  type PlaywrightReport,
  type VitestReport,
} from './counts.ts';
import { ensureHostTools, MissingHostTool, testTools } from './host-tools.ts';

const usage = `Usage: npm test [-- SUITE...]

Runs the named suites, by default all: types lint unit integration browser
`;

const root = fileURLToPath(new URL('../..', import.meta.url));
/** A folder of this run's own: several runs can go on at once. It stays when something failed. */
const results = join('test-results', `run-${process.pid}`);
/** A suite that takes longer, in milliseconds, hangs: all together must fit into half an hour. */
const PATIENCE = 20 * 60_000;

interface Suite {
  readonly command: readonly string[];
  /** Run beside its neighbours that say the same, with its output printed at its end. */
  readonly beside?: boolean;
  /** Whether it starts machines, and so needs guest images and host tools. */
  readonly needsHost?: boolean;
  /** Reads the suite's report; a suite without one counts as one test. */
  readonly count?: () => Counts;
  readonly env?: NodeJS.ProcessEnv;
}

function readReport(name: string): unknown {
  return JSON.parse(readFileSync(join(root, results, name), 'utf8'));
}

function vitest(project: string): Pick<Suite, 'command' | 'count'> {
  const report = `${project}.json`;
  const outputs = ['--reporter=default', '--reporter=json', `--outputFile.json=${join(results, report)}`];
  return {
    command: ['node_modules/vitest/vitest.mjs', 'run', '--project', project, ...outputs],
    count: () => countVitest(readReport(report) as VitestReport),
  };
}

const suites: Record<string, Suite> = {
  types: { command: ['cli/tasks/typecheck.mjs'], beside: true },
  lint: { command: ['cli/tasks/lint.mjs'], beside: true },
  unit: vitest('unit'),
  integration: { ...vitest('integration'), needsHost: true },
  browser: {
    command: ['node_modules/@playwright/test/cli.js', 'test', '--config', 'e2e', '--reporter=list,json'],
    env: {
      TABHYVE_E2E_RESULTS: join(results, 'browser'),
      PLAYWRIGHT_JSON_OUTPUT_NAME: join(root, results, 'browser.json'),
    },
    count: () => countPlaywright(readReport('browser.json') as PlaywrightReport),
    needsHost: true,
  },
};

/** Resolves to the exit status; null when the suite was killed or did not start. */
function execute(name: string, { command, env, beside }: Suite): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, command, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: beside ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    });
    const output: Buffer[] = [];
    child.stdout?.on('data', (bytes: Buffer) => output.push(bytes));
    child.stderr?.on('data', (bytes: Buffer) => output.push(bytes));
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    const finish = (status: number | null): void => {
      clearTimeout(timer);
      if (beside) console.log(`── ${name}`);
      process.stdout.write(Buffer.concat(output));
      resolve(status);
    };
    child.on('error', () => finish(null));
    child.on('close', (status) => finish(status));
  });
}

async function run(name: string, suite: Suite): Promise<Counts> {
  if (!suite.beside) console.log(`── ${name}`);
  const status = await execute(name, suite);
  if (suite.count === undefined) return settle({ passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1 }, status);
  try {
    return settle(suite.count(), status);
  } catch (error) {
    console.error(`The suite ${name} left no report: ${(error as Error).message}`);
    return settle(undefined, status);
  }
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !(name in suites));
  if (unknown.length > 0) {
    console.error(`npm test: there is no suite ${unknown.join(', ')}\n\n${usage}`);
    return 2;
  }
  const chosen = Object.entries(suites).filter(([name]) => names.length === 0 || names.includes(name));
  const counts = new Map<string, Counts>();
  mkdirSync(join(root, results), { recursive: true });

  if (chosen.some(([, suite]) => suite.needsHost)) {
    try {
      ensureHostTools(testTools, console.log);
      // Imported here, so that a recipe that does not load fails this and no other suite.
      const { prepareImages } = await import('../../guest/index.ts');
      await prepareImages({ log: console.log });
    } catch (error) {
      console.error(`npm test: ${(error as Error).message}`);
      counts.set('preparation', { passed: 0, failed: 1 });
      if (error instanceof MissingHostTool) chosen.length = 0;
    }
  }
  const together = chosen.filter(([, suite]) => suite.beside);
  await Promise.all(together.map(async ([name, suite]) => counts.set(name, await run(name, suite))));
  for (const [name, suite] of chosen.filter(([, suite]) => !suite.beside)) counts.set(name, await run(name, suite));

  console.log();
  for (const [name, count] of counts) console.log(`${name.padEnd(12)} ${summaryLine(count)}`);
  const total = sum([...counts.values()]);
  if (total.failed === 0) rmSync(join(root, results), { recursive: true, force: true });
  else console.log(`Reports and traces are in ${results}/.`);
  console.log(summaryLine(total));
  return total.failed === 0 ? 0 : 1;
}

const args = process.argv.slice(2);
if (args.includes('--help')) console.log(usage);
else process.exitCode = await main(args);
