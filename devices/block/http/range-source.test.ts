/// <reference lib="webworker" />
import { afterEach, describe, expect, test, vi } from 'vitest';
import fc from 'fast-check';
import { pattern } from '../testing/parts.ts';
import { dying, IMAGE_URL, RangeServer, stalling, type Misdeed } from '../testing/range-server.ts';
import { openHttpBase } from './http-base.ts';
import { RANGE_BLOCK } from './range-source.ts';

const SIZE = 40 * RANGE_BLOCK + 1536;
const bytes = pattern(SIZE);
/** Of servers that stall, in milliseconds. */
const STALL = 100;

/** Compares quickly, where it is much. */
const isEqual = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

afterEach(() => {
  vi.unstubAllGlobals();
});

async function read(
  base: Awaited<ReturnType<typeof openHttpBase>>,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const target = new Uint8Array(length).fill(0xee);
  await base.read(offset, target);
  return target;
}

const lost: Misdeed = () => Promise.reject(new TypeError('Failed to fetch'));
const status =
  (status: number, body = ''): Misdeed =>
  () =>
    new Response(body, { status, statusText: 'Said' });

describe('an image by ranges', () => {
  test('is what its first block says, and is fetched as it is read', async () => {
    const server = new RangeServer(bytes);
    const base = await openHttpBase(IMAGE_URL, { host: server });
    expect(base.size).toBe(SIZE);
    expect(base.identity).toBe(`http:${IMAGE_URL}:${SIZE}:"1"`);
    expect(server.sent).toBe(RANGE_BLOCK);
    expect(await read(base, 512, 1024)).toEqual(bytes.slice(512, 1536));
    expect(server.sent).toBe(RANGE_BLOCK);
    expect(await read(base, SIZE - 512, 512)).toEqual(bytes.slice(-512));
    expect(server.asked.at(-1)).toEqual([40 * RANGE_BLOCK, SIZE - 1]);
  });

  test('asks for neighbours at once, for each block once, and for a bounded number of ranges at a time', async () => {
    const server = new RangeServer(bytes);
    const base = await openHttpBase(IMAGE_URL, { host: server });
    const reads = Array.from({ length: 8 }, (_, i) => read(base, (4 + i) * RANGE_BLOCK, 4096));
    expect(await Promise.all([...reads, read(base, 5 * RANGE_BLOCK + 512, 512)])).toHaveLength(9);
    expect(server.asked.slice(1)).toEqual([[4 * RANGE_BLOCK, 12 * RANGE_BLOCK - 1]]);
    server.mostOpen = 0;
    await Promise.all(Array.from({ length: 12 }, (_, i) => read(base, (14 + 2 * i) * RANGE_BLOCK, 512)));
    expect(server.mostOpen).toBe(6);
  });

  test('of a server that exposes nothing to other origins is known by HEAD and Last-Modified', async () => {
    const server = new RangeServer(bytes);
    server.exposed = ['Content-Length', 'Last-Modified'];
    const base = await openHttpBase(IMAGE_URL, { host: server });
    expect(base).toMatchObject({ size: SIZE, identity: `http:${IMAGE_URL}:${SIZE}:Mon, 01 Jan 2024 00:00:00 GMT` });
    expect(isEqual(await read(base, 0, SIZE), bytes)).toBe(true);
  });

  test('reads as the file does, whatever fails on the way', async () => {
    const misdeeds: Misdeed[] = [
      lost,
      status(503),
      (request) => dying(request, bytes, 700),
      (request) => stalling(request, bytes, 100),
    ];
    const aRead = fc.tuple(fc.nat(SIZE / 512 - 1), fc.integer({ min: 1, max: 600 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(aRead, { minLength: 1, maxLength: 12 }),
        fc.array(fc.option(fc.constantFrom(...misdeeds)), { maxLength: 12 }),
        fc.constantFrom(64 * 1024, 32 * 1024 * 1024),
        async (reads, failures, memoryBytes) => {
          const server = new RangeServer(bytes);
          server.stall = STALL;
          const base = await openHttpBase(IMAGE_URL, { host: server, memoryBytes });
          // No request can meet more failures than it is tried again.
          const few = failures.filter(
            (failure, i) => failure === null || failures.slice(0, i).filter(Boolean).length < 4,
          );
          server.next.push(...few.map((failure): Misdeed => failure ?? (({ answer }) => answer())));
          await Promise.all(
            reads.map(async ([sector, sectors]) => {
              const length = Math.min(sectors * 512, SIZE - sector * 512);
              expect(
                isEqual(await read(base, sector * 512, length), bytes.subarray(sector * 512, sector * 512 + length)),
              ).toBe(true);
            }),
          );
          await base.close();
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('a server that cannot be used is refused, with what to do', () => {
  const cases: readonly [what: string, misdeed: Misdeed, message: RegExp][] = [
    ['ignores Range', () => new Response(bytes), /sends the whole file.*manifest/],
    ['sends it encoded', ({ answer }) => answer({ 'Content-Encoding': 'gzip' }), /compressed.*Switch compression off/],
    ['answers another range', ({ answer }) => answer({ 'Content-Range': `bytes 512-1023/${SIZE}` }), /other bytes/],
    ['sends rubbish for a range', ({ answer }) => answer({ 'Content-Range': 'bytes what?' }), /other bytes/],
    ['sends too little', ({ answer }) => answer({}, new Uint8Array(100)), /other bytes/],
    ['sends too much', ({ answer }) => answer({}, new Uint8Array(RANGE_BLOCK + 1)), /other bytes/],
    [
      'names no version',
      ({ answer }) => answer({ ETag: undefined, 'Last-Modified': undefined }),
      /which version.*ETag/,
    ],
    ['has an empty file', status(416), /empty/],
    ['has no such file', status(404), /404 Said/],
    [
      'has a web page',
      ({ answer }) => answer({}, new TextEncoder().encode('<!doctype html>'.padEnd(RANGE_BLOCK))),
      /web page/,
    ],
    ['has a compressed image', ({ answer }) => answer({}, gzip()), /compressed by gzip.*convert it/],
    ['breaks off again and again', (request) => dying(request, bytes, 100), /network error.*Is the network up/],
    [
      'stalls before',
      ({ signal }) =>
        new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error))),
      /nothing came/,
    ],
    ['stalls in the middle', (request) => stalling(request, bytes, 100), /nothing came/],
    ['is away', lost, /Failed to fetch.*Is the network up/],
  ];
  test.each(cases)('%s', async (_what, misdeed, message) => {
    const server = new RangeServer(bytes);
    server.always = misdeed;
    if (/nothing came/.test(message.source)) server.stall = STALL;
    await expect(openHttpBase(IMAGE_URL, { host: server })).rejects.toMatchObject({
      name: 'BlockError',
      message: expect.stringMatching(message) as string,
    });
  });

  test('exposes neither the size nor the range', async () => {
    const server = new RangeServer(bytes);
    server.exposed = ['Last-Modified'];
    await expect(openHttpBase(IMAGE_URL, { host: server })).rejects.toThrow(/how large.*Access-Control-Expose-Headers/);
  });

  test('is of another origin, and perhaps does not allow this page', async () => {
    vi.stubGlobal('location', { origin: 'https://page.example', href: 'https://page.example/' });
    const server = new RangeServer(bytes);
    server.always = lost;
    await expect(openHttpBase(IMAGE_URL, { host: server })).rejects.toThrow(/Access-Control-Allow-Origin/);
    expect(server.asked).toHaveLength(3);
  });
});

function gzip(): Uint8Array<ArrayBuffer> {
  const image = new Uint8Array(RANGE_BLOCK);
  image.set([0x1f, 0x8b, 0x08]);
  return image;
}

describe('a server that goes wrong while the image is used fails the read, and nothing else', () => {
  const cases: readonly [what: string, misdeed: Misdeed, reason: string, message: RegExp][] = [
    ['the file changed', ({ answer }) => answer({ ETag: '"2"' }), 'base', /was changed.*kept/],
    [
      'the file has another length',
      ({ from, to, answer }) => answer({ 'Content-Range': `bytes ${from}-${to}/${SIZE + 512}` }),
      'base',
      /was changed/,
    ],
    ['the file became shorter', status(416), 'base', /was changed/],
    ['Range is ignored', () => new Response(bytes), 'network', /sends the whole file/],
    ['other bytes come', ({ answer }) => answer({}, new Uint8Array(1)), 'network', /other bytes/],
    ['nothing comes any more', (request) => stalling(request, bytes, 100), 'network', /nothing came/],
    ['it died', lost, 'network', /Reading on tries again/],
  ];
  test.each(cases)('%s', async (_what, misdeed, reason, message) => {
    const server = new RangeServer(bytes);
    const base = await openHttpBase(IMAGE_URL, { host: server });
    await read(base, 3 * RANGE_BLOCK, 512);
    server.always = misdeed;
    if (/nothing came/.test(message.source)) server.stall = STALL;
    await expect(read(base, 8 * RANGE_BLOCK, 512)).rejects.toMatchObject({
      name: 'BlockError',
      reason,
      message: expect.stringMatching(message) as string,
    });
    // What was there is there, and what was not comes when the server is well again.
    expect(await read(base, 3 * RANGE_BLOCK, 512)).toEqual(bytes.slice(3 * RANGE_BLOCK, 3 * RANGE_BLOCK + 512));
    server.always = undefined;
    server.stall = 10_000;
    expect(await read(base, 8 * RANGE_BLOCK, 512)).toEqual(bytes.slice(8 * RANGE_BLOCK, 8 * RANGE_BLOCK + 512));
  });

  test('no byte of a changed file is ever read', async () => {
    const server = new RangeServer(bytes);
    const base = await openHttpBase(IMAGE_URL, { host: server });
    await read(base, 0, 2 * RANGE_BLOCK);
    server.bytes = pattern(SIZE, 2);
    server.version = '"2"';
    for (let index = 2; index < 40; index++) {
      await expect(read(base, index * RANGE_BLOCK, 512)).rejects.toMatchObject({ reason: 'base' });
    }
    expect(isEqual(await read(base, 0, 2 * RANGE_BLOCK), bytes.subarray(0, 2 * RANGE_BLOCK))).toBe(true);
  });
});
