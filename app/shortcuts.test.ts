import { expect, test } from 'vitest';
import { commandOf, keysOf, shortcuts } from './shortcuts.ts';

const press = (key: string, held: Partial<Record<'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey', boolean>>) =>
  commandOf({ key, ctrlKey: false, shiftKey: false, altKey: false, metaKey: false, ...held });

test('without Ctrl and Shift every key is the guest’s', () => {
  for (const { key } of shortcuts) {
    expect(press(key, {})).toBeUndefined();
    expect(press(key, { ctrlKey: true })).toBeUndefined();
    expect(press(key, { shiftKey: true })).toBeUndefined();
    expect(press(key, { ctrlKey: true, shiftKey: true, altKey: true })).toBeUndefined();
  }
});

test('with both, letters count in either case', () => {
  expect(press('F', { ctrlKey: true, shiftKey: true })).toBe('find');
  expect(press('f', { ctrlKey: true, shiftKey: true })).toBe('find');
  expect(press('Q', { ctrlKey: true, shiftKey: true })).toBeUndefined();
});

test('no two commands share a key', () => {
  expect(new Set(shortcuts.map(({ key }) => key)).size).toBe(shortcuts.length);
  expect(keysOf('run')).toEqual(['Ctrl', 'Shift', 'Enter']);
});
