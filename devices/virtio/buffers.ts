/**
 * Host memory for the data of requests, used again and again: a new buffer of a MiB costs 256 page faults and a
 * share of a garbage collection, which is as much as copying it twice.
 */

/** The smallest buffer, in bytes; the others are powers of 2 times as large, as long as they may be kept. */
const SMALLEST = 4096;
/** Bytes that are kept while nobody uses them. */
const KEPT_MAX = 8 * 2 ** 20;

export class Buffers {
  /** By size. */
  readonly #free = new Map<number, ArrayBuffer[]>();
  #kept = 0;

  /** So many bytes, in which anything may stand. */
  take(length: number): Uint8Array<ArrayBuffer> {
    const size = sizeFor(length);
    const buffer = this.#free.get(size)?.pop();
    if (buffer === undefined) return new Uint8Array(new ArrayBuffer(size), 0, length);
    this.#kept -= size;
    return new Uint8Array(buffer, 0, length);
  }

  /** Takes back what {@link take} gave. Nobody else may hold it any more. */
  giveBack({ buffer }: Uint8Array<ArrayBuffer>): void {
    const size = buffer.byteLength;
    if (this.#kept + size > KEPT_MAX) return;
    this.#kept += size;
    const free = this.#free.get(size);
    if (free === undefined) this.#free.set(size, [buffer]);
    else free.push(buffer);
  }
}

function sizeFor(length: number): number {
  if (length > KEPT_MAX) return length;
  let size = SMALLEST;
  while (size < length) size *= 2;
  return size;
}
