/**
 * Sees which reads go on where others ended, and says what to fetch ahead of them. A reader that goes on is fetched
 * ahead of by less than it has read, so that no more than twice the bytes are fetched whatever it does next.
 */

/** Readers that are told apart. */
const READERS = 4;
/** Bytes that a reader has read in sequence before anything is fetched ahead of it: a guest reads ahead itself. */
const BEFORE = 256 * 1024;
/** Bytes ahead of a reader, at most. */
const MOST = 1024 * 1024;
/** Bytes that a reader may leave out, or read again, and still go on: requests overtake one another. */
const SLACK = 128 * 1024;

export interface Reader {
  /** Where it began, where it is, and up to where was fetched ahead of it, in bytes. */
  readonly start: number;
  next: number;
  ahead: number;
}

export interface Advice {
  /** Whose read it was. */
  readonly reader: Reader;
  /** What to fetch ahead of it, in bytes; nothing if they are the same. */
  readonly from: number;
  readonly to: number;
  /** A reader that is not seen any more: what is on its way for it alone is not wanted. */
  readonly gone: Reader | undefined;
}

export class ReadAhead {
  /** The one that read last is the last. */
  readonly #readers: Reader[] = [];

  /** To be told of each read. */
  note(offset: number, length: number): Advice {
    const index = this.#readers.findIndex(({ next }) => Math.abs(offset - next) <= SLACK);
    const [reader] = index < 0 ? [{ start: offset, next: offset, ahead: offset }] : this.#readers.splice(index, 1);
    this.#readers.push(reader);
    const gone = this.#readers.length > READERS ? this.#readers.shift() : undefined;
    reader.next = Math.max(reader.next, offset + length);
    reader.ahead = Math.max(reader.ahead, reader.next);
    const from = reader.ahead;
    const run = reader.next - reader.start;
    const window = run < BEFORE ? 0 : Math.min(MOST, run / 2);
    // By half of the window at a time, so that requests are not small.
    if (reader.next + window - from < window / 2 || window === 0) return { reader, from, to: from, gone };
    reader.ahead = reader.next + window;
    return { reader, from, to: reader.ahead, gone };
  }
}
