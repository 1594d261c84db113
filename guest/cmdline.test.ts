import { expect, it } from 'vitest';
import { CMDLINE_SIZE, cmdline, cmdlineWords } from './cmdline.ts';

it('leaves room for a script in what the kernel takes', () => {
  expect(cmdline.length).toBeLessThan(CMDLINE_SIZE / 2);
});

it('skips no initcall that the boot hangs without', () => {
  expect(cmdline).not.toContain('param_sysfs');
});

it('explains each word', () => {
  for (const { word, why } of cmdlineWords) expect([word, why.length > 10]).toEqual([word, true]);
});
