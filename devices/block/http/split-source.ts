/**
 * A raw image in files of one size, named by the bytes that they hold: `disk-<start>-<end>.img`, the end not included.
 * So v86 has them (`use_parts`, `fixed_chunk_size`; its tools/split-image.py makes them). There is no manifest, so the
 * address says what it would:
 *
 *     https://example.org/disk.img#size=2147483648&part=262144
 *     ──▶ https://example.org/disk-0-262144.img, https://example.org/disk-262144-524288.img, …
 *
 * The last file may be named, and filled up, as if it were whole. An ending of `.zst` says that each is compressed.
 * Files are taken to stay as they are: another image needs another name. The first file tells one image from another.
 */

import { Decompress } from 'fzstd';
import { BlockError, checkSize, SECTOR } from '../backend.ts';
import { sha256 } from '../sha256.ts';
import { lengthOfBlock, type BlockSource, type FetchedBlock } from './block-source.ts';
import { fetchBytes, type Attempts } from './fetch-bytes.ts';
import { refusePacked } from './image-kind.ts';

/** Larger ones would be fetched whole for a few bytes. */
const MAX_PART = 16 * 1024 * 1024;

/** Bytes by which a compressed file may be longer than what it holds. */
const PACKING = 4096;

/** What an address of split files says. */
export interface SplitAddress {
  /** Without the fragment. */
  readonly url: string;
  /** In bytes. */
  readonly size: number;
  /** In bytes. */
  readonly part: number;
}

/** Undefined if the address is not one of split files. Throws if it wants to be, and is wrong. */
export function readSplitAddress(url: string): SplitAddress | undefined {
  const { hash } = new URL(url);
  if (hash === '') return undefined;
  const words = new URLSearchParams(hash.slice(1));
  const [size, part] = [number(words.get('size')), number(words.get('part'))];
  const known = [...words.keys()].sort().join() === 'part,size';
  if (!known || size === undefined || part === undefined || part < SECTOR || part > MAX_PART || part % SECTOR !== 0) {
    const message =
      `${url} is no address of a disk image: an image in files has #size=BYTES&part=BYTES behind its name, where part ` +
      `is a multiple of ${SECTOR} and at most ${MAX_PART}.`;
    throw new BlockError('network', message);
  }
  checkSize(size);
  return { url: url.slice(0, -hash.length), size, part };
}

function number(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

export class SplitSource implements BlockSource {
  readonly size: number;
  readonly identity: string;
  readonly blockSize: number;
  readonly most = 1;
  readonly first: readonly FetchedBlock[];
  /** SHA-256 of the first file's bytes: by it another image under the same name is known. */
  readonly start: string;
  readonly #url: string;
  readonly #attempts: Attempts;

  /** Fetches the first file. */
  static async open(address: SplitAddress, attempts: Attempts): Promise<SplitSource> {
    const block = await fetchFile(address, 0, 'no-cache', attempts);
    refusePacked(block.bytes, fileUrls(address, 0)[0]);
    return new SplitSource(address, await sha256(block.bytes), [block], attempts);
  }

  /** Of what was known at an earlier visit. */
  static of(address: SplitAddress, start: string, attempts: Attempts): SplitSource {
    return new SplitSource(address, start, [], attempts);
  }

  private constructor(
    { url, size, part }: SplitAddress,
    start: string,
    first: readonly FetchedBlock[],
    attempts: Attempts,
  ) {
    this.size = size;
    this.blockSize = part;
    this.start = start;
    this.identity = `split:${url}:${size}:${part}:${start}`;
    this.first = first;
    this.#url = url;
    this.#attempts = attempts;
  }

  isHole(): boolean {
    return false;
  }

  async fetch(index: number, _count: number, signal: AbortSignal): Promise<FetchedBlock[]> {
    const address = { url: this.#url, size: this.size, part: this.blockSize };
    return [await fetchFile(address, index, 'default', { ...this.#attempts, signal })];
  }

  unpack(index: number, packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    return unpack({ url: this.#url, size: this.size, part: this.blockSize }, index, packed);
  }
}

/** Where a part may be: the last one has two names. */
function fileUrls({ url, size, part }: SplitAddress, index: number): [string, ...string[]] {
  const { pathname } = new URL(url);
  const folder = pathname.slice(0, pathname.lastIndexOf('/') + 1);
  const name = pathname.slice(folder.length);
  const extension = /\.[^.]+(\.zst)?$/.exec(name)?.[0] ?? '';
  const stem = name.slice(0, name.length - extension.length);
  const start = index * part;
  const at = (end: number): string =>
    new URL(`${folder}${stem}${stem === '' ? '' : '-'}${start}-${end}${extension}`, url).href;
  return start + part <= size ? [at(start + part)] : [at(start + part), at(size)];
}

async function fetchFile(
  address: SplitAddress,
  index: number,
  cache: RequestCache,
  attempts: Attempts,
): Promise<FetchedBlock> {
  const [url, other] = fileUrls(address, index);
  const fetchFrom = (from: string): Promise<FetchedBlock> =>
    fetchBytes(
      from,
      { limit: address.part + PACKING, cache },
      async (packed) => ({ bytes: await unpack(address, index, packed), packed }),
      attempts,
    );
  if (other === undefined) return fetchFrom(url);
  return fetchFrom(other).catch(() => fetchFrom(url));
}

async function unpack(
  address: SplitAddress,
  index: number,
  packed: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { url, size, part } = address;
  const length = lengthOfBlock({ size, blockSize: part }, index);
  const bytes = new URL(url).pathname.endsWith('.zst') ? unpackZstd(packed, part) : packed;
  if (bytes?.length === length) return bytes;
  if (bytes?.length === part) return bytes.slice(0, length);
  const message =
    `${fileUrls(address, index)[0]} does not hold the ${part} bytes that its name says. Is the part size right, and ` +
    'was the image uploaded completely?';
  throw new BlockError('hash', message);
}

/** Undefined if it is not what it says, or holds more than `limit` bytes. */
function unpackZstd(packed: Uint8Array, limit: number): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(limit);
  let length = 0;
  try {
    const stream = new Decompress((piece) => {
      bytes.set(piece, length);
      length += piece.length;
    });
    stream.push(packed, true);
    return bytes.subarray(0, length);
  } catch {
    return undefined;
  }
}
