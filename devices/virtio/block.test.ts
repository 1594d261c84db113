import { describe, expect, test } from 'vitest';
import { BlockError } from '../block/backend.ts';
import { VirtioBlock, virtioBlockType } from './block.ts';
import {
  blockBoard,
  DISCARD,
  expectSectors,
  FLUSH,
  GET_ID,
  GET_LIFETIME,
  header,
  IN,
  IOERR,
  OK,
  OUT,
  pattern,
  range,
  SECURE_ERASE,
  status,
  UNSUPP,
  WRITE_ZEROES,
} from './testing/block-board.ts';
import { FakeBoard, TRANSPORTS } from './testing/fake-board.ts';
import { FakeDisk } from './testing/fake-disk.ts';
import { ALL_BITS, has, readable, writable } from './testing/fake-driver.ts';

const [RO_BIT, FLUSH_BIT, CONFIG_WCE_BIT, MQ_BIT, DISCARD_BIT, WRITE_ZEROES_BIT] = [5, 9, 11, 12, 13, 14];
/** The field of the configuration. */
const WRITEBACK = 32;

describe.each(TRANSPORTS)('virtio-blk over %s', (transport) => {
  test('describes the disk', () => {
    const { driver } = blockBoard(transport);
    const { transport: device } = driver;
    expect(device.deviceId()).toBe(2);
    expect([device.readConfig(0, 4), device.readConfig(4, 4)]).toEqual([2048, 0]);
    expect(device.readConfig(8, 4)).toBe(256 * 1024);
    expect(device.readConfig(12, 4)).toBe(510);
    expect(device.readConfig(20, 4)).toBe(512);
    expect([device.readConfig(24, 1), device.readConfig(26, 2), device.readConfig(28, 4)]).toEqual([3, 8, 64]);
    expect(device.readConfig(36, 4)).toBe(2 ** 21);
    expect(device.readConfig(44, 4)).toBe(64);
    expect(device.readConfig(56, 1)).toBe(1);
    expect(device.readConfig(60, 4)).toBe(0);
  });

  test.each([false, true])(
    'writes and reads, in one call of the back end for each request (indirect: %s)',
    async (indirect) => {
      const { disk, driver, board, ask } = blockBoard(transport, { indirect });
      const data = pattern(3 * 4096);
      const parts = [data.subarray(0, 100), data.subarray(100, 4096), data.subarray(4096)];
      expect(await ask(header(OUT, 8), ...parts.map(readable))).toBe(OK);
      expect(disk.calls).toEqual(['write 4096+12288']);
      expect(disk.bytes.subarray(4096, 4096 + data.length)).toEqual(data);
      const request = driver.submit([header(IN, 8), writable(4096), writable(8191), writable(2)]);
      await board.run();
      const { bytes, length } = driver.completed(request);
      expect(bytes.subarray(0, data.length)).toEqual(data);
      expect(length).toBe(data.length + 1);
      expect(disk.calls.at(-1)).toBe('read 4096+12288');
      expect(driver.transport.takeInterrupt()).toBe(1);
    },
  );

  test('flushes, and names itself', async () => {
    const { disk, ask, driver, board } = blockBoard(transport);
    expect(await ask(header(FLUSH))).toBe(OK);
    expect(disk.calls).toEqual(['flush']);
    const request = driver.submit([header(GET_ID), writable(20), status]);
    await board.run();
    const { bytes } = driver.completed(request);
    expect(new TextDecoder().decode(bytes.subarray(0, 7))).toBe('disk-0\0');
    expect(bytes.at(-1)).toBe(OK);
  });

  test('makes each write durable for a driver that cannot flush', async () => {
    const { disk, ask } = blockBoard(transport, { accept: (bit) => bit !== FLUSH_BIT });
    expect(await ask(header(OUT), readable(pattern(512)))).toBe(OK);
    expect(disk.calls).toEqual(['write 0+512', 'flush']);
  });

  test.each([
    ['beyond the end', header(IN, 2048), writable(512)],
    ['across the end', header(IN, 2047), writable(1024)],
    ['far beyond the end', header(IN, 2n ** 63n), writable(512)],
    ['of half a sector', header(IN), writable(256)],
    ['beyond the end, written', header(OUT, 2048), readable(pattern(512))],
    ['of half a sector, written', header(OUT), readable(pattern(100))],
    ['of a discard beyond the end', header(DISCARD), range(2000, 100)],
    ['of too large a discard', header(DISCARD), range(0, 2 ** 21 + 1)],
    ['of a discard that is cut off', header(DISCARD), readable(pattern(15))],
    ['of a discard of nothing', header(DISCARD), writable(1)],
    ['of a discard whose range is for the device to write', header(DISCARD), writable(16)],
    ['read into a buffer that is for the device to read', header(IN), readable(pattern(512))],
    ['written from a buffer that is for the device to write', header(OUT), writable(512)],
    ['of zeroes across the end', header(WRITE_ZEROES), range(2047, 2)],
    ['of too many zeroes', header(WRITE_ZEROES), range(0, 2 ** 21 + 1, 1)],
    ['of too many zeroed ranges', header(WRITE_ZEROES), readable(new Uint8Array(16 * 33))],
    ['of too many ranges', header(DISCARD), readable(new Uint8Array(16 * 33))],
  ])('answers IOERR to a range %s', async (_, head, data) => {
    const { disk, ask, errors } = blockBoard(transport);
    expect(await ask(head, data)).toBe(IOERR);
    expect(disk.calls).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('discards and zeroes', async () => {
    const { disk, ask } = blockBoard(transport);
    disk.bytes.fill(0xff);
    expect(await ask(header(DISCARD), range(64, 64), range(256, 1))).toBe(OK);
    expect(await ask(header(WRITE_ZEROES), range(1, 2), range(8, 8, 1), range(9, 0))).toBe(OK);
    expect(disk.calls).toEqual(['discard 32768+32768', 'discard 131072+512', 'zero 512+1024', 'unmap 4096+4096']);
  });

  test('answers UNSUPP to unknown commands and flags', async () => {
    const { disk, ask } = blockBoard(transport);
    for (const type of [7, GET_LIFETIME, SECURE_ERASE]) expect(await ask(header(type), range(0, 8))).toBe(UNSUPP);
    expect(await ask(header(DISCARD), range(0, 8, 1))).toBe(UNSUPP);
    expect(await ask(header(DISCARD), range(9999, 8), range(0, 8, 2))).toBe(UNSUPP);
    expect(await ask(header(WRITE_ZEROES), range(0, 8, 2))).toBe(UNSUPP);
    expect(disk.calls).toEqual([]);
  });

  test('does not discard for a driver that did not take the feature', async () => {
    const { ask } = blockBoard(transport, { accept: (bit) => bit !== DISCARD_BIT });
    expect(await ask(header(DISCARD), range(0, 8))).toBe(UNSUPP);
  });

  test('refuses to change a read-only disk', async () => {
    const { disk, ask, driver } = blockBoard(transport, { geometry: { readOnly: true } });
    expect(has(driver.features, RO_BIT)).toBe(true);
    expect(has(driver.features, DISCARD_BIT) || has(driver.features, WRITE_ZEROES_BIT)).toBe(false);
    expect(await ask(header(OUT), readable(pattern(512)))).toBe(IOERR);
    expect(await ask(header(DISCARD), range(0, 8))).toBe(UNSUPP);
    expect(await ask(header(IN), writable(512))).toBe(OK);
    expect(disk.calls).toEqual(['read 0+512']);
  });

  test('reports a host failure to the person, and an I/O error to the guest', async () => {
    const { disk, ask, errors, driver, board } = blockBoard(transport);
    disk.failure = new BlockError('quota', 'The browser has no room left.');
    const request = driver.submit([header(IN), writable(512), status]);
    await board.run();
    const { bytes, length } = driver.completed(request);
    expect(bytes.at(-1)).toBe(IOERR);
    expect(length).toBe(0);
    expect(errors).toEqual([disk.failure]);
    disk.failure = undefined;
    expect(await ask(header(IN), writable(512))).toBe(OK);
  });

  test('needs a reset when a request has no header or no room for its status', async () => {
    const { driver, board } = blockBoard(transport);
    driver.submit([readable(pattern(15)), status]);
    await board.run();
    expect(driver.needsReset).toBe(true);
    driver.initialise();
    driver.submit([header(FLUSH)]);
    await board.run();
    expect(driver.needsReset).toBe(true);
  });

  test('keeps at most 64 requests outstanding, completes them in any order, and forgets none', async () => {
    const { disk, driver, board } = blockBoard(transport, { indirect: true });
    disk.bytes.set(pattern(disk.bytes.length));
    disk.hold();
    const requests = Array.from({ length: 150 }, (_, i) => driver.submit([header(IN, i), writable(512), status]));
    await board.run();
    expect(disk.waiting).toBe(64);
    disk.release(true);
    await board.run();
    expectSectors({ driver, disk }, requests);
  });

  test('offers nothing that no back end could keep', () => {
    const { driver } = blockBoard(transport, { queues: 2 });
    const offered = ALL_BITS.filter((bit) => bit < 24 && has(driver.transport.deviceFeatures(), bit));
    expect(offered).toEqual([1, 2, 6, FLUSH_BIT, 10, CONFIG_WCE_BIT, MQ_BIT, DISCARD_BIT, WRITE_ZEROES_BIT]);
  });

  describe('the cache mode', () => {
    const write = [header(OUT), readable(pattern(512))] as const;

    test('is write-back, until the driver chooses write-through, and again after a reset', async () => {
      const { disk, driver, ask, board } = blockBoard(transport);
      expect(driver.transport.readConfig(WRITEBACK, 1)).toBe(1);
      await ask(...write);
      expect(disk.calls).toEqual(['write 0+512']);
      driver.transport.writeConfig(WRITEBACK, 1, 0);
      expect(driver.transport.readConfig(WRITEBACK, 1)).toBe(0);
      await board.run();
      // What was acknowledged before is made durable as well.
      expect(disk.calls.splice(0)).toEqual(['write 0+512', 'flush']);
      await ask(...write);
      await ask(header(DISCARD), range(64, 64), range(128, 64));
      await ask(header(WRITE_ZEROES), range(1, 1));
      expect(disk.calls.splice(0).map((call) => call.split(' ')[0])).toEqual([
        'write',
        'flush',
        'discard',
        'discard',
        'flush',
        'zero',
        'flush',
      ]);
      driver.initialise();
      expect(driver.transport.readConfig(WRITEBACK, 1)).toBe(1);
      await ask(...write);
      expect(disk.calls).toEqual(['write 0+512']);
    });

    test('write-through acknowledges a write after its flush, and not before', async () => {
      const { disk, driver, board } = blockBoard(transport);
      driver.transport.writeConfig(WRITEBACK, 1, 0);
      await board.run();
      disk.hold();
      const request = driver.submit([...write, status]);
      await board.run();
      disk.releaseOne();
      await board.run();
      expect(disk.calls).toEqual(['flush', 'write 0+512', 'flush']);
      expect(driver.usedIdx()).toBe(0);
      disk.releaseOne();
      await board.run();
      expect(driver.completed(request).bytes.at(-1)).toBe(OK);
    });

    test('write-through lets writes that wait together share a flush', async () => {
      const { disk, driver, board } = blockBoard(transport);
      driver.transport.writeConfig(WRITEBACK, 1, 0);
      await board.run();
      disk.calls.length = 0;
      disk.hold();
      const requests = Array.from({ length: 20 }, (_, i) =>
        driver.submit([header(OUT, i), readable(pattern(512)), status]),
      );
      await board.run();
      disk.release();
      await board.run();
      for (const request of requests) expect(driver.completed(request).bytes.at(-1)).toBe(OK);
      expect(disk.calls.filter((call) => call === 'flush')).toHaveLength(2);
      expect(disk.calls.at(-1)).toBe('flush');
    });

    test('a write whose flush fails is an I/O error', async () => {
      const { disk, driver, board, errors } = blockBoard(transport);
      driver.transport.writeConfig(WRITEBACK, 1, 0);
      await board.run();
      disk.hold();
      const request = driver.submit([...write, status]);
      await board.run();
      disk.releaseOne();
      await board.run();
      disk.failure = new BlockError('quota', 'There is no room.');
      disk.release();
      await board.run();
      expect(driver.completed(request).bytes.at(-1)).toBe(IOERR);
      expect(errors).toEqual([disk.failure]);
    });

    test('begins as write-through for a driver that cannot flush, and stays so whatever it writes', async () => {
      const { disk, driver, ask } = blockBoard(transport, { accept: (bit) => bit !== FLUSH_BIT });
      expect(driver.transport.readConfig(WRITEBACK, 1)).toBe(0);
      driver.transport.writeConfig(WRITEBACK, 1, 1);
      await ask(...write);
      expect(disk.calls).toEqual(['write 0+512', 'flush']);
    });

    test('cannot be chosen by a driver that did not take the feature', async () => {
      const { disk, driver, ask } = blockBoard(transport, { accept: (bit) => bit !== CONFIG_WCE_BIT });
      driver.transport.writeConfig(WRITEBACK, 1, 0);
      await ask(...write);
      expect(disk.calls).toEqual(['write 0+512']);
    });

    test('is the only field that a driver can write', () => {
      const { driver } = blockBoard(transport, { queues: 2 });
      const { transport: device } = driver;
      const before = Array.from({ length: 64 }, (_, at) => device.readConfig(at, 1));
      for (let at = 0; at < 64; at++) if (at !== WRITEBACK) device.writeConfig(at, 1, 0xa5);
      for (let at = 0; at < 64; at += 4) device.writeConfig(at, 4, 0xa5a5_a5a5);
      expect(Array.from({ length: 64 }, (_, at) => device.readConfig(at, 1))).toEqual(before);
    });

    test('is write-through from the start, and for good, where the disk is to be so', async () => {
      const { disk, driver, ask } = blockBoard(transport, { writeThrough: true });
      expect(driver.transport.readConfig(WRITEBACK, 1)).toBe(0);
      driver.transport.writeConfig(WRITEBACK, 1, 1);
      await ask(...write);
      expect(disk.calls).toEqual(['write 0+512', 'flush']);
    });

    test('is part of the machine that is copied', async () => {
      const { board, driver } = blockBoard(transport);
      driver.transport.writeConfig(WRITEBACK, 1, 0);
      await board.device.pause();
      const copy = new FakeBoard(
        transport,
        virtioBlockType(1),
        () => new VirtioBlock({ backend: new FakeDisk(), id: '', queues: 1 }),
        board.copy(),
      );
      expect(copy.hart.readConfig(WRITEBACK, 1)).toBe(0);
      copy.hart.reset();
      expect(copy.hart.readConfig(WRITEBACK, 1)).toBe(1);
    });
  });

  describe('how a disk is shown', () => {
    test.each([
      [512, 512, 4096, { exponent: 0, min: 1, opt: 8, align: 8 }],
      [512, 4096, 32768, { exponent: 3, min: 8, opt: 64, align: 64 }],
      [4096, 4096, 32768, { exponent: 0, min: 1, opt: 8, align: 64 }],
      [1024, 4096, 4096, { exponent: 2, min: 4, opt: 4, align: 8 }],
      [512, 4096, 512, { exponent: 3, min: 8, opt: 8, align: 8 }],
    ])('sectors of %i/%i over chunks of %i', async (logical, physical, chunkSize, { exponent, min, opt, align }) => {
      const geometry = { chunkSize, size: (1 << 20) + 512 };
      const { driver, ask } = blockBoard(transport, { sectorSize: { logical, physical }, geometry });
      const { transport: device } = driver;
      const sectors = logical === 512 ? 2049 : 2048;
      expect(device.readConfig(0, 4)).toBe(sectors);
      expect(device.readConfig(20, 4)).toBe(logical);
      expect([device.readConfig(24, 1), device.readConfig(25, 1)]).toEqual([exponent, 0]);
      expect([device.readConfig(26, 2), device.readConfig(28, 4)]).toEqual([min, opt]);
      expect(device.readConfig(44, 4)).toBe(align);
      // The protocol's unit stays 512 bytes (5.2.5), and the end is that of the last whole sector.
      expect(await ask(header(OUT, 3), readable(pattern(512)))).toBe(OK);
      expect(await ask(header(IN, 2048), writable(512))).toBe(sectors === 2049 ? OK : IOERR);
    });

    test('one that has grown: the driver is told, and the end is where it is now', async () => {
      const { disk, board, driver, ask } = blockBoard(transport);
      const { transport: device } = driver;
      const capacity = (): number[] => [device.readConfig(0, 4), device.readConfig(4, 4)];
      expect(capacity()).toEqual([2048, 0]);
      expect(await ask(header(OUT, 2048), readable(pattern(512)))).toBe(IOERR);
      device.takeInterrupt();
      const before = device.configGeneration();
      device.writeConfig(WRITEBACK, 1, 0);
      await disk.grow(3 << 20);
      board.model.grew();
      expect(device.takeInterrupt()).toBe(2);
      expect(capacity()).toEqual([6144, 0]);
      expect(device.configGeneration()).not.toBe(before);
      expect(device.readConfig(WRITEBACK, 1)).toBe(0);
      expect(await ask(header(OUT, 6143), readable(pattern(512)))).toBe(OK);
      expect(await ask(header(OUT, 6144), readable(pattern(512)))).toBe(IOERR);
    });

    test('without discards nothing is given back', async () => {
      const { disk, driver, ask } = blockBoard(transport, { discards: false });
      expect(has(driver.features, DISCARD_BIT)).toBe(false);
      expect([36, 40, 44].map((at) => driver.transport.readConfig(at, 4))).toEqual([0, 0, 0]);
      expect(driver.transport.readConfig(56, 1)).toBe(0);
      expect(await ask(header(DISCARD), range(0, 64))).toBe(UNSUPP);
      expect(await ask(header(WRITE_ZEROES), range(0, 64, 1))).toBe(OK);
      expect(disk.calls).toEqual(['zero 0+32768']);
    });
  });
});
