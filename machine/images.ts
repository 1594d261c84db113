/** Loads images into memory: fetched with progress, decompressed, checked. */
import { decompress } from 'fzstd';
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
  const { url, sha256 } = source;
  const packed = await download(source, options);
  const bytes = url.endsWith('.zst') ? unpack(packed, url) : packed;
  if (sha256 !== undefined && crypto.subtle !== undefined) await verify(bytes, sha256, url);
  return bytes;
}

async function download(
  { url, size }: { readonly url: string; readonly size?: number },
  { signal, onProgress }: LoadOptions,
): Promise<Uint8Array> {
  const response = await fetch(url, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new LoadError(`${url} cannot be reached: look at the connection, then start again.`, { cause: error });
  });
  if (!response.ok || response.body === null) {
    throw new LoadError(`${url} answered ${response.status} ${response.statusText}: is the image still there?`);
  }
  const total = size ?? Number(response.headers.get('content-length') ?? 0);
  const chunks: Uint8Array[] = [];
  let done = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done: ended, value } = await reader.read().catch((error: unknown) => {
      signal.throwIfAborted();
      throw new LoadError(`${url} broke off after ${done} bytes: start again.`, { cause: error });
    });
    if (ended) break;
    chunks.push(value);
    done += value.length;
    onProgress(done, total);
  }
  if (size !== undefined && done !== size) {
    throw new LoadError(`${url} has ${done} bytes instead of ${size}: it is damaged, or another version.`);
  }
  const bytes = new Uint8Array(done);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function unpack(packed: Uint8Array, url: string): Uint8Array {
  try {
    return decompress(packed);
  } catch (error) {
    throw new LoadError(`${url} is damaged: it does not decompress.`, { cause: error });
  }
}

async function verify(bytes: Uint8Array, sha256: string, url: string): Promise<void> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (hex !== sha256) throw new LoadError(`${url} is not what was expected: its SHA-256 is ${hex}, not ${sha256}.`);
}
