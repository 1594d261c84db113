import { expect, test } from 'vitest';
import { PanicWatch } from './panic.ts';

/** What is said after a reset that followed this output, which came in pieces of `size` bytes. */
function after(output: string, { size = output.length, failed = false } = {}): string | undefined {
  const watch = new PanicWatch();
  const bytes = new TextEncoder().encode(output);
  for (let at = 0; at < bytes.length; at += size) watch.see(bytes.subarray(at, at + size));
  return watch.message(failed);
}

const panic = '[    0.913245] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n';
const restart = '[    9.100000] reboot: Restarting system\r\n';
const message = 'The kernel panicked: VFS: Unable to mount root fs on unknown-block(0,0)';

test('a panic that resets the machine is told with its reason', () => {
  expect(after(`hello\r\n${panic}[    0.92] CPU: 0 UID: 0\r\n`)).toBe(message);
});

test.each([1, 7, 64])('however the output is cut: %i bytes at a time', (size) => {
  expect(after(panic, { size })).toBe(message);
});

test('with a caller, with a level, and without a time', () => {
  const text = 'Kernel panic - not syncing: x';
  expect(after(`[    1.0][    T1] ${text}\n`)).toBe('The kernel panicked: x');
  expect(after(`<0>[    1.0] ${text}\n`)).toBe('The kernel panicked: x');
  expect(after(text)).toBe('The kernel panicked: x');
});

test('a reboot in good order is none, even after a program printed those words', () => {
  expect(after(restart)).toBeUndefined();
  expect(after(panic + restart)).toBeUndefined();
});

test('the words within a line are none', () => {
  expect(after('$ echo Kernel panic - not syncing: x\r\n')).toBeUndefined();
});

test('a guest that gives failure as its reason is believed', () => {
  expect(after('', { failed: true })).toContain('cannot go on');
});
