import { describe, expect, test } from 'vitest';
import { BlockError, type BlockGeometry } from '../block/backend.ts';
import { VirtioBlock, virtioBlockType } from './block.ts';
import { FakeBoard, TRANSPORTS, type TransportName } from './testing/fake-board.ts';
import { FakeDisk } from './testing/fake-disk.ts';
import { FakeDriver, has, readable, writable, type Buffer, type DriverOptions } from './testing/fake-driver.ts';

const [OK, IOERR, UNSUPP] = [0, 1, 2];
const [IN, OUT, FLUSH, GET_ID, DISCARD, WRITE_ZEROES] = [0, 1, 4, 8, 11, 13];
const [RO_BIT, FLUSH_BIT, DISCARD_BIT, WRITE_ZEROES_BIT] = [5, 9, 13, 14];

const words = (...values: readonly (number | bigint)[]): Buffer =>
  readable(
    values.flatMap((value) => Array.from({ length: 4 }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 255n))),
  );
/** `struct virtio_blk_req` up to the data; a sector may be of 64 bits. */
const header = (type: number, sector: number | bigint = 0): Buffer =>
  words(type, 0, BigInt(sector) & 0xffff_ffffn, BigInt(sector) >> 32n);
/** One `struct virtio_blk_discard_write_zeroes`. */
const range = (sector: number, sectors: number, flags = 0): Buffer => words(sector, 0, sectors, flags);
const status = writable(1);
const pattern = (length: number, seed = 1): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * seed + (i >> 8)) & 255);

function blockBoard(transport: TransportName, options: DriverOptions & { geometry?: Partial<BlockGeometry> } = {}) {
  const disk = new FakeDisk(options.geometry);
  const errors: BlockError[] = [];
  const board = new FakeBoard(
    transport,
    virtioBlockType,
    () => new VirtioBlock({ backend: disk, id: 'disk-0', onHostError: (error) => errors.push(error) }),
  );
  const driver = new FakeDriver(board, options);
  driver.initialise();
  /** Submits one request and returns its status. */
  const ask = async (...buffers: readonly Buffer[]): Promise<number | undefined> => {
    const request = driver.submit([...buffers, status]);
    await board.run();
    return driver.completed(request).bytes.at(-1);
  };
  return { disk, errors, board, driver, ask };
}

describe.each(TRANSPORTS)('virtio-blk over %s', (transport) => {
  test('describes the disk', () => {
    const { driver } = blockBoard(transport);
    const { transport: device } = driver;
    expect(device.deviceId()).toBe(2);
    expect([device.readConfig(0, 4), device.readConfig(4, 4)]).toEqual([2048, 0]);
    expect(device.readConfig(8, 4)).toBe(256 * 1024);
    expect(device.readConfig(12, 4)).toBe(254);
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
    expect(await ask(header(7))).toBe(UNSUPP);
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
    requests.forEach((request, i) => {
      const { bytes } = driver.completed(request);
      expect(bytes.at(-1)).toBe(OK);
      expect(bytes.subarray(0, 512)).toEqual(disk.bytes.subarray(512 * i, 512 * i + 512));
    });
  });
});
