/// <reference lib="webworker" />
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { BaseImage } from '../base.ts';
import { MANIFEST_URL, pattern, serveImage } from '../testing/parts.ts';
import { openHttpBase } from './http-base.ts';

const PART = 4096;
const sleep = async (): Promise<void> => {};

async function bytesOf(base: BaseImage, offset: number, length: number): Promise<Uint8Array> {
  const target = new Uint8Array(length).fill(0xee);
  await base.read(offset, target);
  return target;
}

/** Parts 0, 1 and 3 have bytes, 2 is zero, and the last one is 512 bytes long. */
function image(): Uint8Array<ArrayBuffer> {
  const bytes = pattern(4 * PART + 512);
  bytes.fill(0, 2 * PART, 3 * PART);
  return bytes;
}

describe('a base over HTTP', () => {
  test('reads as the image does, fetching what is read only', async () => {
    const bytes = image();
    const served = serveImage(bytes, PART);
    const base = await openHttpBase(MANIFEST_URL, { host: { fetch: served.fetch, sleep } });
    expect(base.size).toBe(bytes.length);
    expect(served.asked.length).toBe(1);
    expect(base.isHole(2 * PART, PART)).toBe(true);
    expect(base.isHole(2 * PART - 512, PART)).toBe(false);
    expect(await bytesOf(base, 2 * PART, PART)).toEqual(new Uint8Array(PART));
    expect(served.asked.length).toBe(1);
    expect(await bytesOf(base, PART + 512, 512)).toEqual(bytes.slice(PART + 512, PART + 1024));
    expect(served.asked.length).toBe(2);
    expect(await bytesOf(base, 0, bytes.length)).toEqual(bytes);
    expect(served.asked.length).toBe(5);
  });

  test('fetches a part once for all who wait for it, and keeps a bounded number', async () => {
    const bytes = pattern(10 * PART);
    const served = serveImage(bytes, PART);
    let fetched = 0;
    const host = { fetch: served.fetch, sleep };
    const base = await openHttpBase(MANIFEST_URL, { memoryBytes: 4 * PART, host, onFetched: (sum) => (fetched = sum) });
    await Promise.all([bytesOf(base, 5 * PART, 512), bytesOf(base, 5 * PART + 512, 512)]);
    expect(served.asked.length).toBe(2);
    expect(fetched).toBe(served.manifest.parts[5]?.bytes);
    await bytesOf(base, 0, 10 * PART);
    const before = served.asked.length;
    await bytesOf(base, 9 * PART, 512);
    expect(served.asked.length).toBe(before);
    await bytesOf(base, 0, 512);
    expect(served.asked.length).toBeGreaterThan(before);
  });

  test('takes parts that the browser unpacked, as the server called them encoded', async () => {
    const bytes = image();
    const served = serveImage(bytes, PART);
    for (const [url, file] of served.files)
      if (url.endsWith('.gz')) served.files.set(url, new Uint8Array(gunzipSync(file)));
    const base = await openHttpBase(MANIFEST_URL, { host: { fetch: served.fetch, sleep } });
    expect(await bytesOf(base, 0, bytes.length)).toEqual(bytes);
  });

  test('tries again what may pass, and says what did not', async () => {
    const bytes = image();
    const served = serveImage(bytes, PART);
    const failures: (() => Promise<Response>)[] = [];
    const fetch = (url: string): Promise<Response> => failures.shift()?.() ?? served.fetch(url);
    const base = await openHttpBase(MANIFEST_URL, { host: { fetch, sleep } });
    const lost = (): Promise<Response> => Promise.reject(new TypeError('Failed to fetch'));
    const busy = async (): Promise<Response> => new Response('', { status: 503 });
    const gone = async (): Promise<Response> => new Response('', { status: 404, statusText: 'Not Found' });
    const wrong = async (): Promise<Response> => new Response('<html>');
    const long = async (): Promise<Response> => new Response(new Uint8Array(3 * PART));
    failures.push(lost, busy);
    expect(await bytesOf(base, 0, 512)).toEqual(bytes.slice(0, 512));
    failures.push(lost, lost, lost, lost, lost);
    await expect(bytesOf(base, PART, 512)).rejects.toMatchObject({ reason: 'network', name: 'BlockError' });
    failures.push(gone);
    await expect(bytesOf(base, PART, 512)).rejects.toThrow(/404 Not Found/);
    failures.push(wrong);
    expect(await bytesOf(base, PART, 512)).toEqual(bytes.slice(PART, PART + 512));
    failures.push(long, wrong);
    await expect(bytesOf(base, 3 * PART, 512)).rejects.toMatchObject({ reason: 'hash' });
    expect(await bytesOf(base, 3 * PART, 512)).toEqual(bytes.slice(3 * PART, 3 * PART + 512));
  });

  test('refuses what is no manifest', async () => {
    const served = serveImage(image(), PART);
    const rubbish = [
      '<!doctype html>',
      'null',
      '[]',
      JSON.stringify({ ...served.manifest, format: 2 }),
      JSON.stringify({ ...served.manifest, size: -512 }),
      JSON.stringify({ ...served.manifest, size: 1e12 }),
      JSON.stringify({ ...served.manifest, partSize: 100 }),
      JSON.stringify({ ...served.manifest, parts: served.manifest.parts.map(() => ({ sha256: '../..', bytes: 1 })) }),
    ];
    for (const text of rubbish) {
      const fetch = async (): Promise<Response> => new Response(text);
      await expect(openHttpBase(MANIFEST_URL, { host: { fetch, sleep } })).rejects.toMatchObject({
        name: 'BlockError',
      });
    }
  });
});
