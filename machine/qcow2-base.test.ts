/// <reference lib="webworker" />
import { expect, test } from 'vitest';
import { openHttpBase } from '../devices/block/http/http-base.ts';
import { IMAGE_URL, RangeServer } from '../devices/block/testing/range-server.ts';
import { imageOf, isSame, randomNumbers } from '../devices/image/testing/images.ts';
import { diskIn } from './qcow2-base.ts';

const MIB = 2 ** 20;
const random = randomNumbers(7);
/** Of 4 MiB, of which the third does not compress and the others are empty. */
const disk = Uint8Array.from({ length: 4 * MIB }, (_, i) => (Math.floor(i / MIB) === 2 ? random() & 255 : 0));
const bytes = (await imageOf(disk, 'qcow2')).slice();

const open = async (server: RangeServer) => diskIn(await openHttpBase(IMAGE_URL, { host: server }), 'disk.qcow2');

test('of a qcow2 image on a server what is read is fetched, and the way to it', async () => {
  const server = new RangeServer(bytes);
  const base = await open(server);
  expect(base.size).toBe(disk.length);
  expect(base.identity).toMatch(/^qcow2:/);
  const part = new Uint8Array(4096);
  await base.read(2 * MIB + 512, part);
  expect(isSame(part, disk.subarray(2 * MIB + 512, 2 * MIB + 512 + 4096))).toBe(true);
  expect(server.sent).toBeLessThan(MIB / 2);
  const whole = new Uint8Array(disk.length);
  await base.read(0, whole);
  expect(isSame(whole, disk)).toBe(true);
  await base.close();
  await expect(base.read(0, part)).rejects.toMatchObject({ name: 'BlockError', reason: 'closed' });
});

test('a server that fails, and an image that is damaged, say so', async () => {
  const server = new RangeServer(bytes);
  const base = await open(server);
  server.always = () => new Response('', { status: 404 });
  await expect(base.read(2 * MIB, new Uint8Array(512))).rejects.toMatchObject({
    name: 'BlockError',
    reason: 'network',
  });
  server.always = undefined;
  await base.read(2 * MIB, new Uint8Array(512));
  await base.close();

  const short = new RangeServer(bytes.slice(0, 200));
  await expect(open(short)).rejects.toMatchObject({
    name: 'BlockError',
    message: expect.stringMatching(/disk\.qcow2.*damaged/) as string,
  });
});
