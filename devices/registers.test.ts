import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { registerTable, type Register } from './registers.ts';
import type { AccessWidth } from './device.ts';

/** Registers that keep what is written and note every call. */
function recorder() {
  const calls: string[] = [];
  const words: number[] = [0, 0, 0, 0];
  let wide = 0n;
  let byte = 0xa5;
  const registers: Register[] = [
    { name: 'Byte', offset: 0, width: 1, read: () => byte, write: (value) => void (byte = value) },
    { name: 'Half', offset: 2, width: 2, read: () => 0x1234 },
    { name: 'Claim', offset: 4, width: 4, wholeOnly: true, read: () => calls.push('read Claim') && 7 },
    { name: 'Notify', offset: 8, width: 4, write: (value) => void calls.push(`Notify ${value.toString(16)}`) },
    {
      name: 'Word',
      offset: 0x10,
      width: 4,
      count: 4,
      stride: 8,
      read: (index) => words[index] ?? NaN,
      write: (value, index) => void (words[index] = value),
    },
    { name: 'Wide', offset: 0x40, width: 8, read: () => wide, write: (value) => void (wide = value) },
  ];
  return { device: registerTable(0x80, registers), calls, words, wide: () => wide };
}

describe('registerTable', () => {
  it('serves whole accesses', () => {
    const { device, calls } = recorder();
    expect(device.read(0, 1)).toBe(0xa5);
    expect(device.read(2, 2)).toBe(0x1234);
    expect(device.read(4, 4)).toBe(7);
    device.write(8, 4, 0xffff_ffff);
    expect(calls).toEqual(['read Claim', 'Notify ffffffff']);
  });

  it('splits an access over several registers, and reads gaps as 0', () => {
    const { device } = recorder();
    expect(device.read(0, 4)).toBe(0x1234_00a5);
    expect(device.read(0x70, 4)).toBe(0);
    device.write(0, 4, 0xffff_ff11);
    expect(device.read(0, 4)).toBe(0x1234_0011);
  });

  it('merges narrow accesses, unless a register is taken whole only', () => {
    const { device, calls, words } = recorder();
    device.write(0x18, 4, 0x1122_3344);
    device.write(0x19, 1, 0xee);
    expect(words[1]).toBe(0x1122_ee44);
    expect(device.read(0x1a, 2)).toBe(0x1122);
    expect(device.read(0x1c, 4)).toBe(0);
    expect(device.read(4, 2)).toBe(0);
    device.write(8, 2, 5);
    expect(calls).toEqual(['Notify 5']);
  });

  it('reaches 8 bytes by halves', () => {
    const { device, wide } = recorder();
    device.write(0x40, 4, 0x89ab_cdef);
    device.write(0x44, 4, 0x0123_4567);
    expect(wide()).toBe(0x0123_4567_89ab_cdefn);
    expect(device.read(0x44, 4)).toBe(0x0123_4567);
    expect(device.read(0x42, 4)).toBe(0x4567_89ab);
  });

  it('refuses overlaps, strangers and namesakes when it is made', () => {
    const at = (name: string, offset: number): Register => ({ name, offset, width: 4 });
    expect(() => registerTable(8, [at('a', 0), at('b', 2)])).toThrow('overlaps');
    expect(() => registerTable(8, [at('a', 0), at('b', 6)])).toThrow('outside');
    expect(() => registerTable(8, [at('a', 0), at('a', 4)])).toThrow('two registers');
  });

  it('survives every access, and reads what fits the width', () => {
    const access = fc.record({
      offset: fc.integer({ min: 0, max: 0x7f }),
      width: fc.constantFrom<AccessWidth>(1, 2, 4),
      value: fc.integer({ min: 0, max: 0xffff_ffff }),
    });
    fc.assert(
      fc.property(fc.array(access), (accesses) => {
        const { device, words } = recorder();
        for (const { offset, width, value } of accesses) {
          device.write(offset, width, value);
          const read = device.read(offset, width);
          expect(Number.isInteger(read) && read >= 0 && read < 2 ** (width * 8)).toBe(true);
        }
        expect(words.length).toBe(4);
      }),
    );
  });
});
