/**
 * Descriptor chains (virtio 1.2, 2.7.5 "The Virtqueue Descriptor Table"), validated once and handed on as segments of
 * guest RAM; and the Reader and Writer that devices see instead of segments.
 *
 *   struct virtq_desc                  chain:  readable readable ... writable writable
 *   0  le64 addr    guest-physical             └── Reader ─────────┘ └── Writer ─────┘
 *   8  le32 len
 *   12 le16 flags
 *   14 le16 next
 */
import type { GuestRam } from '../../core/shared/guest-ram.ts';

const DESCRIPTOR_SIZE = 16;
const VIRTQ_DESC_F_NEXT = 1;
const VIRTQ_DESC_F_WRITE = 2;
const VIRTQ_DESC_F_INDIRECT = 4;

/** A list of ranges of guest RAM. */
export class Segments {
  readonly addresses: number[] = [];
  readonly lengths: number[] = [];
  /** Bytes in all. */
  total = 0;

  add(address: number, length: number): void {
    this.addresses.push(address);
    this.lengths.push(length);
    this.total += length;
  }
}

/** A validated chain. */
export interface Chain {
  readonly readable: Segments;
  readonly writable: Segments;
}

/** Where a chain begins and what it may look like. */
export interface ChainStart {
  /** Guest-physical address of the descriptor table, and its number of descriptors. */
  readonly table: number;
  readonly size: number;
  readonly head: number;
  /** Most descriptors in a chain. */
  readonly limit: number;
  /** VIRTIO_F_INDIRECT_DESC was negotiated. */
  readonly indirect: boolean;
}

/** Follows a chain. Returns what is wrong with it, in words for the log, when the driver broke a rule. */
export function walkChain(ram: GuestRam, start: ChainStart): Chain | string {
  const readable = new Segments();
  const writable = new Segments();
  let { table, size } = start;
  let index = start.head;
  let inIndirect = false;
  for (let count = 0; ;) {
    if (index >= size) return `descriptor ${index} is outside of its table of ${size}`;
    const at = table + index * DESCRIPTOR_SIZE;
    const address = ram.readU64(at);
    const length = ram.readU32(at + 8);
    const flags = ram.readU16(at + 12);
    if ((flags & VIRTQ_DESC_F_INDIRECT) !== 0) {
      // 2.7.5.3.1: one table for each descriptor, never with NEXT, WRITE is ignored.
      if (!start.indirect) return 'an indirect descriptor, which was not negotiated';
      if (inIndirect) return 'an indirect descriptor in an indirect table';
      if ((flags & VIRTQ_DESC_F_NEXT) !== 0) return 'an indirect descriptor with VIRTQ_DESC_F_NEXT';
      if (length === 0 || length % DESCRIPTOR_SIZE !== 0) return `an indirect table of ${length} bytes`;
      if (!ram.contains(address, length)) return 'an indirect table outside of RAM';
      table = address;
      size = length / DESCRIPTOR_SIZE;
      index = 0;
      inIndirect = true;
      continue;
    }
    if (++count > start.limit) return `a chain of more than ${start.limit} descriptors`;
    if (length === 0) return 'a descriptor of length 0';
    if (!ram.contains(address, length)) return 'a buffer outside of RAM';
    if ((flags & VIRTQ_DESC_F_WRITE) !== 0) writable.add(address, length);
    else if (writable.total === 0) readable.add(address, length);
    else return 'a device-readable descriptor after a device-writable one';
    if ((flags & VIRTQ_DESC_F_NEXT) === 0) return { readable, writable };
    index = ram.readU16(at + 14);
  }
}

/** A position in a list of segments that moves forward. */
class Cursor {
  readonly #segments: Segments;
  #index = 0;
  #into = 0;
  position = 0;

  constructor(segments: Segments) {
    this.#segments = segments;
  }

  /** Calls `visit` for each range of the next `length` bytes; the caller has checked that there are so many. */
  advance(length: number, visit: (address: number, length: number) => void): void {
    const { addresses, lengths } = this.#segments;
    for (let left = length; left > 0;) {
      const part = Math.min(left, lengths[this.#index] - this.#into);
      visit(addresses[this.#index] + this.#into, part);
      left -= part;
      this.#into += part;
      this.position += part;
      if (this.#into === lengths[this.#index]) {
        this.#index++;
        this.#into = 0;
      }
    }
  }
}

/** Thrown by a {@link Reader} when the driver has reset the queue; the engine drops the request. */
export class StaleRequest extends Error {
  override readonly name = 'StaleRequest';
}

/** Reads the device-readable part of a chain from its beginning. */
export class Reader {
  readonly #ram: GuestRam;
  readonly #cursor: Cursor;
  readonly #total: number;
  readonly #guarded: (copy: () => void) => boolean;

  /** `guarded` runs a copy while no reset can happen, or returns false when one already has. */
  constructor(ram: GuestRam, segments: Segments, guarded: (copy: () => void) => boolean) {
    this.#ram = ram;
    this.#cursor = new Cursor(segments);
    this.#total = segments.total;
    this.#guarded = guarded;
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.#total - this.#cursor.position;
  }

  /** The next `length` bytes, or as many as there are, in a buffer of their own. Throws {@link StaleRequest}. */
  read(length = this.remaining): Uint8Array<ArrayBuffer> {
    const target = new Uint8Array(Math.min(length, this.remaining));
    this.readInto(target);
    return target;
  }

  /** Fills `target` with the next bytes; there are so many. Throws {@link StaleRequest}. */
  readInto(target: Uint8Array): void {
    const copied = this.#guarded(() => {
      let at = 0;
      this.#cursor.advance(target.length, (address, part) => {
        this.#ram.read(address, target.subarray(at, at + part));
        at += part;
      });
    });
    if (!copied) throw new StaleRequest('the queue was reset');
  }
}

/** Writes the device-writable part of a chain from its beginning. Lives only while a completion is committed. */
export class Writer {
  readonly #ram: GuestRam;
  readonly #cursor: Cursor;
  readonly #total: number;
  #written = 0;

  constructor(ram: GuestRam, segments: Segments) {
    this.#ram = ram;
    this.#cursor = new Cursor(segments);
    this.#total = segments.total;
  }

  /** Bytes not yet written. */
  get remaining(): number {
    return this.#total - this.#cursor.position;
  }

  /** Bytes written without a gap from the beginning: what the used ring's `len` may promise. */
  get written(): number {
    return this.#written;
  }

  /** Writes `bytes`, or as many as fit. */
  write(bytes: Uint8Array): void {
    const length = Math.min(bytes.length, this.remaining);
    if (this.#written === this.#cursor.position) this.#written += length;
    let at = 0;
    this.#cursor.advance(length, (address, part) => {
      this.#ram.write(address, part === bytes.length ? bytes : bytes.subarray(at, at + part));
      at += part;
    });
  }

  /** Leaves `length` bytes as they are, or as many as there are. */
  skip(length: number): void {
    this.#cursor.advance(Math.min(length, this.remaining), () => undefined);
  }
}
