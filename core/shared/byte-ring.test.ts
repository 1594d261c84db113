import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { ByteRing, byteRingLayout } from './byte-ring.ts';

function ring(capacity: number, counter = 0): ByteRing {
  const layout = byteRingLayout(capacity);
  const view = layout.view(new SharedArrayBuffer(layout.size), 0);
  view.head.store(counter);
  view.tail.store(counter);
  return new ByteRing(view);
}

describe('ByteRing', () => {
  it('takes what fits and says how much that was', () => {
    const four = ring(4);
    expect(four.write(Uint8Array.of(1, 2, 3))).toBe(3);
    expect(four.write(Uint8Array.of(4, 5, 6))).toBe(1);
    expect(four.writeByte(7)).toBe(false);
    expect([...four.read(2)]).toEqual([1, 2]);
    expect(four.readByte()).toBe(3);
    expect([four.available, four.space]).toEqual([1, 3]);
    four.clear();
    expect(four.readByte()).toBe(-1);
  });

  it('wants a power of 2', () => {
    expect(() => byteRingLayout(12)).toThrow('power of 2');
  });

  it('loses nothing, wherever its counters stand', () => {
    const step = fc.record({ write: fc.uint8Array({ maxLength: 20 }), read: fc.nat(20), single: fc.boolean() });
    fc.assert(
      fc.property(fc.constantFrom(0, 0xffff_fff0), fc.array(step), (counter, steps) => {
        const small = ring(16, counter);
        const sent: number[] = [];
        const received: number[] = [];
        for (const { write, read, single } of steps) {
          const accepted = single ? [...write].findIndex((byte) => !small.writeByte(byte)) : small.write(write);
          sent.push(...write.subarray(0, accepted < 0 ? write.length : accepted));
          if (single) received.push(...[small.readByte()].filter((byte) => byte >= 0));
          received.push(...small.read(read));
          expect(small.available).toBe(sent.length - received.length);
        }
        received.push(...small.read());
        expect(received).toEqual(sent);
      }),
    );
  });
});
