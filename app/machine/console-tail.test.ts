import { expect, test } from 'vitest';
import { ConsoleTail } from './console-tail.ts';

function tailOf(...texts: readonly string[]): ConsoleTail {
  const tail = new ConsoleTail();
  for (const text of texts) tail.push(new TextEncoder().encode(text));
  return tail;
}

test('a coloured prompt with bracketed paste is a prompt', () => {
  const prompt = '\x1b[?2004h\x1b[1;32mroot@tabhyve\x1b[0m:\x1b[1;34m~\x1b[0m# ';
  expect(tailOf('Welcome\r\n', prompt).atPrompt).toBe(true);
  expect(tailOf('Welcome\r\n', prompt, 'ls').atPrompt).toBe(false);
  expect(tailOf('100% ').atPrompt).toBe(false);
});

test('a character that comes in two pieces is one', () => {
  const tail = new ConsoleTail();
  const bytes = new TextEncoder().encode('é');
  tail.push(bytes.subarray(0, 1));
  tail.push(bytes.subarray(1));
  expect(tail.since(0)).toBe('é');
});

test('what was printed since a mark, and no more than is kept', () => {
  const tail = tailOf('before\r\n');
  const { mark } = tail;
  tail.push(new TextEncoder().encode('\x1b]0;title\x07after\n'));
  expect(tail.since(mark)).toBe('after\n');
  tail.push(new TextEncoder().encode('x'.repeat(100_000)));
  expect(tail.since(mark)).toHaveLength(8192);
});
