import { expect, test } from 'vitest';
import { temporaryFolder } from '../e2e/support/temporary-folder.ts';
import type { Backend } from './backend.ts';
import { programTests, type Bundle } from './guest/index.ts';
import { measure } from './measure.ts';
import { readOptions, type Options } from './options.ts';
import type { Sample } from './sample.ts';

const boot = (value: number): Sample => ({ test: 'boot', group: 'boot', unit: 's', better: 'lower', value });

const options = (...args: string[]): Options => {
  const read = readOptions(args, []);
  if (read === 'help') throw new Error('no options');
  return read;
};

const surroundings = { cache: temporaryFolder(), log: () => undefined };

/** Runs guest programs without running them: `print` says what the guest prints. */
const guest = (name: string, print: (bundle: Bundle) => string): Backend => ({
  ...{ name, description: '', tests: {}, close: async () => undefined },
  programs: { arch: 'riscv64', run: async (bundle) => ({ output: print(bundle) }) },
});

const right = ({ tests }: Bundle): string => tests.map(({ test, check }) => `rate ${test} 5 ${check} 1\n`).join('');

test('backends take turns, and one that fails does not keep the others from being measured', async () => {
  const order: string[] = [];
  const backend = (name: string, take: () => Promise<Sample[]>): Backend => ({
    ...{ name, description: '', close: async () => undefined },
    tests: { boot: async () => (order.push(name), take()) },
  });
  const a = backend('a', async () => [boot(1)]);
  const b = backend('b', () => Promise.reject(new Error('no kernel')));
  const { samples, failures } = await measure([a, b], options('boot', '--rounds', '2'), surroundings);
  expect(order).toEqual(['a', 'b', 'a', 'b']);
  expect(samples).toHaveLength(2);
  expect(failures).toEqual(['boot on b: no kernel']);
});

test('a wrong answer is told, and the tests beside it count', async () => {
  const wrong = guest('wrong', (bundle) => right(bundle).replace(/^(rate vm 5) \w+/m, '$1 0000000000000bad'));
  const backends = [guest('right', right), wrong];
  const { samples, failures } = await measure(backends, options('integer', '--rounds', '1'), surroundings);
  const integer = programTests.filter(({ group }) => group === 'integer').length;
  expect(samples).toHaveLength(2 * integer - 1);
  expect(failures).toEqual([expect.stringMatching(/^integer on wrong: vm has the check 0000000000000bad instead of/)]);
});

test('a quick run is one boot with a part of the tests; a pattern chooses others', async () => {
  const bundles: Bundle[] = [];
  const backend = guest('a', (bundle) => (bundles.push(bundle), right(bundle)));
  await measure([backend], options('--quick'), surroundings);
  await measure([backend], options('integer', '--rounds', '1', '--test', 'crc'), surroundings);
  expect(bundles.map(({ tests }) => tests.length)).toEqual([programTests.filter(({ quick }) => quick).length, 2]);
  expect(bundles[1].script).toBe('export BENCH_WARM_MS=1000 BENCH_MS=1000\n./crc bitwise\n./crc table\ntrue\n');
  expect([...bundles[1].files.keys()]).toEqual(['crc']);
});
