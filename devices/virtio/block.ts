/**
 * Block device (virtio 1.2, 5.2 "Block Device"), with one queue.
 */
import { BlockError, type BlockBackend, type BlockGeometry } from '../block/backend.ts';
import type { Reader } from './chain.ts';
import type { VirtioHost, VirtioModel, VirtioRequest, VirtioType } from './model.ts';

// 5.2.2 Virtqueues
const QUEUE_SIZE = 256;

// 5.2.3 Feature bits
const VIRTIO_BLK_F_SIZE_MAX = 1;
const VIRTIO_BLK_F_SEG_MAX = 2;
const VIRTIO_BLK_F_RO = 5;
const VIRTIO_BLK_F_BLK_SIZE = 6;
const VIRTIO_BLK_F_FLUSH = 9;
const VIRTIO_BLK_F_TOPOLOGY = 10;
const VIRTIO_BLK_F_DISCARD = 13;
const VIRTIO_BLK_F_WRITE_ZEROES = 14;

/** The unit of `sector` everywhere in the protocol, and the logical block size. */
const SECTOR_SIZE = 512;
const PHYSICAL_BLOCK_SIZE = 4096;
/** Header and status take a descriptor each. */
const SEG_MAX = QUEUE_SIZE - 2;
const SIZE_MAX = 256 * 1024;
const DATA_MAX = SEG_MAX * SIZE_MAX;
/** Segments and sectors of one discard or write-zeroes command. */
const RANGES_MAX = 32;
const RANGE_BYTES_MAX = 2 ** 30;

/**
 * 5.2.4 Device configuration layout
 *
 *   0   le64 capacity          20  le32 blk_size              36  le32 max_discard_sectors
 *   8   le32 size_max          24  u8   physical_block_exp    40  le32 max_discard_seg
 *   12  le32 seg_max           25  u8   alignment_offset      44  le32 discard_sector_alignment
 *   16  geometry               26  le16 min_io_size           48  le32 max_write_zeroes_sectors
 *                              28  le32 opt_io_size           52  le32 max_write_zeroes_seg
 *                              32  u8   writeback             56  u8   write_zeroes_may_unmap
 */
const CONFIG_SIZE = 60;

function configuration({ size, chunkSize, readOnly }: BlockGeometry): Uint8Array {
  const bytes = new Uint8Array(CONFIG_SIZE);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(size / SECTOR_SIZE), true);
  view.setUint32(8, SIZE_MAX, true);
  view.setUint32(12, SEG_MAX, true);
  view.setUint32(20, SECTOR_SIZE, true);
  view.setUint8(24, Math.log2(PHYSICAL_BLOCK_SIZE / SECTOR_SIZE));
  view.setUint16(26, PHYSICAL_BLOCK_SIZE / SECTOR_SIZE, true);
  view.setUint32(28, chunkSize / SECTOR_SIZE, true);
  if (readOnly) return bytes;
  const rangeSectors = (Math.floor(RANGE_BYTES_MAX / chunkSize) * chunkSize) / SECTOR_SIZE;
  view.setUint32(36, rangeSectors, true);
  view.setUint32(40, RANGES_MAX, true);
  view.setUint32(44, chunkSize / SECTOR_SIZE, true);
  view.setUint32(48, rangeSectors, true);
  view.setUint32(52, RANGES_MAX, true);
  view.setUint8(56, 1);
  return bytes;
}

/** What every thread knows of a block device. */
export const virtioBlockType: VirtioType = {
  name: 'block',
  deviceId: 2,
  pciClass: 0x01_00_00,
  queueSizes: [QUEUE_SIZE],
  configSize: CONFIG_SIZE,
  allocate: () => undefined,
};

/**
 * 5.2.6 Device Operation
 *
 *   struct virtio_blk_req                    struct virtio_blk_discard_write_zeroes
 *   0   le32 type        readable            0   le64 sector
 *   4   le32 reserved                        8   le32 num_sectors
 *   8   le64 sector                          12  le32 flags        bit 0: unmap
 *   16  u8   data[]      either
 *   ..  u8   status      writable
 */
const HEADER_SIZE = 16;
const RANGE_SIZE = 16;
const ID_LENGTH = 20;
const FLAG_UNMAP = 1;

const VIRTIO_BLK_T_IN = 0;
const VIRTIO_BLK_T_OUT = 1;
const VIRTIO_BLK_T_FLUSH = 4;
const VIRTIO_BLK_T_GET_ID = 8;
const VIRTIO_BLK_T_DISCARD = 11;
const VIRTIO_BLK_T_WRITE_ZEROES = 13;

const VIRTIO_BLK_S_OK = 0;
const VIRTIO_BLK_S_IOERR = 1;
const VIRTIO_BLK_S_UNSUPP = 2;

/** A request as the driver put it. */
interface Command {
  readonly type: number;
  /** In bytes; sectors beyond 2^44 lose precision and are out of every disk's range anyway. */
  readonly offset: number;
  /** What follows the header. */
  readonly reader: Reader;
  /** Bytes that the driver can be given, the status left out. */
  readonly room: number;
}

/** What is to be done for a valid command; resolves with the data for the driver, if any. */
interface Work {
  /** It changes the disk, so that a pause has to wait for it. */
  readonly changes: boolean;
  /** Bytes of host memory that it holds. */
  readonly bytes: number;
  run(): Promise<Uint8Array | void>;
}

interface Range {
  readonly offset: number;
  readonly length: number;
  readonly unmap: boolean;
}

/** Requests and bytes in the hands of the back end, at most; one request may exceed the bytes. */
const OUTSTANDING_MAX = 64;
const OUTSTANDING_BYTES_MAX = 64 * 2 ** 20;

export interface BlockOptions {
  readonly backend: BlockBackend;
  /** The disk's serial number: up to 20 characters of ASCII. */
  readonly id: string;
  /** A host failure, for the person; the guest sees an I/O error. */
  readonly onHostError?: (error: BlockError) => void;
}

export class VirtioBlock implements VirtioModel {
  readonly features: readonly number[];
  readonly #options: BlockOptions;
  readonly #changes = new Set<Promise<void>>();
  #outstanding = 0;
  #outstandingBytes = 0;
  #host: VirtioHost | undefined;

  constructor(options: BlockOptions) {
    this.#options = options;
    this.features = [
      VIRTIO_BLK_F_SIZE_MAX,
      VIRTIO_BLK_F_SEG_MAX,
      VIRTIO_BLK_F_BLK_SIZE,
      VIRTIO_BLK_F_FLUSH,
      VIRTIO_BLK_F_TOPOLOGY,
      ...(this.#geometry.readOnly ? [VIRTIO_BLK_F_RO] : [VIRTIO_BLK_F_DISCARD, VIRTIO_BLK_F_WRITE_ZEROES]),
    ];
  }

  get #geometry(): BlockGeometry {
    return this.#options.backend.geometry;
  }

  initialConfig(): Uint8Array {
    return configuration(this.#geometry);
  }

  attach(host: VirtioHost): void {
    this.#host = host;
  }

  ready(): boolean {
    return this.#outstanding < OUTSTANDING_MAX && this.#outstandingBytes < OUTSTANDING_BYTES_MAX;
  }

  handle(_queue: number, request: VirtioRequest): void {
    const { reader, writable } = request;
    if (reader.remaining < HEADER_SIZE) return request.refuse('a request without a header');
    if (writable === 0) return request.refuse('a request without room for its status');
    const header = new DataView(reader.read(HEADER_SIZE).buffer);
    const sector = header.getUint32(12, true) * 2 ** 32 + header.getUint32(8, true);
    const command = { type: header.getUint32(0, true), offset: sector * SECTOR_SIZE, reader, room: writable - 1 };
    const work = this.#plan(command);
    if (typeof work === 'number') return answer(request, work);
    const running = this.#run(request, work);
    if (!work.changes) return;
    this.#changes.add(running);
    void running.then(() => this.#changes.delete(running));
  }

  /** What a command asks for, or the status that it ends with at once. */
  #plan(command: Command): Work | number {
    const { backend, id } = this.#options;
    const { offset, room } = command;
    switch (command.type) {
      case VIRTIO_BLK_T_IN: {
        if (!this.#transferable(offset, room)) return VIRTIO_BLK_S_IOERR;
        const target = new Uint8Array(room);
        return { changes: false, bytes: room, run: () => backend.read(offset, target).then(() => target) };
      }
      case VIRTIO_BLK_T_OUT: {
        const length = command.reader.remaining;
        if (this.#geometry.readOnly || !this.#transferable(offset, length)) return VIRTIO_BLK_S_IOERR;
        const data = command.reader.read();
        return { changes: true, bytes: length, run: () => this.#write(offset, data) };
      }
      case VIRTIO_BLK_T_FLUSH:
        return { changes: true, bytes: 0, run: () => backend.flush() };
      case VIRTIO_BLK_T_GET_ID:
        return { changes: false, bytes: 0, run: () => Promise.resolve(idBytes(id)) };
      case VIRTIO_BLK_T_DISCARD:
        return this.#planRanges(command, VIRTIO_BLK_F_DISCARD, 0, (range) =>
          backend.discard(range.offset, range.length),
        );
      case VIRTIO_BLK_T_WRITE_ZEROES:
        return this.#planRanges(command, VIRTIO_BLK_F_WRITE_ZEROES, FLAG_UNMAP, (range) =>
          backend.writeZeroes(range.offset, range.length, range.unmap),
        );
      default:
        return VIRTIO_BLK_S_UNSUPP;
    }
  }

  /** 5.2.6.2: a write is stable when it completes if the driver did not take the flush command. */
  async #write(offset: number, data: Uint8Array): Promise<void> {
    await this.#options.backend.write(offset, data);
    if (this.#host?.accepted(VIRTIO_BLK_F_FLUSH) === false) await this.#options.backend.flush();
  }

  /** Discard and write-zeroes: all ranges are checked before one is touched. */
  #planRanges(
    command: Command,
    feature: number,
    knownFlags: number,
    apply: (range: Range) => Promise<void>,
  ): Work | number {
    if (this.#host?.accepted(feature) !== true) return VIRTIO_BLK_S_UNSUPP;
    const length = command.reader.remaining;
    if (length === 0 || length % RANGE_SIZE !== 0 || length > RANGES_MAX * RANGE_SIZE) return VIRTIO_BLK_S_IOERR;
    const view = new DataView(command.reader.read().buffer);
    const ranges: Range[] = [];
    let status = VIRTIO_BLK_S_OK;
    for (let at = 0; at < length; at += RANGE_SIZE) {
      const sector = view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
      const bytes = view.getUint32(at + 8, true) * SECTOR_SIZE;
      const flags = view.getUint32(at + 12, true);
      // 5.2.6.2: an unknown flag, or `unmap` on a discard, is unsupported before all else.
      if ((flags & ~knownFlags) !== 0) return VIRTIO_BLK_S_UNSUPP;
      const range = { offset: sector * SECTOR_SIZE, length: bytes, unmap: (flags & FLAG_UNMAP) !== 0 };
      if (bytes > RANGE_BYTES_MAX || !this.#inside(range.offset, bytes)) status = VIRTIO_BLK_S_IOERR;
      if (bytes > 0) ranges.push(range);
    }
    if (status !== VIRTIO_BLK_S_OK) return status;
    return { changes: true, bytes: 0, run: () => Promise.all(ranges.map(apply)).then(() => undefined) };
  }

  /** True when `length` bytes at `offset` can be read or written by one request. */
  #transferable(offset: number, length: number): boolean {
    return length % SECTOR_SIZE === 0 && length <= DATA_MAX && this.#inside(offset, length);
  }

  #inside(offset: number, length: number): boolean {
    return offset + length <= this.#geometry.size;
  }

  async #run(request: VirtioRequest, work: Work): Promise<void> {
    this.#outstanding++;
    this.#outstandingBytes += work.bytes;
    let status = VIRTIO_BLK_S_OK;
    let data: Uint8Array | void = undefined;
    try {
      data = await work.run();
    } catch (error) {
      status = VIRTIO_BLK_S_IOERR;
      this.#options.onHostError?.(hostError(error));
    }
    this.#outstanding--;
    this.#outstandingBytes -= work.bytes;
    answer(request, status, data ?? undefined);
  }

  async settle(): Promise<void> {
    await Promise.all(this.#changes);
  }
}

/** Completes a request: the data first, the status in the last byte. */
function answer(request: VirtioRequest, status: number, data?: Uint8Array): void {
  request.complete((writer) => {
    if (data !== undefined) writer.write(data.subarray(0, writer.remaining - 1));
    writer.skip(writer.remaining - 1);
    writer.write(Uint8Array.of(status));
  });
}

/** NUL-padded, not NUL-terminated. */
function idBytes(id: string): Uint8Array {
  return Uint8Array.from({ length: ID_LENGTH }, (_, i) => (i < id.length ? id.charCodeAt(i) & 0x7f : 0));
}

function hostError(error: unknown): BlockError {
  if (error instanceof BlockError) return error;
  return new BlockError('store', 'The disk failed in a way that it should not have.', { cause: error });
}
