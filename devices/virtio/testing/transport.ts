/**
 * How the fake driver reaches a device: the same operations over MMIO and over PCI, with nothing but register accesses.
 */
import type { AccessWidth, RegisterDevice } from '../../device.ts';
import { SLOT, WINDOW_BASE, type GuestView } from './fake-board.ts';

/** Where a queue's parts stand, and how large it is. */
export interface QueuePlace {
  readonly size: number;
  readonly desc: number;
  readonly driver: number;
  readonly device: number;
}

export interface DriverTransport {
  deviceId(): number;
  status(): number;
  setStatus(value: number): void;
  deviceFeatures(): bigint;
  setDriverFeatures(bits: bigint): void;
  queueSizeMax(queue: number): number;
  enableQueue(queue: number, place: QueuePlace): void;
  queueReady(queue: number): boolean;
  resetQueue(queue: number): void;
  notify(queue: number): void;
  /** The pending interrupt bits, acknowledged. */
  takeInterrupt(): number;
  configGeneration(): number;
  readConfig(offset: number, width: AccessWidth): number;
  writeConfig(offset: number, width: AccessWidth, value: number): void;
}

/** 4.2 Virtio Over MMIO. */
export function mmioDriver(device: RegisterDevice): DriverTransport {
  const read = (offset: number): number => device.read(offset, 4);
  const write = (offset: number, value: number): void => device.write(offset, 4, value);
  const write64 = (offset: number, value: number): void => {
    write(offset, value % 2 ** 32);
    write(offset + 4, Math.floor(value / 2 ** 32));
  };
  return {
    deviceId: () => (read(0) === 0x74726976 && read(4) === 2 ? read(8) : 0),
    status: () => read(0x70),
    setStatus: (value) => write(0x70, value),
    deviceFeatures() {
      write(0x14, 0);
      const low = BigInt(read(0x10));
      write(0x14, 1);
      return low | (BigInt(read(0x10)) << 32n);
    },
    setDriverFeatures(bits) {
      write(0x24, 0);
      write(0x20, Number(bits & 0xffff_ffffn));
      write(0x24, 1);
      write(0x20, Number((bits >> 32n) & 0xffff_ffffn));
    },
    queueSizeMax(queue) {
      write(0x30, queue);
      return read(0x34);
    },
    enableQueue(queue, place) {
      write(0x30, queue);
      write(0x38, place.size);
      write64(0x80, place.desc);
      write64(0x90, place.driver);
      write64(0xa0, place.device);
      write(0x44, 1);
    },
    queueReady(queue) {
      write(0x30, queue);
      return read(0x44) === 1;
    },
    resetQueue(queue) {
      write(0x30, queue);
      write(0xc0, 1);
    },
    notify: (queue) => write(0x50, queue),
    takeInterrupt() {
      const bits = read(0x60);
      write(0x64, bits);
      return bits;
    },
    configGeneration: () => read(0xfc),
    readConfig: (offset, width) => device.read(0x100 + offset, width),
    writeConfig: (offset, width, value) => device.write(0x100 + offset, width, value),
  };
}

/** One function's configuration space. */
export function configSpace(ecam: RegisterDevice, slot: number) {
  const at = slot * 8 * 4096;
  return {
    read: (offset: number, width: AccessWidth): number => ecam.read(at + offset, width),
    write: (offset: number, width: AccessWidth, value: number): void => ecam.write(at + offset, width, value),
  };
}

/** Offsets of the capabilities with this ID, in the order of the list. */
export function capabilities(ecam: RegisterDevice, slot: number): { id: number; at: number }[] {
  const config = configSpace(ecam, slot);
  const found = [];
  if ((config.read(0x06, 2) & 0x10) === 0) return [];
  for (let at = config.read(0x34, 1); at !== 0; at = config.read(at + 1, 1)) {
    found.push({ id: config.read(at, 1), at });
    if (found.length > 48) throw new Error('the capability list has a loop');
  }
  return found;
}

/** 4.1 Virtio Over PCI: finds the structures by the capability list, places the BAR, switches memory space on. */
export function pciDriver(board: Pick<GuestView, 'pci'>, barAt = WINDOW_BASE + 0x10_0000): DriverTransport {
  const { ecam, window } = board.pci;
  const config = configSpace(ecam, SLOT);
  config.write(0x10, 4, barAt);
  config.write(0x14, 4, 0);
  config.write(0x04, 2, 0x6);
  const places = new Map<number, { offset: number; multiplier: number }>();
  for (const { id, at } of capabilities(ecam, SLOT)) {
    if (id !== 9) continue;
    const type = config.read(at + 3, 1);
    places.set(type, {
      offset: barAt - WINDOW_BASE + config.read(at + 8, 4),
      multiplier: type === 2 ? config.read(at + 16, 4) : 0,
    });
  }
  const place = (type: number) => {
    const found = places.get(type);
    if (found === undefined) throw new Error(`there is no capability of type ${type}`);
    return found;
  };
  const common = place(1).offset;
  const read = (offset: number, width: AccessWidth): number => window.read(common + offset, width);
  const write = (offset: number, width: AccessWidth, value: number): void =>
    window.write(common + offset, width, value);
  const write64 = (offset: number, value: number): void => {
    write(offset, 4, value % 2 ** 32);
    write(offset + 4, 4, Math.floor(value / 2 ** 32));
  };
  return {
    deviceId: () => config.read(0x02, 2) - 0x1040,
    status: () => read(0x14, 1),
    setStatus: (value) => write(0x14, 1, value),
    deviceFeatures() {
      write(0x00, 4, 0);
      const low = BigInt(read(0x04, 4));
      write(0x00, 4, 1);
      return low | (BigInt(read(0x04, 4)) << 32n);
    },
    setDriverFeatures(bits) {
      write(0x08, 4, 0);
      write(0x0c, 4, Number(bits & 0xffff_ffffn));
      write(0x08, 4, 1);
      write(0x0c, 4, Number((bits >> 32n) & 0xffff_ffffn));
    },
    queueSizeMax(queue) {
      write(0x16, 2, queue);
      return read(0x18, 2);
    },
    enableQueue(queue, at) {
      write(0x16, 2, queue);
      write(0x18, 2, at.size);
      write64(0x20, at.desc);
      write64(0x28, at.driver);
      write64(0x30, at.device);
      write(0x1c, 2, 1);
    },
    queueReady(queue) {
      write(0x16, 2, queue);
      return read(0x1c, 2) === 1;
    },
    resetQueue(queue) {
      write(0x16, 2, queue);
      write(0x3a, 2, 1);
    },
    notify(queue) {
      write(0x16, 2, queue);
      const { offset, multiplier } = place(2);
      window.write(offset + read(0x1e, 2) * multiplier, 2, queue);
    },
    takeInterrupt: () => window.read(place(3).offset, 1),
    configGeneration: () => read(0x15, 1),
    readConfig: (offset, width) => window.read(place(4).offset + offset, width),
    writeConfig: (offset, width, value) => window.write(place(4).offset + offset, width, value),
  };
}

/** The transport of a board. */
export function driverTransport(board: GuestView): DriverTransport {
  return board.transport === 'mmio' ? mmioDriver(board.mmio) : pciDriver(board);
}
