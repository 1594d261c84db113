import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test, vi } from 'vitest';
import { LoadError, loadImage } from './images.ts';

const raw = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 8);
const packed = new Uint8Array(gzipSync(raw));
const sha256 = createHash('sha256').update(raw).digest('hex');
/** `hello`, as zstd packs it. */
const hello = Uint8Array.from(Buffer.from('28b52ffd045829000068656c6c6fa36d9f88', 'hex'));

/** Loads what a server answers, in pieces. */
function load(name: string, answer: Uint8Array, checks: { size?: number; rawSize?: number; sha256?: string } = {}) {
  const pieces = [answer.subarray(0, 7), answer.subarray(7, 100_000), answer.subarray(100_000)];
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) if (piece.length > 0) controller.enqueue(piece);
      controller.close();
    },
  });
  vi.stubGlobal('fetch', async () => new Response(body));
  const { signal } = new AbortController();
  const url = `https://example.org/${name}`;
  return loadImage({ kind: 'url', url, ...checks }, { signal, onProgress: () => undefined });
}

afterEach(() => {
  vi.unstubAllGlobals();
});

test('an image is unpacked as its name says', async () => {
  const checks = { size: packed.length, rawSize: raw.length, sha256 };
  expect(await load('Image.gz', packed, checks)).toEqual(raw);
  expect(await load('Image', raw, { size: raw.length, sha256 })).toEqual(raw);
  expect(Buffer.from(await load('hello.zst', hello)).toString()).toBe('hello');
});

test('what the browser has unpacked already is taken as it is', async () => {
  expect(await load('Image.gz', raw, { size: packed.length, rawSize: raw.length, sha256 })).toEqual(raw);
});

test.each([
  ['of another content', packed.map((byte, i) => (i === 200 ? byte ^ 1 : byte)), { sha256 }],
  ['that breaks off', packed.subarray(0, 5000), { sha256 }],
  ['that is longer than it should be', packed, { size: packed.length - 1 }],
  ['of another hash', packed, { sha256: sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) }],
])('an image %s is refused', async (_, answer, checks) => {
  await expect(load('Image.gz', answer, checks)).rejects.toBeInstanceOf(LoadError);
});
