import { expect, test } from 'vitest';
import { RememberedCode } from './remembered-code.ts';

const code = (size: number): { readonly size: number } => ({ size });

test('is found by all that it was asked for by', () => {
  const remembered = new RememberedCode(100);
  const both = code(10);
  remembered.add(['a', 'b'], both);
  expect([remembered.find('a'), remembered.find('b'), remembered.find('c')]).toEqual([both, both, undefined]);
});

test('the oldest is forgotten, with all that it was asked for by', () => {
  const remembered = new RememberedCode(100);
  const last = code(50);
  remembered.add(['a', 'b'], code(30));
  remembered.add(['c'], code(40));
  remembered.add(['d'], last);
  expect(['a', 'b', 'd'].map((key) => remembered.find(key))).toEqual([undefined, undefined, last]);
  expect(remembered.find('c')).toBeDefined();
  expect(remembered.size).toBe(90);
});

test('what took the place of something older outlives it', () => {
  const remembered = new RememberedCode(100);
  const newer = code(40);
  remembered.add(['a'], code(40));
  remembered.add(['a'], newer);
  remembered.add(['b'], code(40));
  expect(remembered.find('a')).toBe(newer);
});

test('is never more than there is room for, however much comes', () => {
  const remembered = new RememberedCode(1000);
  for (let i = 0; i < 10_000; i++) {
    remembered.add([`${i}`, `${i} again`], code(1 + (i % 300)));
    expect(remembered.size).toBeLessThanOrEqual(1000);
  }
  expect(remembered.find('9999')).toBeDefined();
  expect(remembered.find('9900')).toBeUndefined();
});
