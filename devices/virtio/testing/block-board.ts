/** A board with a virtio-blk device over a disk that a test can hold, and requests for it. */

import { expect } from 'vitest';
import type { BlockError, BlockGeometry } from '../../block/backend.ts';
import { VirtioBlock, virtioBlockType } from '../block.ts';
import type { BlockTraits } from '../block-config.ts';
import { FakeBoard, type TransportName } from './fake-board.ts';
import { FakeDisk } from './fake-disk.ts';
import { FakeDriver, readable, writable, type Buffer, type DriverOptions } from './fake-driver.ts';

/** Status and type of a request: 5.2.6. */
export const [OK, IOERR, UNSUPP] = [0, 1, 2];
export const [IN, OUT, FLUSH, GET_ID, GET_LIFETIME, DISCARD, WRITE_ZEROES, SECURE_ERASE] = [0, 1, 4, 8, 10, 11, 13, 14];

export const words = (...values: readonly (number | bigint)[]): Buffer =>
  readable(
    values.flatMap((value) => Array.from({ length: 4 }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 255n))),
  );
/** `struct virtio_blk_req` up to the data; a sector may be of 64 bits. */
export const header = (type: number, sector: number | bigint = 0): Buffer =>
  words(type, 0, BigInt(sector) & 0xffff_ffffn, BigInt(sector) >> 32n);
/** One `struct virtio_blk_discard_write_zeroes`. */
export const range = (sector: number, sectors: number, flags = 0): Buffer => words(sector, 0, sectors, flags);
export const status = writable(1);
export const pattern = (length: number, seed = 1): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * seed + (i >> 8)) & 255);

interface BoardOptions extends DriverOptions, BlockTraits {
  readonly geometry?: Partial<BlockGeometry>;
  readonly queues?: number;
}

export function blockBoard(transport: TransportName, options: BoardOptions = {}) {
  const { queues = 1 } = options;
  const disk = new FakeDisk(options.geometry);
  const errors: BlockError[] = [];
  const board = new FakeBoard(
    transport,
    virtioBlockType(queues),
    () =>
      new VirtioBlock({ ...options, backend: disk, id: 'disk-0', queues, onHostError: (error) => errors.push(error) }),
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

/** Request i has read sector i of the disk. */
export function expectSectors(
  { driver, disk }: Pick<ReturnType<typeof blockBoard>, 'driver' | 'disk'>,
  requests: readonly ReturnType<FakeDriver['submit']>[],
): void {
  requests.forEach((request, i) => {
    const { bytes } = driver.completed(request);
    expect(bytes.subarray(0, 512)).toEqual(disk.bytes.subarray(512 * i, 512 * i + 512));
    expect(bytes.at(-1)).toBe(OK);
  });
}
