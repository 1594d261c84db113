import { describe, expect, test } from 'vitest';
import { RAM_BASE } from '../../core/shared/memory-map.ts';
import { virtioBlockType } from './block.ts';
import { blockBoard, expectSectors, FLUSH, header, IN, OK, OUT, pattern, status } from './testing/block-board.ts';
import { TRANSPORTS } from './testing/fake-board.ts';
import { has, readable, writable } from './testing/fake-driver.ts';

const MQ_BIT = 12;

describe.each(TRANSPORTS)('the queues of virtio-blk over %s', (transport) => {
  test.each([
    [1, 1],
    [2, 2],
    [8, 8],
    [9, 8],
  ])('in a machine of %i harts there are %i', (harts, queues) => {
    expect(virtioBlockType(harts).queueSizes).toHaveLength(queues);
    const { driver } = blockBoard(transport, { queues });
    expect(driver.transport.readConfig(34, 2)).toBe(queues);
    expect(driver.rings).toHaveLength(queues);
    expect(has(driver.features, MQ_BIT)).toBe(queues > 1);
  });

  test('are with the back end at once, and complete in any order', async () => {
    const { disk, driver, board } = blockBoard(transport, { queues: 3 });
    disk.bytes.set(pattern(disk.bytes.length, 3));
    disk.hold();
    const requests = Array.from({ length: 30 }, (_, i) => driver.submit([header(IN, i), writable(512), status], i % 3));
    await board.run();
    expect(disk.waiting).toBe(30);
    disk.release(true);
    await board.run();
    expectSectors({ driver, disk }, requests);
  });

  test('have a share of requests each: a full one does not hold up the others', async () => {
    const { disk, driver, board } = blockBoard(transport, { queues: 2, indirect: true });
    disk.hold();
    for (let i = 0; i < 100; i++) driver.submit([header(IN), writable(512), status], 0);
    await board.run();
    expect(disk.waiting).toBe(64);
    const other = driver.submit([header(IN, 1), writable(512), status], 1);
    await board.run();
    expect(disk.waiting).toBe(65);
    disk.release(true);
    await board.run();
    expect(driver.completed(other).bytes.at(-1)).toBe(OK);
    expect(driver.collect(0).length).toBe(100);
  });

  test('take turns when the bytes in flight are used up', async () => {
    const MIB = 2 ** 20;
    const { disk, driver, board } = blockBoard(transport, { queues: 3, geometry: { size: 16 * MIB } });
    disk.hold();
    // All read into the same 8 MiB of the guest.
    const read = (queue: number, index: number): void => {
      const { desc } = driver.rings[queue];
      const at = driver.allocate(32);
      driver.ram.write(at, (header(IN, queue) as { readable: Uint8Array }).readable);
      driver.descriptor(desc, 3 * index, at, 16, 1, 3 * index + 1);
      driver.descriptor(desc, 3 * index + 1, RAM_BASE + 8 * MIB, 8 * MIB, 3, 3 * index + 2);
      driver.descriptor(desc, 3 * index + 2, at + 16, 1, 2, 0);
      driver.offer(3 * index, queue);
    };
    for (let i = 0; i < 12; i++) read(0, i);
    for (let i = 0; i < 3; i++) read(1, i);
    for (let i = 0; i < 3; i++) read(2, i);
    for (const queue of [0, 1, 2]) driver.transport.notify(queue);
    await board.run();
    const queues = disk.calls.map((call) => Number(/\d+/.exec(call)) / 512);
    expect(queues).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    disk.calls.length = 0;
    for (let i = 0; i < 10; i++) {
      disk.releaseOne();
      await board.run();
      expect(disk.waiting).toBe(8);
    }
    expect(disk.calls.map((call) => Number(/\d+/.exec(call)) / 512)).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
    disk.release();
    await board.run();
    expect([0, 1, 2].map((queue) => driver.usedIdx(queue))).toEqual([12, 3, 3]);
  });

  test('a flush of one covers what was acknowledged on all, and not only what an earlier one did', async () => {
    const { disk, driver, board } = blockBoard(transport, { queues: 2 });
    disk.hold();
    const first = driver.submit([header(FLUSH), status], 0);
    await board.run();
    const write = driver.submit([header(OUT), readable(pattern(512)), status], 0);
    await board.run();
    // The write, which came second, ends first.
    disk.release(true);
    await board.run();
    driver.completed(write);
    disk.hold();
    const again = driver.submit([header(FLUSH), status], 0);
    const second = driver.submit([header(FLUSH), status], 1);
    await board.run();
    expect(disk.calls).toEqual(['flush', 'write 0+512', 'flush']);
    expect(driver.completed(first).bytes).toEqual(Uint8Array.of(OK));
    disk.release();
    await board.run();
    expect(disk.calls).toEqual(['flush', 'write 0+512', 'flush', 'flush']);
    for (const request of [again, second]) expect(driver.completed(request).bytes).toEqual(Uint8Array.of(OK));
  });

  test('a driver that takes no MQ has the first', async () => {
    const { driver, ask } = blockBoard(transport, { queues: 4, accept: (bit) => bit !== MQ_BIT });
    expect(has(driver.features, MQ_BIT)).toBe(false);
    expect(await ask(header(IN), writable(512))).toBe(OK);
  });
});
