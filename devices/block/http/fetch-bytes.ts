/** Bounded downloads: tried again when that may help, and never more than was announced. */

import { BlockError } from '../backend.ts';

export interface FetchHost {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Resolves after so many milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<void>;
}

export const browserFetch: FetchHost = {
  fetch: (url, init) => globalThis.fetch(url, init),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/** Milliseconds before each further attempt. */
const BACKOFF = [200, 600, 1_800, 5_000];
const TIMEOUT = 30_000;
/** Answers that may be another one in a moment: 408 Request Timeout, 425 Too Early, 429 Too Many Requests. */
const PASSING = new Set([408, 425, 429]);

/**
 * Downloads `url` and hands the bytes to `check`, whose result it returns. What `check` throws counts as a download
 * that failed, and is tried once more, past all caches. Rejects with `network`, or with what `check` threw.
 */
export async function fetchBytes<T>(
  url: string,
  limit: number,
  cache: RequestCache,
  check: (bytes: Uint8Array<ArrayBuffer>) => Promise<T>,
  host: FetchHost,
): Promise<T> {
  let mode = cache;
  let refused = 0;
  for (let attempt = 0; ; attempt++) {
    let failure: BlockError;
    try {
      return await check(await download(url, limit, mode, host));
    } catch (error) {
      failure = error instanceof BlockError ? error : unreachable(url, error);
      const again =
        error instanceof Passing || (error instanceof BlockError && error.reason === 'hash' && refused++ < 1);
      if (!again || attempt >= BACKOFF.length) throw failure instanceof Passing ? unreachable(url, failure) : failure;
    }
    mode = 'reload';
    await host.sleep(BACKOFF[attempt]);
  }
}

/** A failure that may pass. */
class Passing extends BlockError {}

function unreachable(url: string, cause: unknown): BlockError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `Could not fetch ${url} (${why}). Is the network up, and the server? Reading on tries again.`;
  return new BlockError('network', message, { cause });
}

async function download(
  url: string,
  limit: number,
  cache: RequestCache,
  host: FetchHost,
): Promise<Uint8Array<ArrayBuffer>> {
  let response: Response;
  try {
    response = await host.fetch(url, { cache, signal: AbortSignal.timeout(TIMEOUT) });
  } catch (cause) {
    throw new Passing('network', cause instanceof Error ? cause.message : String(cause), { cause });
  }
  if (!response.ok) {
    const status = `the server answered ${response.status} ${response.statusText}`.trimEnd();
    if (response.status >= 500 || PASSING.has(response.status)) throw new Passing('network', status);
    throw unreachable(url, new Error(status));
  }
  try {
    return await collect(response.body, limit);
  } catch (cause) {
    if (cause instanceof BlockError) throw cause;
    throw new Passing('network', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** All bytes of a stream; rejects with `hash` as soon as there are more than `limit`. */
export async function collect(
  stream: ReadableStream<Uint8Array> | null,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = stream?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (!next || next.done) break;
    pieces.push(next.value);
    length += next.value.length;
    if (length <= limit) continue;
    await reader?.cancel();
    throw new BlockError('hash', `More than the announced ${limit} bytes came.`);
  }
  const result = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    result.set(piece, at);
    at += piece.length;
  }
  return result;
}
