import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../e2e/support/temporary-folder.ts';
import { rateOf } from './index.ts';
import { makeText, softwareScript, softwareTests } from './software.ts';

test('the text is the same each time, and as long as asked for', () => {
  const text = makeText(10_000);
  expect(text).toHaveLength(10_000);
  expect(makeText(20_000).startsWith(text)).toBe(true);
  expect(text).toMatch(/^([a-z]+ )+[a-z]+\.\n/);
});

test('the script runs the tests that are named, and prints what they print in a guest', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'run'), softwareScript);
  writeFileSync(join(folder, 'text'), makeText(2 ** 21));
  const output = execFileSync('bash', [join(folder, 'run'), 'gzip'], { encoding: 'utf8' });
  const [gzip] = softwareTests.filter((each) => each.test === 'gzip');
  const rate = rateOf(gzip, output);
  expect(rate.value).toBe(rate.seconds);
  expect(rate.value).toBeGreaterThan(0.001);
  expect(output.match(/^rate /gm)).toHaveLength(1);
});
