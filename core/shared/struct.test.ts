import { expect, test } from 'vitest';
import { alignUp, array, atomic32, struct, u16, u32, u64, u8 } from './struct.ts';

const Inner = struct('Inner', { low: u8, wide: u32 });
const Outer = struct('Outer', {
  byte: u8,
  half: u16,
  word: u32,
  double: u64,
  shared: atomic32,
  bytes: array(u8, 3),
  inner: Inner,
  several: array(Inner, 2),
});

test('fields stand in order, each aligned to its own width', () => {
  expect(Outer.at).toEqual({ byte: 0, half: 2, word: 4, double: 8, shared: 16, bytes: 20, inner: 24, several: 32 });
  expect([Outer.size, Outer.align, Inner.size, Inner.align]).toEqual([48, 8, 8, 4]);
});

test('views read and write little-endian, at their place and nowhere else', () => {
  const buffer = new SharedArrayBuffer(64);
  const view = Outer.view(buffer, 8);
  view.byte = 0x1ff;
  view.half = 0x2345;
  view.word = -1;
  view.double = 0x0102_0304_0506_0708n;
  view.bytes[2] = 7;
  view.inner.wide = 0x89ab_cdef;
  view.several[1].low = 9;
  const bytes = Buffer.from(buffer).toString('hex');
  expect(bytes.slice(0, 16)).toBe('0'.repeat(16));
  expect(bytes.slice(16)).toBe(
    'ff00' +
      '4523' +
      'ffffffff' +
      '0807060504030201' +
      '00000000' +
      '000007' +
      '00' +
      '00000000' +
      'efcdab89' +
      '0000000000000000' +
      '0900000000000000' +
      '0000000000000000',
  );
  expect([view.byte, view.word, view.double]).toEqual([255, 0xffff_ffff, 0x0102_0304_0506_0708n]);
});

test('atomic words are unsigned and give the value from before', () => {
  const { shared } = Outer.view(new SharedArrayBuffer(48), 0);
  shared.store(0xffff_fff0);
  expect(shared.add(0x20)).toBe(0xffff_fff0);
  expect(shared.or(0x8000_0001)).toBe(0x10);
  expect(shared.and(0x8000_0000)).toBe(0x8000_0011);
  expect(shared.exchange(5)).toBe(0x8000_0000);
  expect(shared.compareExchange(4, 6)).toBe(5);
  expect(shared.compareExchange(5, 6)).toBe(5);
  expect(shared.load()).toBe(6);
  expect(shared.wait(5)).toBe('not-equal');
  expect(shared.wait(6, 1)).toBe('timed-out');
});

test('a field without a size is refused', () => {
  expect(() => struct('Bad', { none: array(u32, 0) })).toThrow('Bad.none has no size');
  expect(() => struct('Bad', { none: array(u32, Number.NaN) })).toThrow('Bad.none has no size');
});

test('alignUp is good beyond 32 bits', () => {
  expect(alignUp(2 ** 33 + 1, 4096)).toBe(2 ** 33 + 4096);
  expect(alignUp(4096, 4096)).toBe(4096);
});
