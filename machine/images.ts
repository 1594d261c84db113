/** Loads images into memory: fetched with progress, decompressed, checked. */
import { Decompress } from 'fzstd';
import type { ImageSource } from './api.ts';

/** An image could not be loaded. The message is for a person. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
}

export interface LoadOptions {
  readonly signal: AbortSignal;
  /** Bytes received so far, and all, 0 if unknown. */
  readonly onProgress: (done: number, total: number) => void;
}

/** The bytes of an image. Rejects with {@link LoadError}, or the signal's reason. */
export async function loadImage(source: ImageSource, options: LoadOptions): Promise<Uint8Array> {
  switch (source.kind) {
    case 'bytes':
      return source.bytes;
    case 'blob':
      return new Uint8Array(await source.blob.arrayBuffer());
    case 'url':
      return loadUrl(source, options);
  }
}

async function loadUrl(source: Extract<ImageSource, { kind: 'url' }>, options: LoadOptions): Promise<Uint8Array> {
  const { url, size, rawSize, sha256 } = source;
  const ending = /\.(zst|gz)$/.exec(url)?.[1];
  const out = new Collector(ending === undefined ? size : rawSize);
  const unpacking = ending === 'zst' ? zstd : ending === 'gz' ? unlessUnpacked(gzip) : asItIs;
  const unpacker = unpacking((chunk) => out.add(chunk));
  const damaged = (cause: unknown): LoadError => new LoadError(`${url} is damaged: it does not decompress.`, { cause });
  const push = async (chunk: Uint8Array<ArrayBuffer>): Promise<void> => {
    try {
      await unpacker.push(chunk);
    } catch (error) {
      throw damaged(error);
    }
  };
  await download(source, options, push);
  await unpacker.end().catch((error: unknown) => {
    throw damaged(error);
  });
  const bytes = out.finish();
  if (sha256 !== undefined && crypto.subtle !== undefined) await verify(bytes, sha256, url);
  return bytes;
}

/** Takes an image in chunks, and hands on its bytes as they are unpacked. */
interface Unpacker {
  push(chunk: Uint8Array<ArrayBuffer>): Promise<void>;
  /** All was pushed; resolves when all was handed on. */
  end(): Promise<void>;
}
type Unpacking = (onBytes: (bytes: Uint8Array) => void) => Unpacker;

const asItIs: Unpacking = (onBytes) => ({ push: async (chunk) => onBytes(chunk), end: async () => undefined });

const zstd: Unpacking = (onBytes) => {
  const unpacker = new Decompress((chunk) => onBytes(chunk));
  return {
    push: async (chunk) => void unpacker.push(chunk),
    end: async () => undefined,
  };
};

/** By the browser itself, which is several times as fast as a script. */
const gzip: Unpacking = (onBytes) => {
  const stream = new DecompressionStream('gzip');
  const writer = stream.writable.getWriter();
  const reader = (stream.readable as ReadableStream<Uint8Array>).getReader();
  const reading = (async () => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) onBytes(next.value);
  })();
  // Its failure is that of what was written, too.
  reading.catch(() => undefined);
  return {
    push: async (chunk) => {
      await writer.write(chunk);
    },
    end: async () => {
      await writer.close();
      await reading;
    },
  };
};

const isGzip = ([first, second]: Uint8Array): boolean => first === 0x1f && second === 0x8b;

/** A server may say that a file is gzip-encoded, and then the browser has unpacked it already. */
function unlessUnpacked(unpacking: Unpacking): Unpacking {
  return (onBytes) => {
    let unpacker: Unpacker | undefined;
    return {
      push: (chunk) => {
        unpacker ??= (isGzip(chunk) ? unpacking : asItIs)(onBytes);
        return unpacker.push(chunk);
      },
      end: async () => unpacker?.end(),
    };
  };
}

/** Puts chunks together, into one buffer from the start where the size is known. */
class Collector {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  constructor(size = 1 << 20) {
    this.#bytes = new Uint8Array(size);
  }

  add(chunk: Uint8Array): void {
    const needed = this.#length + chunk.length;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = needed;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Progress is told this often, in milliseconds: the page draws each. */
const PROGRESS_INTERVAL = 50;

/** Fetches, and hands on chunk by chunk. */
async function download(
  { url, size: packedSize, rawSize }: Extract<ImageSource, { kind: 'url' }>,
  { signal, onProgress }: LoadOptions,
  onChunk: (chunk: Uint8Array<ArrayBuffer>) => Promise<void>,
): Promise<void> {
  const response = await fetch(url, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new LoadError(`${url} cannot be reached: look at the connection, then start again.`, { cause: error });
  });
  if (!response.ok || response.body === null) {
    throw new LoadError(`${url} answered ${response.status} ${response.statusText}: is the image still there?`);
  }
  let size = packedSize;
  const total = size ?? Number(response.headers.get('content-length') ?? 0);
  let done = 0;
  let told = -Infinity;
  const reader = response.body.getReader();
  for (;;) {
    const { done: ended, value } = await reader.read().catch((error: unknown) => {
      signal.throwIfAborted();
      throw new LoadError(`${url} broke off after ${done} bytes: start again.`, { cause: error });
    });
    if (ended) break;
    // Then the size that is counted is not the file's.
    if (done === 0 && url.endsWith('.gz') && !isGzip(value)) size = rawSize;
    done += value.length;
    if (size !== undefined && done > size) break;
    await onChunk(value);
    const now = performance.now();
    if (now - told < PROGRESS_INTERVAL) continue;
    told = now;
    onProgress(done, total);
  }
  onProgress(done, total);
  if (size !== undefined && done !== size) {
    throw new LoadError(`${url} does not have the ${size} bytes that it should: it is damaged, or another version.`);
  }
}

async function verify(bytes: Uint8Array, sha256: string, url: string): Promise<void> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (hex !== sha256) throw new LoadError(`${url} is not what was expected: its SHA-256 is ${hex}, not ${sha256}.`);
}
