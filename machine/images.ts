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
  const isPacked = url.endsWith('.zst');
  const out = new Collector(isPacked ? rawSize : size);
  const unpacker = isPacked ? new Decompress((chunk) => out.add(chunk)) : undefined;
  await download(source, options, (chunk) => {
    if (unpacker === undefined) return out.add(chunk);
    try {
      unpacker.push(chunk);
    } catch (error) {
      throw new LoadError(`${url} is damaged: it does not decompress.`, { cause: error });
    }
  });
  const bytes = out.finish();
  if (sha256 !== undefined && crypto.subtle !== undefined) await verify(bytes, sha256, url);
  return bytes;
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

/** Fetches, and hands on chunk by chunk. */
async function download(
  { url, size }: { readonly url: string; readonly size?: number },
  { signal, onProgress }: LoadOptions,
  onChunk: (chunk: Uint8Array) => void,
): Promise<void> {
  const response = await fetch(url, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new LoadError(`${url} cannot be reached: look at the connection, then start again.`, { cause: error });
  });
  if (!response.ok || response.body === null) {
    throw new LoadError(`${url} answered ${response.status} ${response.statusText}: is the image still there?`);
  }
  const total = size ?? Number(response.headers.get('content-length') ?? 0);
  let done = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done: ended, value } = await reader.read().catch((error: unknown) => {
      signal.throwIfAborted();
      throw new LoadError(`${url} broke off after ${done} bytes: start again.`, { cause: error });
    });
    if (ended) break;
    done += value.length;
    if (size !== undefined && done > size) break;
    onChunk(value);
    onProgress(done, total);
  }
  if (size !== undefined && done !== size) {
    throw new LoadError(`${url} does not have the ${size} bytes that it should: it is damaged, or another version.`);
  }
}

async function verify(bytes: Uint8Array, sha256: string, url: string): Promise<void> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (hex !== sha256) throw new LoadError(`${url} is not what was expected: its SHA-256 is ${hex}, not ${sha256}.`);
}
