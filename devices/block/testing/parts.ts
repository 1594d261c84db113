/** An image in parts, as a server would have it, in memory. */

import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

export const MANIFEST_URL = 'https://images.example/root/manifest.json';

export interface ServedImage {
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
  readonly manifest: {
    format: number;
    size: number;
    partSize: number;
    parts: ({ sha256: string; bytes: number } | null)[];
  };
  /** URLs in the order in which they were asked for. */
  readonly asked: string[];
  /** Answers as a server with these files would. */
  readonly fetch: (url: string) => Promise<Response>;
}

export function serveImage(image: Uint8Array, partSize: number): ServedImage {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const parts: ServedImage['manifest']['parts'] = [];
  for (let at = 0; at < image.length; at += partSize) {
    const part = image.subarray(at, at + partSize);
    if (part.every((byte) => byte === 0)) {
      parts.push(null);
      continue;
    }
    const sha256 = createHash('sha256').update(part).digest('hex');
    const file = new Uint8Array(gzipSync(part));
    files.set(new URL(`parts/${sha256.slice(0, 2)}/${sha256}.gz`, MANIFEST_URL).href, file);
    parts.push({ sha256, bytes: file.length });
  }
  const manifest = { format: 1, size: image.length, partSize, parts };
  files.set(MANIFEST_URL, new TextEncoder().encode(JSON.stringify(manifest)));
  const asked: string[] = [];
  const fetch = async (url: string): Promise<Response> => {
    asked.push(url);
    const file = files.get(url);
    return file ? new Response(file) : new Response('', { status: 404, statusText: 'Not Found' });
  };
  return { files, manifest, asked, fetch };
}

/** Bytes that differ everywhere, and are the same in each run. */
export function pattern(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
