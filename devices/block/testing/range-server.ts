/** A server with one file, in memory: one that knows Range requests, until it is told to be another. */

import type { FetchHost } from '../http/fetch-bytes.ts';

export const IMAGE_URL = 'https://images.example/disk.img';

/** What the server does instead of answering as it should. */
export type Misdeed = (request: RangeRequest) => Response | Promise<Response>;

export interface RangeRequest {
  readonly method: string;
  /** First and last byte, as asked for. */
  readonly from: number;
  readonly to: number;
  readonly signal: AbortSignal | undefined;
  /** The answer as it should be, with these headers changed; `undefined` leaves one out. */
  readonly answer: (changes?: Readonly<Record<string, string | undefined>>, body?: BodyInit | null) => Response;
}

export class RangeServer implements FetchHost {
  bytes: Uint8Array<ArrayBuffer>;
  version = '"1"';
  /** Header names that a page of another origin sees; all if undefined. */
  exposed: readonly string[] | undefined;
  /** For the next requests, one each; then `always`. */
  readonly next: Misdeed[] = [];
  always: Misdeed | undefined;
  /** Ranges in the order in which they were asked for; HEAD is empty. */
  readonly asked: [from: number, to: number][] = [];
  /** Bytes of all bodies that were sent. */
  sent = 0;
  /** Requests that are being answered, and how many there were at most. */
  open = 0;
  mostOpen = 0;
  /** Milliseconds that the client waits for a byte: short where a server stalls, long enough for a busy host elsewhere. */
  stall = 10_000;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
  }

  readonly sleep = async (): Promise<void> => {};

  readonly fetch = async (_url: string, { method = 'GET', headers, signal }: RequestInit): Promise<Response> => {
    const match = /^bytes=(\d+)-(\d*)$/.exec(new Headers(headers).get('Range') ?? '');
    const from = Number(match?.[1] ?? 0);
    const to = Math.min(match?.[2] ? Number(match[2]) : Infinity, this.bytes.length - 1);
    if (method === 'GET') this.asked.push([from, to]);
    this.mostOpen = Math.max(this.mostOpen, ++this.open);
    try {
      await new Promise((resolve) => setTimeout(resolve));
      const misdeed = this.next.shift() ?? this.always;
      const answer: RangeRequest['answer'] = (changes, body) => this.#answer(method, from, to, changes, body);
      const response = await (misdeed ?? (() => answer()))({ method, from, to, signal: signal ?? undefined, answer });
      return this.exposed ? exposing(response, this.exposed) : response;
    } finally {
      this.open--;
    }
  };

  #answer(
    method: string,
    from: number,
    to: number,
    changes: Readonly<Record<string, string | undefined>> = {},
    body?: BodyInit | null,
  ): Response {
    const { length } = this.bytes;
    if (from >= length) {
      return new Response('', { status: 416, headers: { 'Content-Range': `bytes */${length}` } });
    }
    const part = this.bytes.slice(from, to + 1);
    this.sent += part.length;
    const headers = new Headers({
      'Content-Range': `bytes ${from}-${to}/${length}`,
      'Content-Length': String(part.length),
      ETag: this.version,
      'Last-Modified': 'Mon, 01 Jan 2024 00:00:00 GMT',
    });
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) headers.delete(name);
      else headers.set(name, value);
    }
    return new Response(method === 'HEAD' ? null : body === undefined ? part : body, { status: 206, headers });
  }
}

function exposing(response: Response, names: readonly string[]): Response {
  const headers = new Headers(
    names.flatMap((name): [string, string][] => {
      const value = response.headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

/** An answer of which nothing, or nothing more, comes. */
export function stalling(
  { signal, answer, from }: RangeRequest,
  bytes: Uint8Array<ArrayBuffer>,
  some: number,
): Response {
  const body = new ReadableStream({
    start(controller) {
      if (some > 0) controller.enqueue(bytes.slice(from, from + some));
      signal?.addEventListener('abort', () => controller.error(signal.reason));
    },
  });
  return answer({}, body);
}

/** An answer that breaks off after some bytes. */
export function dying({ answer, from }: RangeRequest, bytes: Uint8Array<ArrayBuffer>, some: number): Response {
  let step = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (step++ === 0) controller.enqueue(bytes.slice(from, from + some));
      else controller.error(new TypeError('network error'));
    },
  });
  return answer({}, body);
}
