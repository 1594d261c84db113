import { describe, expect, test } from 'vitest';
import { DeviceAllocator, createMemory, layOut } from '../../core/shared/memory-map.ts';
import type { InterruptLine, RegisterDevice } from '../device.ts';
import type { Identity } from './config-space.ts';
import { PciHost, intxLine } from './host.ts';

const WINDOW_BASE = 0x4000_0000;
const COMMAND = 0x04;
const BAR_0 = 0x10;

const identity = (interruptPin = 1): Identity => ({
  vendorId: 0x1234,
  deviceId: 0x5678,
  revision: 9,
  classCode: 0x01_08_02,
  subsystemVendorId: 0xaaaa,
  subsystemId: 0xbbbb,
  interruptPin,
  bars: [
    { index: 0, size: 0x4000 },
    { index: 2, size: 0x1000 },
  ],
  capabilities: [
    { bytes: Uint8Array.of(0x09, 0, 6, 1, 2, 3) },
    { bytes: Uint8Array.of(0x11, 0, 0, 0), writable: Uint8Array.of(0, 0, 0xff, 0) },
  ],
});

/** A register block that remembers the last write and reads as its own offset. */
function recorder(size: number): RegisterDevice & { last?: readonly number[] } {
  return {
    size,
    read: (offset) => offset,
    write(offset, width, value) {
      this.last = [offset, width, value];
    },
  };
}

function makeHost() {
  const map = layOut({ harts: 1, ramBytes: 2 << 20 });
  const memory = createMemory(map);
  const levels = [false, false, false, false];
  const lines: InterruptLine[] = levels.map((_, line) => ({ set: (level) => (levels[line] = level) }));
  const bars = [recorder(0x4000), recorder(0x1000)];
  const thread = () => {
    const allocator = new DeviceAllocator(memory, map);
    const pci = new PciHost({ allocator, lines, windowBase: WINDOW_BASE, windowSize: 2 ** 30 });
    return {
      pci,
      first: pci.add(1, { identity: identity(), bars }),
      second: pci.add(5, { identity: identity(), bars }),
    };
  };
  const at = (device: number, register: number): number => device * 8 * 4096 + register;
  return { ...thread(), thread, levels, bars, at };
}

describe('PCI host', () => {
  test('enumerates: host bridge, the functions, and nothing else', () => {
    const { pci, at } = makeHost();
    const found = [];
    for (let bus = 0; bus < 256; bus++) {
      for (let device = 0; device < 32; device++) {
        for (let fn = 0; fn < 8; fn++) {
          const id = pci.ecam.read((bus << 20) + (device << 15) + (fn << 12), 4);
          if (id !== 0xffff_ffff) found.push([bus, device, fn, id]);
        }
      }
    }
    expect(found).toEqual([
      [0, 0, 0, 0x0008_1b36],
      [0, 1, 0, 0x5678_1234],
      [0, 5, 0, 0x5678_1234],
    ]);
    expect(pci.ecam.read(at(0, 0x08), 4)).toBe(0x0600_0000);
    expect(pci.ecam.read(at(1, 0x08), 4)).toBe(0x0108_0209);
    expect(pci.ecam.read(at(1, 0x2c), 4)).toBe(0xbbbb_aaaa);
    expect(pci.ecam.read(at(1, 0x0e), 1)).toBe(0);
    expect(pci.ecam.read(at(1, 0x100), 4)).toBe(0);
    expect(pci.ecam.read(at(2, 0x00), 2)).toBe(0xffff);
  });

  test('chains capabilities', () => {
    const { pci, at } = makeHost();
    expect(pci.ecam.read(at(1, 0x06), 2) & 0x10).toBe(0x10);
    const ids = [];
    for (let cap = pci.ecam.read(at(1, 0x34), 1); cap !== 0; cap = pci.ecam.read(at(1, cap + 1), 1)) {
      expect(cap % 4).toBe(0);
      ids.push(pci.ecam.read(at(1, cap), 1));
    }
    expect(ids).toEqual([0x09, 0x11]);
  });

  test('sizes BARs, keeps what is read-only, and resets', () => {
    const { pci, at } = makeHost();
    const { ecam } = pci;
    ecam.write(at(1, BAR_0), 4, 0xffff_ffff);
    ecam.write(at(1, BAR_0 + 4), 4, 0xffff_ffff);
    expect(ecam.read(at(1, BAR_0), 4)).toBe(0xffff_c004);
    expect(ecam.read(at(1, BAR_0 + 4), 4)).toBe(0xffff_ffff);
    ecam.write(at(1, BAR_0 + 8), 4, 0xffff_ffff);
    expect(ecam.read(at(1, BAR_0 + 8), 4)).toBe(0xffff_f004);
    // Registers 4 and 5 are not implemented.
    ecam.write(at(1, BAR_0 + 16), 4, 0xffff_ffff);
    expect(ecam.read(at(1, BAR_0 + 16), 4)).toBe(0);
    ecam.write(at(1, 0x00), 4, 0);
    expect(ecam.read(at(1, 0x00), 4)).toBe(0x5678_1234);
    ecam.write(at(1, COMMAND), 4, 0xffff_ffff);
    expect(ecam.read(at(1, COMMAND), 2)).toBe(0x0406);
    ecam.write(at(1, 0x3c), 2, 0xff23);
    expect(ecam.read(at(1, 0x3c), 2)).toBe(0x0123);
    pci.reset();
    expect(ecam.read(at(1, BAR_0), 4)).toBe(4);
    expect(ecam.read(at(1, COMMAND), 2)).toBe(0);
  });

  test('dispatches the window by BARs, on every thread, while memory space is on', () => {
    const { pci, thread, bars, at } = makeHost();
    const other = thread().pci;
    const place = 0x20_0000;
    pci.ecam.write(at(1, BAR_0), 4, WINDOW_BASE + place);
    pci.ecam.write(at(1, BAR_0 + 8), 4, WINDOW_BASE + place + 0x4000);
    expect(other.window.read(place + 0x10, 4)).toBe(0xffff_ffff);
    pci.ecam.write(at(1, COMMAND), 2, 2);
    expect(other.window.read(place + 0x10, 4)).toBe(0x10);
    expect(other.window.read(place + 0x3ffc, 4)).toBe(0x3ffc);
    expect(other.window.read(place + 0x4ff0, 1)).toBe(0xff0);
    expect(other.window.read(place + 0x5000, 1)).toBe(0xff);
    other.window.write(place + 8, 2, 7);
    expect(bars[0].last).toEqual([8, 2, 7]);
    // Above 4 GiB it is out of the window.
    pci.ecam.write(at(1, BAR_0 + 4), 4, 1);
    expect(other.window.read(place + 0x10, 2)).toBe(0xffff);
  });

  test('shares INTx wires, masks them, and shows the status bit', () => {
    const { pci, first, second, thread, levels, at } = makeHost();
    const line = intxLine(1, 0);
    expect(line).toBe(1);
    expect(intxLine(5, 0)).toBe(line);
    first.interrupt.set(true);
    thread().second.interrupt.set(true);
    expect(levels).toEqual([false, true, false, false]);
    first.interrupt.set(false);
    expect(levels[line]).toBe(true);
    expect(pci.ecam.read(at(5, 0x06), 2) & 8).toBe(8);
    pci.ecam.write(at(5, COMMAND), 2, 1 << 10);
    expect(levels[line]).toBe(false);
    expect(pci.ecam.read(at(5, 0x06), 2) & 8).toBe(8);
    pci.ecam.write(at(5, COMMAND), 2, 0);
    expect(levels[line]).toBe(true);
    second.interrupt.set(false);
    expect(levels[line]).toBe(false);
    expect(pci.ecam.read(at(5, 0x06), 2) & 8).toBe(0);
  });
});
