import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ImageError } from '../errors.ts';
import { memorySource } from '../source.ts';
import { imageOf, isSame, sparseDisk } from '../testing/images.ts';
import { Qcow2Disk } from './random.ts';
import { compressedImage, COPIED, TINY, tinyImage } from './testing/build.ts';

async function read(image: Uint8Array, offset: number, length: number): Promise<Uint8Array> {
  const disk = await Qcow2Disk.open(memorySource(image));
  const target = new Uint8Array(length).fill(0xee);
  await disk.read(offset, target);
  return target;
}

test('any reads give what the disk has', async () => {
  const bytes = sparseDisk(3, 5 * 1024 * 1024 + 512);
  const disk = await Qcow2Disk.open(memorySource(await imageOf(bytes, 'qcow2')));
  expect(disk.size).toBe(bytes.length);
  const sectors = bytes.length / 512;
  await fc.assert(
    fc.asyncProperty(fc.nat(sectors - 1), fc.integer({ min: 1, max: 1000 }), async (first, count) => {
      const target = new Uint8Array(Math.min(count, sectors - first) * 512).fill(0xee);
      await disk.read(first * 512, target);
      expect(isSame(target, bytes.subarray(first * 512, first * 512 + target.length))).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('compressed clusters, zero clusters and a cut end are read', async () => {
  const cluster = Uint8Array.from({ length: TINY.cluster }, (_, i) => i % 251);
  const packed = compressedImage(deflateRawSync(cluster));
  expect(await read(packed, TINY.cluster + 512, 1024)).toEqual(cluster.slice(512, 1536));
  const zeroed = tinyImage((view) => view.setBigUint64(TINY.l2, COPIED | BigInt(TINY.data) | 1n));
  expect(await read(zeroed, 0, 512)).toEqual(new Uint8Array(512));
  expect((await read(tinyImage().subarray(0, TINY.end - 100), 3 * TINY.cluster - 512, 512)).at(-1)).toBe(0);
});

describe('is refused with the reason', () => {
  test.each<[string, (view: DataView) => void, RegExp]>([
    ['an L2 table beyond the end', (view) => view.setBigUint64(TINY.l1, 1n << 40n), /L2 table 0 does not lie/],
    ['data beyond the end', (view) => view.setBigUint64(TINY.l2, 1n << 40n), /cluster 0 does not lie/],
    ['data between clusters', (view) => view.setBigUint64(TINY.l2, BigInt(TINY.data + 512)), /cluster 0 does not lie/],
    ['reserved bits', (view) => view.setBigUint64(TINY.l2, COPIED | BigInt(TINY.data) | 2n), /mean nothing/],
    ['rubbish for a compressed cluster', (view) => view.setBigUint64(TINY.l2, (1n << 62n) | 0x5000n), /decompress/],
    ['a backing file', (view) => (view.setBigUint64(8, 0x200n), view.setUint32(16, 4)), /backing/],
  ])('%s', async (_what, change, message) => {
    const reading = read(tinyImage(change), 0, 512);
    await expect(reading).rejects.toBeInstanceOf(ImageError);
    await expect(read(tinyImage(change), 0, 512)).rejects.toThrow(message);
  });
});
