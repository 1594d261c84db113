import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { RAM_BASE } from '../../core/shared/memory-map.ts';
import { Feature, Status } from './features.ts';
import type { VirtioHost, VirtioModel, VirtioRequest, VirtioType } from './model.ts';
import { FakeBoard, TRANSPORTS, type TransportName } from './testing/fake-board.ts';
import { FakeDriver, has, readable, writable, type Buffer, type DriverOptions } from './testing/fake-driver.ts';

const NEXT = 1;
const WRITE = 2;
const INDIRECT = 4;
const QUEUE_SIZE = 16;

const type: VirtioType = {
  name: 'test',
  deviceId: 42,
  pciClass: 0xff_00_00,
  queueSizes: [QUEUE_SIZE, QUEUE_SIZE],
  configSize: 4,
  writableConfig: [[2, 2]],
  allocate: () => undefined,
};

/** Keeps requests until a test answers them; the answer is what was read, plus one. */
class Keeper implements VirtioModel {
  readonly features = [5];
  readonly kept: { readonly queue: number; readonly read: Uint8Array; readonly request: VirtioRequest }[] = [];
  resets = 0;
  written = 0;
  open = true;
  atOnce = false;
  host: VirtioHost | undefined;
  changing: Promise<void> = Promise.resolve();

  initialConfig = (): Uint8Array => Uint8Array.of(1, 2, 3, 4);
  attach(host: VirtioHost): void {
    this.host = host;
  }
  ready(): boolean {
    return this.open;
  }
  handle(queue: number, request: VirtioRequest): void {
    this.kept.push({ queue, read: request.reader.read(), request });
    if (this.atOnce) this.answer();
  }
  /** Answers the oldest request. */
  answer(): boolean | undefined {
    const kept = this.kept.shift();
    return kept?.request.complete((writer) => writer.write(kept.read.map((byte) => byte + 1)));
  }
  reset(): void {
    this.resets++;
  }
  configWritten(): void {
    this.written++;
  }
  settle(): Promise<void> {
    return this.changing;
  }
}

function keeperBoard(transport: TransportName, options: DriverOptions = {}, bytes?: Uint8Array) {
  const board = new FakeBoard(transport, type, () => new Keeper(), bytes);
  return { board, keeper: board.model, driver: new FakeDriver(board, options) };
}

const without = (...bits: readonly number[]): DriverOptions => ({ accept: (bit) => !bits.includes(bit) });

describe.each(TRANSPORTS)('negotiation over %s', (transport) => {
  test('offers what it implements, and nothing else', () => {
    const { driver } = keeperBoard(transport);
    const offered = driver.transport.deviceFeatures();
    const bits = Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => has(offered, bit));
    expect(bits).toEqual([5, 28, 29, 32, 40]);
  });

  test.each([
    ['without VERSION_1', 1n << 28n],
    ['with a feature that was not offered', (1n << 32n) | (1n << 33n)],
    ['with a device feature that was not offered', (1n << 32n) | 1n],
    ['with nothing at all', 0n],
  ])('refuses FEATURES_OK %s, and DRIVER_OK after it', (_, features) => {
    const { driver } = keeperBoard(transport);
    const { transport: device } = driver;
    const before = Status.ACKNOWLEDGE | Status.DRIVER;
    device.setStatus(before);
    device.setDriverFeatures(features);
    device.setStatus(before | Status.FEATURES_OK);
    expect(device.status()).toBe(before);
    device.setStatus(before | Status.FEATURES_OK | Status.DRIVER_OK);
    expect(device.status()).toBe(before);
    // The driver may think again.
    device.setDriverFeatures(1n << 32n);
    device.setStatus(before | Status.FEATURES_OK);
    expect(device.status()).toBe(before | Status.FEATURES_OK);
  });

  test('keeps the features once they are agreed', async () => {
    const { board, driver, keeper } = keeperBoard(transport, without(5));
    driver.initialise();
    await board.run();
    expect(keeper.host?.accepted(5)).toBe(false);
    driver.transport.setDriverFeatures(0xffff_ffff_ffffn);
    expect(keeper.host?.accepted(5)).toBe(false);
    expect(keeper.host?.accepted(32)).toBe(true);
  });

  test('lets a driver set neither DEVICE_NEEDS_RESET nor less than it has set', () => {
    const { driver } = keeperBoard(transport);
    driver.initialise();
    driver.transport.setStatus(Status.DEVICE_NEEDS_RESET | Status.ACKNOWLEDGE);
    expect(driver.transport.status()).toBe(15);
    driver.transport.setStatus(0);
    expect(driver.transport.status()).toBe(0);
  });

  test('reads and writes the configuration', async () => {
    const { board, driver, keeper } = keeperBoard(transport);
    const { transport: device } = driver;
    expect(device.readConfig(0, 4)).toBe(0x04030201);
    device.writeConfig(0, 2, 0xffff);
    device.writeConfig(2, 2, 0x0908);
    device.writeConfig(3, 2, 0xffff);
    expect(device.readConfig(0, 4)).toBe(0x09080201);
    expect(device.readConfig(3, 2)).toBe(9);
    await board.run();
    expect(keeper.written).toBe(1);
    const before = device.configGeneration();
    keeper.host?.changeConfig(0, Uint8Array.of(7));
    expect(board.wire.level).toBe(false);
    expect(device.readConfig(0, 1)).toBe(7);
    expect(device.configGeneration()).not.toBe(before);
  });
});

describe.each(TRANSPORTS)('split queue over %s', (transport) => {
  test('takes nothing before DRIVER_OK, and then what was made available before it', async () => {
    const { board, driver, keeper } = keeperBoard(transport);
    driver.initialise();
    driver.transport.setStatus(0);
    driver.transport.setStatus(3);
    driver.transport.setDriverFeatures(1n << 32n);
    driver.transport.setStatus(11);
    driver.enable(0);
    driver.submit([readable([1])]);
    await board.run();
    expect(keeper.kept).toHaveLength(0);
    driver.transport.setStatus(15);
    await board.run();
    expect(keeper.kept).toHaveLength(1);
  });

  test.each([false, true])(
    'wraps its rings and indices (indirect: %s)',
    async (indirect) => {
      const { board, driver, keeper } = keeperBoard(transport, { indirect });
      driver.initialise();
      keeper.atOnce = true;
      for (let i = 0; i < 70_000; i += 5) {
        const requests = Array.from({ length: 5 }, (_, j) => driver.submit([readable([i + j, 7]), writable(3)]));
        board.device.serve();
        for (const [j, request] of requests.entries()) {
          const { bytes, length } = driver.completed(request);
          if (length !== 2 || bytes[0] !== ((i + j + 1) & 255)) throw new Error(`request ${i + j} has a wrong answer`);
        }
      }
      expect(driver.usedIdx()).toBe(70_000 & 0xffff);
      await board.run();
    },
    60_000,
  );

  test('completes in any order', async () => {
    const { board, driver, keeper } = keeperBoard(transport);
    driver.initialise();
    const requests = [1, 2, 3].map((byte) => driver.submit([readable([byte]), writable(1)]));
    await board.run();
    keeper.kept.reverse();
    expect([keeper.answer(), keeper.answer(), keeper.answer(), keeper.answer()]).toEqual([true, true, true, undefined]);
    expect(requests.map((request) => [...driver.completed(request).bytes])).toEqual([[2], [3], [4]]);
  });

  test('asks with EVENT_IDX for one interrupt where the driver wants it', async () => {
    const { board, driver, keeper } = keeperBoard(transport);
    driver.initialise();
    const [ring] = driver.rings;
    for (let i = 0; i < 4; i++) driver.submit([readable([i])]);
    await board.run();
    driver.ram.writeU16(ring.driver + 4 + 2 * ring.size, 2);
    const levels = [0, 1, 2, 3].map(() => {
      keeper.answer();
      return driver.transport.takeInterrupt();
    });
    expect(levels).toEqual([0, 0, 1, 0]);
  });

  test('asks with EVENT_IDX for notifications only when it has run dry', async () => {
    const { board, driver } = keeperBoard(transport);
    driver.initialise();
    await board.run();
    for (let i = 0; i < 3; i++) driver.submit([readable([i])]);
    expect(driver.notifications).toBe(1);
    await board.run();
    driver.submit([readable([3])]);
    expect(driver.notifications).toBe(2);
  });

  test('honours flags without EVENT_IDX, both ways', async () => {
    const { board, driver, keeper } = keeperBoard(transport, without(Feature.VIRTIO_F_EVENT_IDX));
    driver.initialise();
    await board.run();
    const [ring] = driver.rings;
    driver.ram.writeU16(ring.driver, 1);
    driver.submit([readable([1])]);
    await board.run();
    keeper.answer();
    expect(driver.transport.takeInterrupt()).toBe(0);
    driver.ram.writeU16(ring.driver, 0);
    // The device cannot take more for now: it wants no notification, and looks again by itself.
    driver.submit([readable([2])]);
    await board.run();
    keeper.open = false;
    driver.submit([readable([3])]);
    await board.run();
    keeper.answer();
    expect(driver.transport.takeInterrupt()).toBe(1);
    expect(keeper.kept).toHaveLength(0);
    keeper.open = true;
    keeper.host?.serve(0);
    expect(keeper.kept).toHaveLength(1);
    expect(driver.ram.readU16(ring.device)).toBe(0);
  });

  test('takes an indirect descriptor at the end of direct ones', async () => {
    const { board, driver, keeper } = keeperBoard(transport);
    driver.initialise();
    const [ring] = driver.rings;
    const [data, table] = [driver.allocate(8), driver.allocate(32)];
    driver.ram.write(data, Uint8Array.of(1, 2, 3));
    driver.descriptor(ring.desc, 0, data, 1, NEXT, 1);
    // 2.7.5.3.2: WRITE is ignored in a descriptor that refers to a table.
    driver.descriptor(ring.desc, 1, table, 32, INDIRECT | WRITE, 0);
    driver.descriptor(table, 0, data + 1, 2, NEXT, 1);
    driver.descriptor(table, 1, data + 4, 4, WRITE, 0);
    driver.offer(0);
    driver.transport.notify(0);
    await board.run();
    expect(keeper.kept.map(({ read, request }) => [[...read], request.writable])).toEqual([[[1, 2, 3], 4]]);
    expect(driver.needsReset).toBe(false);
  });

  const far = RAM_BASE + (16 << 20);
  type Break = (driver: FakeDriver, desc: number, table: number) => void;
  const mistakes: readonly (readonly [string, Break])[] = [
    ['a loop', (d, desc) => d.descriptor(desc, 0, RAM_BASE, 1, NEXT, 0)],
    ['a longer loop', (d, desc) => [0, 1].map((i) => d.descriptor(desc, i, RAM_BASE, 1, NEXT, 1 - i))],
    ['a length of 0', (d, desc) => d.descriptor(desc, 0, RAM_BASE, 0, 0, 0)],
    ['a buffer below RAM', (d, desc) => d.descriptor(desc, 0, 0x1000, 1, 0, 0)],
    ['a buffer across the end of RAM', (d, desc) => d.descriptor(desc, 0, far - 8, 16, WRITE, 0)],
    ['a buffer at the end of the address space', (d, desc) => d.descriptor(desc, 0, 2 ** 64 - 2 ** 12, 4096, WRITE, 0)],
    ['a next outside of the table', (d, desc) => d.descriptor(desc, 0, RAM_BASE, 1, NEXT, QUEUE_SIZE)],
    [
      'a readable after a writable descriptor',
      (d, desc) => {
        d.descriptor(desc, 0, RAM_BASE, 1, NEXT | WRITE, 1);
        d.descriptor(desc, 1, RAM_BASE, 1, 0, 0);
      },
    ],
    ['an indirect table of 0 bytes', (d, desc, table) => d.descriptor(desc, 0, table, 0, INDIRECT, 0)],
    ['an indirect table of 17 bytes', (d, desc, table) => d.descriptor(desc, 0, table, 17, INDIRECT, 0)],
    ['an indirect table outside of RAM', (d, desc) => d.descriptor(desc, 0, far, 16, INDIRECT, 0)],
    ['an indirect descriptor with NEXT', (d, desc, table) => d.descriptor(desc, 0, table, 16, INDIRECT | NEXT, 1)],
    [
      'a table in a table',
      (d, desc, table) => {
        d.descriptor(desc, 0, table, 16, INDIRECT, 0);
        d.descriptor(table, 0, table, 16, INDIRECT, 0);
      },
    ],
    [
      'an indirect chain longer than the queue',
      (d, desc, table) => {
        d.descriptor(desc, 0, table, 16 * 17, INDIRECT, 0);
        for (let i = 0; i < 17; i++) d.descriptor(table, i, RAM_BASE, 1, i < 16 ? NEXT : 0, i + 1);
      },
    ],
  ];

  test.each(mistakes)('needs a reset after %s', async (_, make) => {
    const { board, driver, keeper } = keeperBoard(transport);
    driver.initialise();
    make(driver, driver.rings[0].desc, driver.allocate(17 * 16));
    driver.offer(0);
    driver.transport.notify(0);
    await board.run();
    expect(driver.needsReset).toBe(true);
    expect(board.wire.level).toBe(true);
    expect(driver.transport.takeInterrupt()).toBe(2);
    expect(board.log).toHaveLength(1);
    expect(keeper.kept).toHaveLength(0);
    // It does nothing more, and says nothing more, until it is reset.
    driver.submit([readable([1])], 1);
    await board.run();
    expect(keeper.kept).toHaveLength(0);
    expect(board.log).toHaveLength(1);
    driver.initialise();
    driver.submit([readable([1])], 1);
    await board.run();
    expect(keeper.kept).toHaveLength(1);
  });

  test('needs a reset after heads and indices that cannot be', async () => {
    for (const make of [
      (driver: FakeDriver): void => driver.offer(QUEUE_SIZE),
      (driver: FakeDriver): void => driver.ram.writeU16(driver.rings[0].driver + 2, QUEUE_SIZE + 1),
      (driver: FakeDriver): void => {
        const { head } = driver.place([readable([1])]);
        driver.offer(head);
        driver.offer(head);
      },
      (driver: FakeDriver): void => {
        const { head } = driver.place([readable([1])], 0);
        driver.descriptor(driver.rings[0].desc, head, driver.rings[0].desc, 16, INDIRECT, 0);
        driver.offer(head);
      },
    ]) {
      const { board, driver } = keeperBoard(transport, without(Feature.VIRTIO_F_INDIRECT_DESC));
      driver.initialise();
      make(driver);
      driver.transport.notify(0);
      await board.run();
      expect(driver.needsReset).toBe(true);
    }
  });

  test.each([
    ['misaligned', { size: 4, desc: RAM_BASE + 8, driver: RAM_BASE + 0x100, device: RAM_BASE + 0x200 }],
    ['outside of RAM', { size: 4, desc: RAM_BASE, driver: RAM_BASE + 0x100, device: far - 8 }],
    ['of 12 entries', { size: 12, desc: RAM_BASE, driver: RAM_BASE + 0x100, device: RAM_BASE + 0x200 }],
    ['larger than offered', { size: 32, desc: RAM_BASE, driver: RAM_BASE + 0x400, device: RAM_BASE + 0x800 }],
  ])('needs a reset when a queue is %s', (_, place) => {
    const { driver } = keeperBoard(transport);
    driver.transport.enableQueue(0, place);
    expect(driver.transport.queueReady(0)).toBe(true);
    expect(driver.needsReset).toBe(true);
  });

  test('a smaller queue works', async () => {
    const { board, driver, keeper } = keeperBoard(transport, { queueSize: 4 });
    driver.initialise();
    keeper.atOnce = true;
    for (let i = 0; i < 10; i++) {
      const request = driver.submit([readable([i]), writable(1)]);
      await board.run();
      expect([...driver.completed(request).bytes]).toEqual([i + 1]);
    }
  });
});

/** A digest of guest RAM, to see whether a late completion touches it. */
const ramOf = (board: FakeBoard): string => {
  const bytes = new Uint8Array(board.ram.size);
  board.ram.read(RAM_BASE, bytes);
  return createHash('sha256').update(bytes).digest('hex');
};

describe.each(TRANSPORTS)('resets and pauses over %s', (transport) => {
  const request: readonly Buffer[] = [readable([1, 2]), writable(8)];

  test('a device reset with a request in flight voids it', async () => {
    const { board, driver, keeper } = keeperBoard(transport);
    driver.initialise();
    driver.submit(request);
    await board.run();
    const resets = keeper.resets;
    driver.transport.setStatus(0);
    const before = ramOf(board);
    expect(keeper.answer()).toBe(false);
    expect(ramOf(board)).toEqual(before);
    expect(board.wire.level).toBe(false);
    await board.run();
    expect(keeper.resets).toBe(resets + 1);
    // The same rings again: the old answer does not appear in them.
    driver.submit(request);
    driver.initialise();
    const again = driver.submit(request);
    await board.run();
    keeper.kept.splice(0, keeper.kept.length - 1);
    expect(keeper.answer()).toBe(true);
    expect(driver.completed(again).length).toBe(2);
  });

  test('a reset between taking a request and reading it drops the request', async () => {
    const { board, driver, keeper } = keeperBoard(transport);
    driver.initialise();
    const handle = keeper.handle.bind(keeper);
    keeper.handle = (queue, taken) => {
      driver.transport.setStatus(0);
      handle(queue, taken);
    };
    driver.submit(request);
    await board.run();
    expect(keeper.kept).toHaveLength(0);
  });

  test('a queue reset voids what is in flight in that queue alone', async () => {
    const { board, driver, keeper } = keeperBoard(transport);
    driver.initialise();
    driver.submit(request, 0);
    const other = driver.submit(request, 1);
    await board.run();
    driver.transport.resetQueue(0);
    expect(driver.transport.queueReady(0)).toBe(false);
    expect(driver.transport.queueReady(1)).toBe(true);
    const before = ramOf(board);
    expect(keeper.kept.map(({ queue }) => queue)).toEqual([0, 1]);
    expect(keeper.answer()).toBe(false);
    expect(ramOf(board)).toEqual(before);
    expect(keeper.answer()).toBe(true);
    expect(driver.completed(other).length).toBe(2);
    driver.enable(0);
    const again = driver.submit(request, 0);
    await board.run();
    expect(keeper.answer()).toBe(true);
    expect(driver.completed(again).length).toBe(2);
  });

  test('a queue is not reset for a driver that did not take RING_RESET', () => {
    const { driver } = keeperBoard(transport, without(Feature.VIRTIO_F_RING_RESET));
    driver.initialise();
    driver.transport.resetQueue(0);
    expect(driver.transport.queueReady(0)).toBe(true);
  });

  test('a machine copied with requests in flight completes each once, in the copy', async () => {
    const { board, driver, keeper } = keeperBoard(transport);
    driver.initialise();
    const first = driver.submit(request);
    const second = driver.submit([readable([9]), writable(1)]);
    const answered = driver.submit([readable([20]), writable(1)]);
    await board.run();
    keeper.kept.unshift(...keeper.kept.splice(2));
    keeper.answer();
    expect([...driver.completed(answered).bytes]).toEqual([21]);
    // One more that the device has not seen.
    const unseen = driver.place([readable([30]), writable(1)]);
    driver.offer(unseen.head);

    await board.device.pause();
    const copy = keeperBoard(transport, {}, board.copy());
    const before = ramOf(board);
    expect([keeper.answer(), keeper.answer()]).toEqual([false, false]);
    expect(ramOf(board)).toEqual(before);

    copy.board.device.resume();
    expect(copy.keeper.kept.map(({ read }) => [...read])).toEqual([[1, 2], [9], [30]]);
    while (copy.keeper.kept.length > 0) expect(copy.keeper.answer()).toBe(true);
    const used = [];
    const [ring] = driver.rings;
    for (let i = 0; i < copy.board.ram.readU16(ring.device + 2); i++) {
      used.push(copy.board.ram.readU32(ring.device + 4 + 8 * i));
    }
    expect(used).toEqual([answered.head, first.head, second.head, unseen.head]);
    const bytes = new Uint8Array(2);
    copy.board.ram.read(first.targets[0].address, bytes);
    expect([...bytes]).toEqual([2, 3]);
    await copy.board.run();
    expect(copy.keeper.kept).toHaveLength(0);
  });

  test('a pause waits for what changes the world, voids the rest, and a resume does it again', async () => {
    const { board, driver, keeper } = keeperBoard(transport);
    driver.initialise();
    const slow = driver.submit([readable([1]), writable(1)]);
    const write = driver.submit([readable([5]), writable(1)]);
    await board.run();
    const [kept] = keeper.kept.splice(1, 1);
    let finish = (): void => undefined;
    keeper.changing = new Promise((resolve) => (finish = resolve));
    let paused = false;
    const pausing = board.device.pause().then(() => (paused = true));
    driver.submit([readable([7]), writable(1)]);
    await board.run();
    expect(paused).toBe(false);
    expect(keeper.kept).toHaveLength(1);
    expect(kept.request.complete((writer) => writer.write(Uint8Array.of(6)))).toBe(true);
    finish();
    await pausing;
    expect([...driver.completed(write).bytes]).toEqual([6]);
    expect(keeper.answer()).toBe(false);
    board.device.resume();
    expect(keeper.kept.map(({ read }) => [...read])).toEqual([[1], [7]]);
    expect(keeper.answer()).toBe(true);
    expect([...driver.completed(slow).bytes]).toEqual([2]);
  });
});
