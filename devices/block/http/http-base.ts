/**
 * A base image over HTTP, on the page's own host or another: what its address says it is.
 *
 *     …/disk.json                     a manifest of parts, each with its hash         manifest-source.ts
 *     …/disk.img                      a raw image, fetched by ranges                  range-source.ts
 *     …/disk.img#size=…&part=…        a raw image in files disk-<start>-<end>.img     split-source.ts
 */

import type { BaseCache } from '../base-cache/base-cache.ts';
import { BlockBase } from './block-base.ts';
import type { BlockSource } from './block-source.ts';
import { browserFetch, Unreachable, type Attempts, type FetchHost } from './fetch-bytes.ts';
import { ManifestSource } from './manifest-source.ts';
import { RangeSource, type RangeImage } from './range-source.ts';
import { readSplitAddress, SplitSource } from './split-source.ts';

export { Unreachable };

export interface HttpBaseOptions {
  /** Bytes of blocks kept in memory; default 32 MiB. */
  readonly memoryBytes?: number;
  /** Called after each fetch with the bytes of all so far, as transferred. */
  readonly onFetched?: (bytes: number) => void;
  /** Where blocks are kept between visits; default: nowhere. */
  readonly cache?: BaseCache | undefined;
  /** The server is away: the image is what it was when it was last reached, and what the cache has of it can be read. */
  readonly remembered?: boolean;
  readonly host?: FetchHost;
}

/**
 * Opens the image at `url`, which is absolute, or relative to the page or worker, fetching the first of its blocks at
 * most. Rejects with a `BlockError`: {@link Unreachable} if nothing could be fetched.
 */
export async function openHttpBase(url: string, options: HttpBaseOptions = {}): Promise<BlockBase> {
  const { location } = globalThis as { readonly location?: { readonly href: string } };
  const absolute = new URL(url, location?.href).href;
  const attempts: Attempts = { host: options.host ?? browserFetch };
  const source = options.remembered
    ? await recall(absolute, options.cache, attempts)
    : await open(absolute, options.cache, attempts);
  return new BlockBase(source, { ...options, cache: await options.cache?.of(source.identity) });
}

async function open(url: string, cache: BaseCache | undefined, attempts: Attempts): Promise<BlockSource> {
  const split = readSplitAddress(url);
  if (split) {
    const source = await SplitSource.open(split, attempts);
    void cache?.remember(url, source.start);
    return source;
  }
  if (isManifest(url)) {
    const source = await ManifestSource.open(url, attempts);
    void cache?.remember(url, source.text);
    return source;
  }
  const source = await RangeSource.open(url, attempts);
  void cache?.remember(url, source.image);
  return source;
}

/** The same without its server. */
async function recall(url: string, cache: BaseCache | undefined, attempts: Attempts): Promise<BlockSource> {
  const what = await cache?.recall(url);
  const split = readSplitAddress(url);
  if (split && typeof what === 'string') return SplitSource.of(split, what, attempts);
  if (isManifest(url) && what instanceof Uint8Array) return ManifestSource.of(new Uint8Array(what), url, attempts);
  if (!split && !isManifest(url) && isRangeImage(what)) return RangeSource.of(url, what, attempts);
  throw new Unreachable('network', `Could not fetch ${url}, and nothing of it is kept here.`);
}

const isManifest = (url: string): boolean => new URL(url).pathname.endsWith('.json');

function isRangeImage(value: unknown): value is RangeImage {
  const { size, version } = (value ?? {}) as Partial<Record<keyof RangeImage, unknown>>;
  return Number.isSafeInteger(size) && typeof version === 'string';
}
