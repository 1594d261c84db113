/** A base image that is fetched over HTTP as it is read, part by part; see manifest.ts. */

import { BlockError } from '../backend.ts';
import type { BaseImage } from '../base.ts';
import { browserFetch, collect, fetchBytes, type FetchHost } from './fetch-bytes.ts';
import { parseManifest, partUrl, type PartReference, type PartsManifest } from './manifest.ts';

const MANIFEST_LIMIT = 64 * 1024 * 1024;

export interface HttpBaseOptions {
  /** Bytes of parts kept in memory; default 32 MiB. */
  readonly cacheBytes?: number;
  /** Called after each part that came over the network, with the bytes of all so far, as transferred. */
  readonly onFetched?: (bytes: number) => void;
  readonly host?: FetchHost;
}

/** Fetches the manifest, and nothing else. `url` is absolute, or relative to the page or worker. */
export async function openHttpBase(url: string, options: HttpBaseOptions = {}): Promise<HttpBase> {
  if ((globalThis.crypto as Partial<Crypto> | undefined)?.subtle === undefined) {
    const message = 'Images can be checked in secure pages only: open this page by https, or from localhost.';
    throw new BlockError('network', message);
  }
  const { location } = globalThis as { readonly location?: { readonly href: string } };
  const absolute = new URL(url, location?.href).href;
  const parse = async (bytes: Uint8Array<ArrayBuffer>): Promise<HttpBase> => {
    const manifest = parseManifest(new TextDecoder().decode(bytes), absolute);
    return new HttpBase(absolute, manifest, `sha256:${await sha256(bytes)}`, options);
  };
  return fetchBytes(absolute, MANIFEST_LIMIT, 'no-cache', parse, options.host ?? browserFetch);
}

export class HttpBase implements BaseImage {
  readonly size: number;
  readonly identity: string;
  readonly #url: string;
  readonly #manifest: PartsManifest;
  readonly #options: HttpBaseOptions;
  /** Parts by hash, the least recently used one first. */
  readonly #cache = new Map<string, Uint8Array>();
  readonly #coming = new Map<string, Promise<Uint8Array>>();
  readonly #capacity: number;
  #fetched = 0;
  #lastPart = -2;

  constructor(url: string, manifest: PartsManifest, identity: string, options: HttpBaseOptions) {
    this.size = manifest.size;
    this.identity = identity;
    this.#url = url;
    this.#manifest = manifest;
    this.#options = options;
    this.#capacity = Math.max(4, Math.floor((options.cacheBytes ?? 32 * 1024 * 1024) / manifest.partSize));
  }

  async read(offset: number, target: Uint8Array): Promise<void> {
    const { partSize } = this.#manifest;
    const pending: Promise<void>[] = [];
    for (let at = 0; at < target.length;) {
      const index = Math.floor((offset + at) / partSize);
      const start = offset + at - index * partSize;
      const piece = target.subarray(at, at + partSize - start);
      pending.push(this.#readPart(index, start, piece));
      at += piece.length;
    }
    await Promise.all(pending);
  }

  isHole(offset: number, length: number): boolean {
    const { partSize, parts } = this.#manifest;
    for (let index = Math.floor(offset / partSize); index * partSize < offset + length; index++) {
      if (parts[index]) return false;
    }
    return true;
  }

  async close(): Promise<void> {
    this.#cache.clear();
  }

  async #readPart(index: number, start: number, target: Uint8Array): Promise<void> {
    const part = this.#manifest.parts[index];
    if (!part) {
      target.fill(0);
      return;
    }
    if (index === this.#lastPart + 1) this.#prefetch(index + 1);
    this.#lastPart = index;
    const bytes = await this.#part(index, part);
    target.set(bytes.subarray(start, start + target.length));
  }

  /** Who reads parts in sequence finds the next one on its way. Its failure is met again when it is read. */
  #prefetch(index: number): void {
    const part = this.#manifest.parts[index];
    if (part) this.#part(index, part).catch(() => {});
  }

  async #part(index: number, part: PartReference): Promise<Uint8Array> {
    const cached = this.#cache.get(part.sha256);
    if (cached) {
      this.#cache.delete(part.sha256);
      this.#cache.set(part.sha256, cached);
      return cached;
    }
    let coming = this.#coming.get(part.sha256);
    if (!coming) {
      coming = this.#fetch(index, part).finally(() => this.#coming.delete(part.sha256));
      this.#coming.set(part.sha256, coming);
    }
    return coming;
  }

  async #fetch(index: number, part: PartReference): Promise<Uint8Array> {
    const { partSize } = this.#manifest;
    const url = partUrl(part, this.#url);
    const length = Math.min(partSize, this.size - index * partSize);
    const check = (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> => unpack(bytes, length, part, url);
    // A server may say that the file is gzip-encoded, and then the browser has unpacked it already.
    const limit = Math.max(part.bytes, length);
    const bytes = await fetchBytes(url, limit, 'force-cache', check, this.#options.host ?? browserFetch);
    this.#fetched += part.bytes;
    this.#options.onFetched?.(this.#fetched);
    this.#cache.set(part.sha256, bytes);
    if (this.#cache.size > this.#capacity) {
      const [oldest] = this.#cache.keys();
      this.#cache.delete(oldest);
    }
    return bytes;
  }
}

async function unpack(
  file: Uint8Array<ArrayBuffer>,
  length: number,
  part: PartReference,
  url: string,
): Promise<Uint8Array> {
  const bytes = file[0] === 0x1f && file[1] === 0x8b ? await gunzip(file, length).catch(() => file) : file;
  if (bytes.length === length && (await sha256(bytes)) === part.sha256) return bytes;
  const message = `${url} is damaged: it does not match the hash in the image's manifest. Deploy the image again.`;
  throw new BlockError('hash', message);
}

function gunzip(file: Uint8Array<ArrayBuffer>, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  return collect(new Blob([file]).stream().pipeThrough(new DecompressionStream('gzip')), limit);
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
