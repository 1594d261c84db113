/** An image in parts that a manifest names: manifest.ts has its format. */

import { BlockError } from '../backend.ts';
import { sha256 } from '../sha256.ts';
import { lengthOfBlock, type BlockSource, type FetchedBlock } from './block-source.ts';
import { collect, fetchBytes, type Attempts } from './fetch-bytes.ts';
import { parseManifest, partUrl, type PartReference, type PartsManifest } from './manifest.ts';

const MANIFEST_LIMIT = 64 * 1024 * 1024;

export class ManifestSource implements BlockSource {
  readonly size: number;
  readonly identity: string;
  readonly blockSize: number;
  readonly most = 1;
  readonly isRaw = true;
  /** The manifest as it came. */
  readonly text: Uint8Array<ArrayBuffer>;
  readonly #url: string;
  readonly #parts: PartsManifest['parts'];
  readonly #attempts: Attempts;

  /** Fetches the manifest, and nothing else. */
  static open(url: string, attempts: Attempts): Promise<ManifestSource> {
    const parse = (bytes: Uint8Array<ArrayBuffer>): Promise<ManifestSource> => this.of(bytes, url, attempts);
    return fetchBytes(url, { limit: MANIFEST_LIMIT, cache: 'no-cache' }, parse, attempts);
  }

  /** Of the text of the manifest that was at `url`. */
  static async of(text: Uint8Array<ArrayBuffer>, url: string, attempts: Attempts): Promise<ManifestSource> {
    if ((globalThis.crypto as Partial<Crypto> | undefined)?.subtle === undefined) {
      const message = 'Images can be checked in secure pages only: open this page by https, or from localhost.';
      throw new BlockError('network', message);
    }
    const manifest = parseManifest(new TextDecoder().decode(text), url);
    return new ManifestSource(url, text, manifest, `sha256:${await sha256(text)}`, attempts);
  }

  private constructor(
    url: string,
    text: Uint8Array<ArrayBuffer>,
    { size, partSize, parts }: PartsManifest,
    identity: string,
    attempts: Attempts,
  ) {
    this.size = size;
    this.identity = identity;
    this.blockSize = partSize;
    this.text = text;
    this.#url = url;
    this.#parts = parts;
    this.#attempts = attempts;
  }

  isHole(index: number): boolean {
    return this.#parts[index] === null;
  }

  async fetch(index: number, _count: number, signal: AbortSignal): Promise<FetchedBlock[]> {
    const part = this.#part(index);
    // A server may say that the file is gzip-encoded, and then the browser has unpacked it already.
    const limit = Math.max(part.bytes, lengthOfBlock(this, index));
    const check = async (packed: Uint8Array<ArrayBuffer>): Promise<FetchedBlock[]> => [
      { bytes: await this.unpack(index, packed), packed },
    ];
    const url = partUrl(part, this.#url);
    return fetchBytes(url, { limit, cache: 'force-cache' }, check, { ...this.#attempts, signal });
  }

  async unpack(index: number, packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    const part = this.#part(index);
    const length = lengthOfBlock(this, index);
    const isPacked = packed[0] === 0x1f && packed[1] === 0x8b;
    const bytes = isPacked ? await gunzip(packed, length).catch(() => packed) : packed;
    if (bytes.length === length && (await sha256(bytes)) === part.sha256) return bytes;
    const url = partUrl(part, this.#url);
    const message = `${url} is damaged: it does not match the hash in the image's manifest. Deploy the image again.`;
    throw new BlockError('hash', message);
  }

  #part(index: number): PartReference {
    const part = this.#parts[index];
    if (!part) throw new BlockError('range', `Part ${index} of ${this.#url} has no file.`);
    return part;
  }
}

function gunzip(file: Uint8Array<ArrayBuffer>, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  return collect(new Blob([file]).stream().pipeThrough(new DecompressionStream('gzip')), limit);
}
