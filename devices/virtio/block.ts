/**
 * Block device (virtio 1.3, 5.2 "Block Device"). What it says of itself is in block-config.ts.
 *
 * Requests of all queues are with the back end at the same time, and complete in any order; what overlaps takes effect in
 * the order in which it was taken, which is the back end's promise. A flush covers what any queue had completed before.
 */
import { BlockError, type BlockBackend } from '../block/backend.ts';
import { SharedFlush } from '../block/shared-flush.ts';
import {
  BlockFeature,
  blockShape,
  CAPACITY,
  CONFIG_SIZE,
  configuration,
  DATA_MAX,
  offeredFeatures,
  QUEUE_SIZE,
  RANGE_BYTES_MAX,
  RANGES_MAX,
  SECTOR_SIZE,
  WRITEBACK,
  type BlockShape,
  type BlockTraits,
} from './block-config.ts';
import { Buffers } from './buffers.ts';
import { InFlight } from './block-in-flight.ts';
import type { Reader } from './chain.ts';
import { hasFeature } from './features.ts';
import type { VirtioHost, VirtioModel, VirtioRequest, VirtioType } from './model.ts';

/** 5.2.2 Virtqueues, at most. */
const QUEUES_MAX = 8;

/** What every thread knows of a block device in a machine of so many harts: it has a queue for each. */
export function virtioBlockType(harts: number): VirtioType {
  return {
    name: 'block',
    deviceId: 2,
    pciClass: 0x01_00_00,
    queueSizes: Array.from({ length: Math.min(harts, QUEUES_MAX) }, () => QUEUE_SIZE),
    configSize: CONFIG_SIZE,
    writableConfig: [[WRITEBACK, 1]],
    negotiated: (accepted, config) => {
      // 5.2.5.2: a driver that can choose the cache mode, but cannot flush, begins with write-through.
      if (!hasFeature(accepted, BlockFeature.VIRTIO_BLK_F_FLUSH)) config[WRITEBACK] = 0;
    },
    allocate: () => undefined,
  };
}

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
  /** Of {@link Buffers}: what it reads into, or writes from. */
  readonly buffer?: Uint8Array<ArrayBuffer>;
  run(): Promise<Uint8Array | void>;
}

interface Range {
  readonly offset: number;
  readonly length: number;
  readonly unmap: boolean;
}

export interface BlockOptions extends BlockTraits {
  readonly backend: BlockBackend;
  /** The disk's serial number: up to 20 characters of ASCII. */
  readonly id: string;
  /** As many as its type has. */
  readonly queues: number;
  /** A host failure, for the person; the guest sees an I/O error. */
  readonly onHostError?: (error: BlockError) => void;
}

export class VirtioBlock implements VirtioModel {
  readonly features: readonly number[];
  readonly #options: BlockOptions;
  #shape: BlockShape;
  readonly #inFlight: InFlight;
  readonly #buffers = new Buffers();
  readonly #flushes: SharedFlush;
  readonly #changes = new Set<Promise<void>>();
  #host: VirtioHost | undefined;

  constructor(options: BlockOptions) {
    this.#options = options;
    this.#shape = blockShape(options.backend.geometry, options, options.queues);
    this.#flushes = new SharedFlush(() => options.backend.flush());
    this.#inFlight = new InFlight(options.queues, (queue) => this.#host?.serve(queue));
    this.features = offeredFeatures(this.#shape);
  }

  initialConfig(): Uint8Array {
    return configuration(this.#shape);
  }

  /** The back end has become larger: so has `capacity`, and the driver is notified of that. */
  grew(): void {
    const { backend, queues } = this.#options;
    this.#shape = blockShape(backend.geometry, this.#options, queues);
    this.#host?.changeConfig(CAPACITY, configuration(this.#shape).subarray(CAPACITY, CAPACITY + 8));
  }

  attach(host: VirtioHost): void {
    this.#host = host;
  }

  ready(queue: number): boolean {
    return this.#inFlight.admits(queue);
  }

  handle(queue: number, request: VirtioRequest): void {
    const { reader, writable } = request;
    if (reader.remaining < HEADER_SIZE) return request.refuse('a request without a header');
    if (writable === 0) return request.refuse('a request without room for its status');
    const header = new DataView(reader.read(HEADER_SIZE).buffer);
    const sector = header.getUint32(12, true) * 2 ** 32 + header.getUint32(8, true);
    const command = { type: header.getUint32(0, true), offset: sector * SECTOR_SIZE, reader, room: writable - 1 };
    const work = this.#plan(command);
    if (typeof work === 'number') return answer(request, work);
    const running = this.#run(queue, request, work);
    if (work.changes) this.#track(running);
  }

  /** What was acknowledged before the driver chose write-through becomes durable too, since nothing else may follow it. */
  configWritten(): void {
    if (this.#shape.readOnly || this.#mustWriteThrough || !this.#choseWriteThrough) return;
    this.#track(this.#flushes.flush().catch((error: unknown) => this.#options.onHostError?.(hostError(error))));
  }

  #track(change: Promise<void>): void {
    this.#changes.add(change);
    void change.then(() => this.#changes.delete(change));
  }

  /** What a command asks for, or the status that it ends with at once. */
  #plan(command: Command): Work | number {
    const { backend, id } = this.#options;
    const { offset, room, reader } = command;
    switch (command.type) {
      case VIRTIO_BLK_T_IN: {
        if (reader.remaining !== 0 || !this.#transferable(offset, room)) return VIRTIO_BLK_S_IOERR;
        const buffer = this.#buffers.take(room);
        return { changes: false, bytes: room, buffer, run: () => backend.read(offset, buffer).then(() => buffer) };
      }
      case VIRTIO_BLK_T_OUT: {
        const length = reader.remaining;
        if (this.#shape.readOnly || room !== 0 || !this.#transferable(offset, length)) return VIRTIO_BLK_S_IOERR;
        const buffer = this.#buffers.take(length);
        reader.readInto(buffer);
        return { ...this.#change(length, () => backend.write(offset, buffer)), buffer };
      }
      case VIRTIO_BLK_T_FLUSH:
        return { changes: true, bytes: 0, run: () => this.#flushes.flush() };
      case VIRTIO_BLK_T_GET_ID:
        return { changes: false, bytes: 0, run: () => Promise.resolve(idBytes(id)) };
      case VIRTIO_BLK_T_DISCARD:
        return this.#planRanges(command, BlockFeature.VIRTIO_BLK_F_DISCARD, 0, (range) =>
          backend.discard(range.offset, range.length),
        );
      case VIRTIO_BLK_T_WRITE_ZEROES:
        return this.#planRanges(command, BlockFeature.VIRTIO_BLK_F_WRITE_ZEROES, FLAG_UNMAP, (range) =>
          backend.writeZeroes(range.offset, range.length, range.unmap && this.#shape.discards),
        );
      default:
        return VIRTIO_BLK_S_UNSUPP;
    }
  }

  /** 5.2.6.2: with a write-through cache a change is stable when it completes. */
  #change(bytes: number, change: () => Promise<void>): Work {
    const through = this.#mustWriteThrough || this.#choseWriteThrough;
    const run = through ? () => change().then(() => this.#flushes.flush()) : change;
    return { changes: true, bytes, run };
  }

  /** The disk is to be so, or the driver could make nothing durable otherwise. */
  get #mustWriteThrough(): boolean {
    return this.#shape.writeThrough || !this.#accepted(BlockFeature.VIRTIO_BLK_F_FLUSH);
  }

  /** 5.2.5: the cache mode is write-back unless the driver chose the other. */
  get #choseWriteThrough(): boolean {
    return this.#accepted(BlockFeature.VIRTIO_BLK_F_CONFIG_WCE) && this.#host?.configByte(WRITEBACK) === 0;
  }

  #accepted(feature: number): boolean {
    return this.#host?.accepted(feature) === true;
  }

  /** Discard and write-zeroes: all ranges are checked before one is touched. */
  #planRanges(
    command: Command,
    feature: number,
    knownFlags: number,
    apply: (range: Range) => Promise<void>,
  ): Work | number {
    if (!this.#accepted(feature)) return VIRTIO_BLK_S_UNSUPP;
    const length = command.reader.remaining;
    const wellFormed = length > 0 && length % RANGE_SIZE === 0 && length <= RANGES_MAX * RANGE_SIZE;
    if (!wellFormed || command.room !== 0) return VIRTIO_BLK_S_IOERR;
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
    return this.#change(0, () => Promise.all(ranges.map(apply)).then(() => undefined));
  }

  /** True when `length` bytes at `offset` can be read or written by one request. */
  #transferable(offset: number, length: number): boolean {
    return length % SECTOR_SIZE === 0 && length <= DATA_MAX && this.#inside(offset, length);
  }

  #inside(offset: number, length: number): boolean {
    return offset + length <= this.#shape.capacity;
  }

  async #run(queue: number, request: VirtioRequest, work: Work): Promise<void> {
    this.#inFlight.enter(queue, work.bytes);
    let status = VIRTIO_BLK_S_OK;
    let data: Uint8Array | void = undefined;
    let { buffer } = work;
    try {
      data = await work.run();
    } catch (error) {
      status = VIRTIO_BLK_S_IOERR;
      // A part of the disk may be at work on it still.
      buffer = undefined;
      this.#options.onHostError?.(hostError(error));
    }
    this.#inFlight.leave(queue, work.bytes);
    answer(request, status, data ?? undefined);
    if (buffer !== undefined) this.#buffers.giveBack(buffer);
    this.#inFlight.goOn();
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
