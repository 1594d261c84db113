/** Bounded downloads: tried again when that may help, ended when nothing comes, and never more than was announced. */

import { messageOf } from '../../../core/shared/message.ts';
import { BlockError } from '../backend.ts';

export interface FetchHost {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Resolves after so many milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Milliseconds without a byte after which a request is given up; default 30 s. */
  readonly stall?: number;
}

export const browserFetch: FetchHost = {
  fetch: (url, init) => globalThis.fetch(url, init),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/** Milliseconds before each further attempt. */
const BACKOFF = [200, 600, 1_800, 5_000];
const STALL = 30_000;
/** Answers that may be another one in a moment: 408 Request Timeout, 425 Too Early, 429 Too Many Requests. */
const PASSING = new Set([408, 425, 429]);

/** A failure that may pass. */
export class Passing extends BlockError {
  constructor(why: string, options?: ErrorOptions) {
    super('network', why, options);
  }
}

/** Nothing could be fetched, although it was tried several times: the network, or the server, is away. */
export class Unreachable extends BlockError {}

export interface Attempts {
  readonly host: FetchHost;
  /** Attempts in all; default 5. */
  readonly most?: number;
  /** Ends them: nobody waits any more. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls `action` until it succeeds. {@link Passing} failures are tried again; what came and is not what was announced
 * (`hash`) is so once. From the second call on `again` is true. Rejects with BlockError.
 */
export async function persistently<T>(
  url: string,
  action: (again: boolean) => Promise<T>,
  { host, most = BACKOFF.length + 1, signal }: Attempts,
): Promise<T> {
  let refused = 0;
  for (let attempt = 0; ; attempt++) {
    try {
      return await action(attempt > 0);
    } catch (error) {
      const passes = error instanceof Passing;
      const again = passes || (error instanceof BlockError && error.reason === 'hash' && refused++ < 1);
      if (!again || attempt + 1 >= most || signal?.aborted === true) {
        if (passes) throw unreachable(url, error);
        throw error instanceof BlockError ? error : failed(url, error);
      }
    }
    await host.sleep(BACKOFF[Math.min(attempt, BACKOFF.length - 1)]);
  }
}

/**
 * Downloads `url` and hands the bytes to `check`, whose result it returns. What `check` throws counts as a download
 * that failed, and is tried once more, past all caches. Rejects with `network`, or with what `check` threw.
 */
export function fetchBytes<T>(
  url: string,
  { limit, cache }: { readonly limit: number; readonly cache: RequestCache },
  check: (bytes: Uint8Array<ArrayBuffer>) => Promise<T>,
  attempts: Attempts,
): Promise<T> {
  const attempt = (again: boolean): Promise<T> =>
    request(
      url,
      { cache: again ? 'reload' : cache },
      async (response, body) => {
        refuseStatus(url, response);
        return check(await body(limit));
      },
      attempts,
    );
  return persistently(url, attempt, attempts);
}

/** All bytes of an answer; rejects with `hash` as soon as there are more than `limit`. */
export type ReadBody = (limit: number) => Promise<Uint8Array<ArrayBuffer>>;

/**
 * Sends one request and hands the answer to `read`; what `read` leaves of the body is not fetched. Rejects with
 * {@link Passing} when there is no answer, it breaks off, or nothing comes for a while; else with what `read` threw.
 */
export async function request<T>(
  url: string,
  init: RequestInit,
  read: (response: Response, body: ReadBody) => Promise<T>,
  { host, signal }: Attempts,
): Promise<T> {
  const stall = host.stall ?? STALL;
  const end = new AbortController();
  const give = (): void => end.abort(new Error(`nothing came for ${stall / 1000} s`));
  let timer = setTimeout(give, stall);
  const tick = (): void => {
    clearTimeout(timer);
    timer = setTimeout(give, stall);
  };
  const cancel = (): void => end.abort(new Error('nobody waits for it any more'));
  signal?.addEventListener('abort', cancel);
  if (signal?.aborted === true) cancel();
  try {
    const response = await host.fetch(url, { ...init, signal: end.signal });
    tick();
    return await read(response, (limit) => collect(response.body, limit, { tick, signal: end.signal }));
  } catch (cause) {
    if (cause instanceof BlockError) throw cause;
    throw new Passing(messageOf(cause), { cause });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
    // Whatever is still on its way is not wanted.
    end.abort();
  }
}

/** Throws unless the server answered with what was asked for. */
export function refuseStatus(url: string, { ok, status, statusText }: Response): void {
  if (ok) return;
  const why = `the server answered ${status} ${statusText}`.trimEnd();
  if (status >= 500 || PASSING.has(status)) throw new Passing(why);
  throw failed(url, new Error(why));
}

function failed(url: string, cause: unknown): BlockError {
  return new BlockError('network', explain(url, cause), { cause });
}

function unreachable(url: string, cause: unknown): BlockError {
  return new Unreachable('network', explain(url, cause), { cause });
}

function explain(url: string, cause: unknown): string {
  const why = messageOf(cause);
  // A browser does not tell a server that is away from one that does not let this page read.
  const foreign = isForeign(url)
    ? ' It is not the server of this page, so it has to send Access-Control-Allow-Origin with the image (CORS).'
    : '';
  return `Could not fetch ${url} (${why}). Is the network up, and the server?${foreign} Reading on tries again.`;
}

/** True when `url` is on another origin than the page. */
export function isForeign(url: string): boolean {
  const { location } = globalThis as { readonly location?: { readonly origin: string } };
  return location !== undefined && new URL(url).origin !== location.origin;
}

export interface CollectOptions {
  /** Called as bytes come. */
  readonly tick?: () => void;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** All bytes of a stream; rejects with `hash` as soon as there are more than `limit`. */
export async function collect(
  stream: ReadableStream<Uint8Array> | null,
  limit: number,
  { tick, signal }: CollectOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = stream?.getReader();
  const cancel = (): void => void reader?.cancel(signal?.reason).catch(() => undefined);
  signal?.addEventListener('abort', cancel);
  try {
    for (;;) {
      const next = await reader?.read();
      signal?.throwIfAborted();
      if (!next || next.done) break;
      tick?.();
      pieces.push(next.value);
      length += next.value.length;
      if (length <= limit) continue;
      cancel();
      throw new BlockError('hash', `More than the announced ${limit} bytes came.`);
    }
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
  const result = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    result.set(piece, at);
    at += piece.length;
  }
  return result;
}
