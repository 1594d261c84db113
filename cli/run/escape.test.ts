import { expect, test } from 'vitest';
import { EscapeReader, type EscapeAction } from './escape.ts';

/** What reaches the guest of keys that are typed one chunk after the other, and what is done. */
function type(...chunks: string[]): [guest: string, actions: EscapeAction[]] {
  const actions: EscapeAction[] = [];
  const reader = new EscapeReader((action) => actions.push(action));
  const guest = chunks.map((chunk) => Buffer.from(reader.read(Buffer.from(chunk))).toString());
  return [guest.join(''), actions];
}

test('keys are for the guest, but for Ctrl-A and the next', () => {
  expect(type('ls\r', '\x03')).toEqual(['ls\r\x03', []]);
  expect(type('a\x01xb')).toEqual(['ab', ['quit']]);
  expect(type('a\x01', 'x')).toEqual(['a', ['quit']]);
  expect(type('\x01h\x01?')).toEqual(['', ['help', 'help']]);
  expect(type('\x01\x01\x01zq')).toEqual(['\x01q', []]);
});
