/** What a platform device needs around it in a test: a memory, two harts, a clock that stands where it is put. */
import fc from 'fast-check';
import { hartView, createMemory, DeviceAllocator, layOut } from '../../../core/shared/memory-map.ts';
import type { InterruptNumber } from '../../../core/shared/interrupts.ts';
import type { AccessWidth, Clock, InterruptLine, RegisterDevice } from '../../device.ts';

export function testMachine() {
  const map = layOut({ harts: 2, ramBytes: 16 << 20 });
  const memory = createMemory(map);
  const harts = [0, 1].map((hart) => hartView(memory, map, hart));
  return {
    map,
    memory,
    harts,
    allocator: new DeviceAllocator(memory, map),
    pending: (hart: number, interrupt: InterruptNumber) => ((harts[hart].mip.load() >>> interrupt) & 1) === 1,
    /** The attention bits of a hart, taken. */
    attention: (hart: number) => harts[hart].attention.exchange(0),
  };
}

export class TestClock implements Clock {
  now = 0n;
  wall = 1_700_000_000_000_000_000n;
  ticks(): bigint {
    return this.now;
  }
  wallNanoseconds(): bigint {
    return this.wall;
  }
}

export class TestLine implements InterruptLine {
  level = false;
  set(level: boolean): void {
    this.level = level;
  }
}

const access = (size: number) =>
  fc.record({
    offset: fc.oneof(
      fc.integer({ min: 0, max: Math.min(size, 0x80) - 1 }),
      fc.integer({ min: 0, max: size - 1 }),
      fc.integer({ min: 0, max: Math.floor((size - 1) / 0x1000) }).map((page) => page * 0x1000 + 4),
    ),
    width: fc.constantFrom<AccessWidth>(1, 2, 4),
    value: fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: 0, max: 0x60 })),
    write: fc.boolean(),
  });

/** Throws random accesses at a device that `make` makes: nothing throws, reads fit, and `check` holds after each. */
export function fuzzRegisters<Device extends RegisterDevice>(
  make: () => Device,
  check: (device: Device) => void = () => undefined,
): void {
  const { size } = make();
  fc.assert(
    fc.property(fc.array(access(size), { maxLength: 60 }), (accesses) => {
      const device = make();
      for (const { offset, width, value, write } of accesses) {
        if (write) device.write(offset, width, width === 4 ? value : value & (2 ** (8 * width) - 1));
        const read = device.read(offset, width);
        if (!Number.isInteger(read) || read < 0 || read >= 2 ** (8 * width)) throw new Error(`read ${read}`);
        check(device);
      }
    }),
    { numRuns: 200 },
  );
}
