/// <reference lib="webworker" />
import { describe, expect, test } from 'vitest';
import { pattern } from '../testing/parts.ts';
import { IMAGE_URL, RangeServer, stalling } from '../testing/range-server.ts';
import type { BlockBase } from './block-base.ts';
import { openHttpBase } from './http-base.ts';

const MIB = 1024 * 1024;
const SIZE = 16 * MIB;
const bytes = pattern(SIZE);
const STEP = 128 * 1024;

async function open(): Promise<{ readonly server: RangeServer; readonly base: BlockBase }> {
  const server = new RangeServer(bytes);
  return { server, base: await openHttpBase(IMAGE_URL, { host: server }) };
}

async function readAt(base: BlockBase, offset: number, length = STEP): Promise<void> {
  const target = new Uint8Array(length);
  await base.read(offset, target);
  expect(Buffer.compare(target, bytes.subarray(offset, offset + length))).toBe(0);
}

/** Until nothing is under way. */
async function quiet(server: RangeServer): Promise<void> {
  for (let idle = 0; idle < 3; idle = server.open === 0 ? idle + 1 : 0) await new Promise((r) => setTimeout(r, 5));
}

describe('reading ahead', () => {
  test('begins when reads go on where others ended, and never doubles what is fetched', async () => {
    const { server, base } = await open();
    for (let at = MIB; at < 6 * MIB; at += STEP) {
      await readAt(base, at);
      await quiet(server);
      expect(server.sent).toBeLessThanOrEqual(32 * 1024 + 2 * (at + STEP - MIB));
    }
    // Most were there before they were read.
    expect(server.asked.length).toBeLessThan(25);
  });

  test('does not begin for reads here and there', async () => {
    const { server, base } = await open();
    const offsets = Array.from({ length: 40 }, (_, i) => ((i * 7) % 40) * 384 * 1024);
    for (const offset of offsets) await readAt(base, offset, 32 * 1024);
    await quiet(server);
    expect(server.sent).toBeLessThanOrEqual(32 * 1024 * 41);
  });

  test('is ended when the reader goes elsewhere, and what was ended can be read', async () => {
    const { server, base } = await open();
    let ended = 0;
    for (let at = MIB; at < 2 * MIB; at += STEP) await readAt(base, at);
    await quiet(server);
    server.always = (request) => {
      request.signal?.addEventListener('abort', () => ended++);
      return request.from < 4 * MIB ? stalling(request, bytes, 0) : request.answer();
    };
    // Goes on into what is there, so that more is fetched ahead; then reads elsewhere.
    await readAt(base, 2 * MIB);
    await readAt(base, 2 * MIB + STEP);
    for (let i = 0; i < 5; i++) await readAt(base, (6 + 2 * i) * MIB, 512);
    await expect
      .poll(() => server.asked.filter(([from]) => from > 2 * MIB && from < 4 * MIB).length)
      .toBeGreaterThan(0);
    await expect.poll(() => ended).toBeGreaterThan(0);
    server.always = undefined;
    for (let at = 2 * MIB; at < 4 * MIB; at += STEP) await readAt(base, at);
  });
});

test('who closes an image waits for nothing', async () => {
  const { server, base } = await open();
  server.always = (request) => stalling(request, bytes, 0);
  const reading = base.read(MIB, new Uint8Array(512));
  await new Promise((resolve) => setTimeout(resolve, 20));
  await base.close();
  await expect(reading).rejects.toMatchObject({ reason: 'closed' });
  await expect(base.read(0, new Uint8Array(512))).rejects.toMatchObject({ reason: 'closed' });
});
