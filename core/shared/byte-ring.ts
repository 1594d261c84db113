/**
 * A ring of bytes between two threads: one produces, one consumes, nothing is lost.
 *
 *   bytes:  [ . . c c c c c . . . ]        c  written and not yet read
 *                 ^head     ^tail          index = counter modulo capacity (a power of 2)
 *
 * Protocol. `tail` counts the bytes ever written, modulo 2^32; only the producer stores it, after the bytes it
 * counts. `head` counts the bytes ever read; only the consumer stores it, after it has copied them out. So a side
 * that loads the other's counter may touch all bytes that the counter gives it, and nothing else. A full ring takes
 * part of a write, or nothing: the producer keeps the rest and is told of room by whatever bell its owner rings, or
 * sleeps on `head`; a consumer likewise sleeps on `tail`. Several threads may share a side if a lock of theirs
 * makes one of them at a time.
 */
import { array, atomic32, struct, u8, type Layout, type View } from './struct.ts';

type ByteRingFields = { head: typeof atomic32; tail: typeof atomic32; bytes: ReturnType<typeof bytesOf> };
export type ByteRingLayout = Layout<ByteRingFields>;
export type ByteRingView = View<ByteRingFields>;

const bytesOf = (capacity: number) => array(u8, capacity);

/** The layout of a ring of `capacity` bytes, a power of 2. */
export function byteRingLayout(capacity: number): ByteRingLayout {
  if (capacity < 1 || capacity > 2 ** 30 || (capacity & (capacity - 1)) !== 0) {
    throw new RangeError(`the capacity of a ring is a power of 2, not ${capacity}`);
  }
  return struct('ByteRing', { head: atomic32, tail: atomic32, bytes: bytesOf(capacity) });
}

/** Either side of a ring in shared memory. */
export class ByteRing {
  readonly capacity: number;
  readonly #ring: ByteRingView;

  constructor(ring: ByteRingView) {
    this.#ring = ring;
    this.capacity = ring.bytes.length;
  }

  /** Bytes that can be read. Exact for the consumer; for others a moment's truth. */
  get available(): number {
    return (this.#ring.tail.load() - this.#ring.head.load()) >>> 0;
  }

  /** Bytes that can be written. Exact for the producer. */
  get space(): number {
    return this.capacity - this.available;
  }

  /** Producer: writes as much of `source` as there is room for, and returns how many bytes that was. */
  write(source: Uint8Array): number {
    const { bytes, tail } = this.#ring;
    const length = Math.min(source.length, this.space);
    const at = tail.load() & (this.capacity - 1);
    const first = Math.min(length, this.capacity - at);
    bytes.set(source.subarray(0, first), at);
    bytes.set(source.subarray(first, length), 0);
    tail.add(length);
    return length;
  }

  /** Producer: writes one byte; false when there is no room. */
  writeByte(byte: number): boolean {
    if (this.space === 0) return false;
    const { bytes, tail } = this.#ring;
    bytes[tail.load() & (this.capacity - 1)] = byte;
    tail.add(1);
    return true;
  }

  /** Consumer: takes up to `max` bytes out, as a copy that is not shared. */
  read(max = this.capacity): Uint8Array<ArrayBuffer> {
    const { bytes, head } = this.#ring;
    const target = new Uint8Array(Math.min(max, this.available));
    const at = head.load() & (this.capacity - 1);
    const first = Math.min(target.length, this.capacity - at);
    target.set(bytes.subarray(at, at + first));
    target.set(bytes.subarray(0, target.length - first), first);
    head.add(target.length);
    return target;
  }

  /** Consumer: takes one byte out; -1 when there is none. */
  readByte(): number {
    if (this.available === 0) return -1;
    const { bytes, head } = this.#ring;
    const byte = bytes[head.load() & (this.capacity - 1)];
    head.add(1);
    return byte;
  }

  /** Consumer: drops what is there. */
  clear(): void {
    this.#ring.head.add(this.available);
  }
}
