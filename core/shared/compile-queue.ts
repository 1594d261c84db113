/**
 * Requests of one hart to the compiler's thread: places that were jumped to often, and pages that hold code.
 *
 *   hart       writes a record, then advances `tail`, then rings `Control.compilerBell`; never waits: what does not fit
 *              is forgotten
 *   compiler   reads records, then advances `head`; what it has made of them it posts as messages, and then advances
 *              `posted` and sets Attention.CODE
 */
import { array, atomic32, struct, u32, type AtomicWord, type ViewOf } from './struct.ts';

/** In place of an offset: the page was found to hold code. What is known of its content may be compiled at once. */
export const WHOLE_PAGE = 0xffff_ffff;

const CAPACITY = 256;
const WORDS = 4;

export const CompileQueue = struct('CompileQueue', {
  head: atomic32,
  tail: atomic32,
  /** Messages to the hart, ever. */
  posted: atomic32,
  records: array(u32, CAPACITY * WORDS),
});
export type CompileQueueView = ViewOf<typeof CompileQueue>;

/** A place to compile. */
export interface CompileRequest {
  /** The guest page, and its version, which was claimed as code: what is read is good for that. */
  readonly page: number;
  readonly version: number;
  /** In the page, in bytes; or {@link WHOLE_PAGE}. */
  readonly offset: number;
  /** Where the page's decoded entries are, which say what of it was executed; 0 when it is not known. */
  readonly entries: number;
}

/** The hart's side. */
export function requestCompilation(queue: CompileQueueView, bell: AtomicWord, request: CompileRequest): void {
  const tail = queue.tail.load();
  if (((tail - queue.head.load()) | 0) >= CAPACITY) return;
  queue.records.set([request.page, request.version, request.offset, request.entries], (tail & (CAPACITY - 1)) * WORDS);
  queue.tail.store(tail + 1);
  bell.add(1);
  bell.notify();
}

/** The compiler's side: the requests that have come, `most` of them. */
export function takeRequests(queue: CompileQueueView, most: number): CompileRequest[] {
  const requests: CompileRequest[] = [];
  const tail = queue.tail.load();
  let head = queue.head.load();
  for (; head !== tail && requests.length < most; head = (head + 1) >>> 0) {
    const [page, version, offset, entries] = queue.records.subarray((head & (CAPACITY - 1)) * WORDS);
    requests.push({ page, version, offset, entries });
  }
  queue.head.store(head);
  return requests;
}
