/**
 * A raw image, one file, of which ranges are fetched: RFC 9110, section 14 "Range Requests".
 *
 * Which version of the file a range is of shows in the answer, by its ETag or else its Last-Modified, so no answer of
 * another version is used. `If-Range` would tell the same, and cost a CORS preflight for each request; `Range` with one
 * range costs none (Fetch, "CORS-safelisted request-header"). Of the answers of another origin a page sees
 * Content-Length and Last-Modified, the rest only if the server exposes it.
 */

import { BlockError } from '../backend.ts';
import { lengthOfBlock, type BlockSource, type FetchedBlock } from './block-source.ts';
import { isForeign, persistently, refuseStatus, request, type Attempts, type ReadBody } from './fetch-bytes.ts';
import { refusePacked } from './image-kind.ts';

/** docs/storage.md says how it was found. */
export const RANGE_BLOCK = 16 * 1024;
/** Bytes that one request asks for, at most. */
const MOST = 1024 * 1024;

/** What is known of the file, and remembered for when its server is away. */
export interface RangeImage {
  /** In bytes. */
  readonly size: number;
  /** Its ETag, or its Last-Modified. */
  readonly version: string;
}

/** What an answer says. */
interface Answer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the whole file; undefined where the answer, or the browser, does not tell. */
  readonly size: number | undefined;
  readonly version: string | undefined;
}

export class RangeSource implements BlockSource {
  readonly size: number;
  readonly identity: string;
  readonly blockSize = RANGE_BLOCK;
  readonly most = MOST / RANGE_BLOCK;
  readonly image: RangeImage;
  readonly first: readonly FetchedBlock[];
  readonly #url: string;
  readonly #attempts: Attempts;

  /** Fetches the first block, which says what the file is. */
  static async open(url: string, attempts: Attempts): Promise<RangeSource> {
    // A browser that may not read the answer says no more than that it failed: that is not tried for long.
    const opening = isForeign(url) ? { ...attempts, most: 3 } : attempts;
    const { bytes, version, ...answer } = await fetchRange(url, 0, RANGE_BLOCK, opening);
    const size = answer.size ?? (await sizeByHead(url, opening));
    if (bytes.length !== Math.min(RANGE_BLOCK, size)) throw wrongBytes(url);
    refusePacked(bytes, url);
    if (version === undefined) {
      const message =
        `${url} cannot be used: its server does not say which version of the file it sends, so it could change ` +
        `under the machine. It has to send ETag or Last-Modified${isForeign(url) ? EXPOSE : ''}.`;
      throw new BlockError('network', message);
    }
    return new RangeSource(url, { size, version }, bytes, attempts);
  }

  /** Of what was known of the file at an earlier visit. */
  static of(url: string, image: RangeImage, attempts: Attempts): RangeSource {
    return new RangeSource(url, image, undefined, attempts);
  }

  private constructor(url: string, image: RangeImage, start: Uint8Array<ArrayBuffer> | undefined, attempts: Attempts) {
    this.size = image.size;
    this.image = image;
    // Another server may use the same version for something else.
    this.identity = `http:${url}:${image.size}:${image.version}`;
    this.first = start ? [{ bytes: start, packed: start }] : [];
    this.#url = url;
    this.#attempts = attempts;
  }

  isHole(): boolean {
    return false;
  }

  async fetch(index: number, count: number, signal: AbortSignal): Promise<FetchedBlock[]> {
    const from = index * RANGE_BLOCK;
    const length = (count - 1) * RANGE_BLOCK + lengthOfBlock(this, index + count - 1);
    const answer = await fetchRange(this.#url, from, length, { ...this.#attempts, signal });
    const same = answer.version === this.image.version && (answer.size ?? this.size) === this.size;
    if (!same) throw changed(this.#url);
    if (answer.bytes.length !== length) throw wrongBytes(this.#url);
    return Array.from({ length: count }, (_, i) => {
      const bytes = answer.bytes.slice(i * RANGE_BLOCK, (i + 1) * RANGE_BLOCK);
      return { bytes, packed: bytes };
    });
  }

  async unpack(index: number, packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    if (packed.length === lengthOfBlock(this, index)) return packed;
    throw new BlockError('hash', `Block ${index} of ${this.#url} was not kept whole.`);
  }
}

/** Fetches a range. Rejects unless the answer is of this range, as far as it can be seen; it may end with the file. */
function fetchRange(url: string, from: number, length: number, attempts: Attempts): Promise<Answer> {
  // Past the browser's cache: it lets one request for a file go at a time, and would keep a second copy.
  const headers = { Range: `bytes=${from}-${from + length - 1}` };
  const read = (response: Response, body: ReadBody): Promise<Answer> =>
    readAnswer(url, { from, length }, response, body);
  return persistently(url, () => request(url, { cache: 'no-store', headers }, read, attempts), attempts);
}

interface Asked {
  readonly from: number;
  readonly length: number;
}

async function readAnswer(url: string, { from, length }: Asked, response: Response, body: ReadBody): Promise<Answer> {
  const { status, headers } = response;
  if (status === 416) throw from === 0 ? isEmpty(url) : changed(url);
  refuseStatus(url, response);
  if (status !== 206) throw noRanges(url, response);
  const encoding = headers.get('Content-Encoding') ?? 'identity';
  if (encoding !== 'identity') {
    const message =
      `${url} cannot be used: its server sends it compressed (Content-Encoding: ${encoding}), and then a range is not ` +
      'one of the disk. Switch compression off for this file.';
    throw new BlockError('network', message);
  }
  const range = headers.get('Content-Range');
  const parsed = range === null ? undefined : parseContentRange(range);
  const end = Math.min(from + length, parsed?.size ?? Infinity) - 1;
  if (range !== null && (parsed?.from !== from || parsed.to !== end)) throw wrongBytes(url, range);
  const bytes = await body(length).catch((error: unknown) => {
    throw error instanceof BlockError && error.reason === 'hash' ? wrongBytes(url) : error;
  });
  return { bytes, size: parsed?.size, version: versionOf(headers) };
}

/** `bytes first-last/size` */
function parseContentRange(text: string): { from: number; to: number; size: number | undefined } | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(text.trim());
  if (match === null) return undefined;
  return { from: Number(match[1]), to: Number(match[2]), size: match[3] === '*' ? undefined : Number(match[3]) };
}

/** A weak ETag is as good here as a strong one: servers make it weak when they compress, which is refused above. */
function versionOf(headers: Headers): string | undefined {
  return headers.get('ETag')?.replace(/^W\//, '') ?? headers.get('Last-Modified') ?? undefined;
}

/**
 * The size where the Content-Range is not to be seen: that of the answer to HEAD. The range keeps the browser from
 * offering compression, which would make it another length.
 */
function sizeByHead(url: string, attempts: Attempts): Promise<number> {
  const init = { method: 'HEAD', cache: 'no-store', headers: { Range: 'bytes=0-' } } as const;
  const read = async (response: Response): Promise<number> => {
    refuseStatus(url, response);
    const text = response.headers.get('Content-Length') ?? '';
    if (/^\d{1,15}$/.test(text) && Number(text) > 0) return Number(text);
    const message = `${url} cannot be used: its server does not say how large it is. It has to send Content-Range${EXPOSE}.`;
    throw new BlockError('network', message);
  };
  return persistently(url, () => request(url, init, read, attempts), attempts);
}

const EXPOSE = ', and to name it in Access-Control-Expose-Headers';

function isEmpty(url: string): BlockError {
  return new BlockError('network', `${url} cannot be used: the file is empty. Upload the image again.`);
}

function noRanges(url: string, { status, url: final }: Response): BlockError {
  const from = final !== '' && final !== url ? ` (by way of ${final})` : '';
  return new BlockError(
    'network',
    `${url} cannot be used${from}: its server sends the whole file where a part was asked for (status ${status}, and not ` +
      '206). Put it on a server that knows Range requests, as nginx, Apache and object stores do, or publish it in parts ' +
      'with a manifest.',
  );
}

function wrongBytes(url: string, range?: string): BlockError {
  const said = range === undefined ? '' : ` (Content-Range: ${range})`;
  return new BlockError(
    'network',
    `${url} cannot be used: its server answered with other bytes than were asked for${said}. A proxy or a compression ` +
      'in between does that: switch it off for this file. Reading on tries again.',
  );
}

function changed(url: string): BlockError {
  return new BlockError(
    'base',
    `${url} was changed while it was in use, and parts of two images do not make a disk. Bring the old file back, or ` +
      'begin with a new disk over the new one. What the machine wrote is kept.',
  );
}
