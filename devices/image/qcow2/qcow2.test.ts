import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ImageError } from '../errors.ts';
import { lengthOf } from '../extent.ts';
import { imageInfo } from '../info.ts';
import { memorySource } from '../source.ts';
import { diskOf, imageOf, openBytes } from '../testing/images.ts';
import { checkQcow2 } from './check.ts';
import { asZstd, compressedImage, COMPRESSED, COPIED, TINY, tinyImage } from './testing/build.ts';

const big = BigInt;

test('an image made by hand reads as it should, and has nothing for the check to find', async () => {
  const disk = await diskOf(tinyImage());
  expect(disk.length).toBe(TINY.size);
  const firsts = [0, 1, 2, 3].map((cluster) => disk[cluster * TINY.cluster]);
  expect(firsts).toEqual([0xaa, 0, 0xbb, 0]);
  expect(await checkQcow2(memorySource(tinyImage()))).toMatchObject({ errors: 0, leaks: 0, data: 2, messages: [] });
});

describe('is read', () => {
  test.each<[string, (view: DataView, bytes: Uint8Array) => void]>([
    ['a header extension that is not known', (view) => (view.setUint32(104, 0x1234_5678), view.setUint32(108, 3))],
    ['unknown compatible and auto-clear features', (view) => (view.setUint32(84, 0x80), view.setUint32(92, 0x80))],
    [
      'version 2, in which nothing follows but extensions',
      (view, bytes) => (view.setUint32(4, 2), bytes.fill(255, 80, 104)),
    ],
    ['reference counts of any width', (view) => view.setUint32(96, 0)],
    ['an L1 table that is longer than it has to be', (view) => view.setUint32(36, 2)],
  ])('%s', async (_what, change) => {
    const fit = (view: DataView, bytes: Uint8Array<ArrayBuffer>): void => void change(view, bytes);
    expect((await diskOf(tinyImage(fit)))[0]).toBe(0xaa);
  });

  test('a dirty image, with a warning', async () => {
    const image = tinyImage((view) => view.setUint32(76, 1));
    expect((await openBytes(image)).warnings).toEqual([expect.stringContaining('not closed in good order')]);
    expect((await openBytes(tinyImage())).warnings).toEqual([]);
  });

  test('a cluster with the zero flag, whatever lies there', async () => {
    const image = tinyImage((view) => view.setBigUint64(TINY.l2, COPIED | big(TINY.data) | 1n));
    expect((await diskOf(image))[0]).toBe(0);
  });

  test('data whose end is missing from the file, as zeroes', async () => {
    const disk = await diskOf(tinyImage().subarray(0, TINY.end - 100));
    expect([...disk.subarray(3 * TINY.cluster - 101, 3 * TINY.cluster - 99)]).toEqual([0xbb, 0]);
  });

  test('compressed clusters, whatever follows them', async () => {
    const packed = deflateRawSync(new Uint8Array(TINY.cluster).fill(0x11));
    const disk = await diskOf(compressedImage(Buffer.concat([packed, Buffer.from('and more')])));
    expect(disk.subarray(TINY.cluster, 2 * TINY.cluster).every((byte) => byte === 0x11)).toBe(true);
    const zstd = await imageOf(new Uint8Array(TINY.cluster).fill(0x22), 'zstd');
    const other = await diskOf(compressedImage(Buffer.concat([zstd, Buffer.from('and more')]), asZstd));
    expect(other.subarray(TINY.cluster, 2 * TINY.cluster).every((byte) => byte === 0x22)).toBe(true);
  });

  test('a disk of 1 PiB without data, at once', async () => {
    const image = tinyImage((view) => {
      view.setUint32(20, 21);
      view.setBigUint64(24, 2n ** 50n);
      view.setUint32(36, 2048);
      for (const at of [40, 48]) view.setBigUint64(at, 0x20_0000n);
    });
    const file = new Uint8Array(0x40_0000);
    file.set(image.subarray(0, 512));
    let [size, extents] = [0, 0];
    for await (const extent of (await openBytes(file)).extents()) {
      expect(extent.kind).toBe('zero');
      size += lengthOf(extent);
      extents++;
    }
    expect(size).toBe(2 ** 50);
    expect(extents).toBeLessThan(100);
  });
});

describe('is refused', () => {
  const refusals: readonly (readonly [string, string, (view: DataView, bytes: Uint8Array) => void])[] = [
    ['version 1', 'version 1', (view) => view.setUint32(4, 1)],
    ['version 4', 'version 4', (view) => view.setUint32(4, 4)],
    ['small clusters', 'cluster_bits is 8', (view) => view.setUint32(20, 8)],
    ['large clusters', 'cluster_bits is 22', (view) => view.setUint32(20, 22)],
    ['a size that overflows', 'the size of the disk is', (view) => view.setBigUint64(24, 2n ** 63n)],
    ['a disk larger than its L1 table', 'too few', (view) => view.setBigUint64(24, 2n ** 40n)],
    ['a huge L1 table', 'more than 32 MiB', (view) => view.setUint32(36, 0xffff_ffff)],
    ['an L1 table beyond the end', 'beyond the end', (view) => view.setBigUint64(40, 2n ** 40n)],
    ['an L1 table over the header', 'over its header', (view) => view.setBigUint64(40, 0n)],
    ['an L1 table at no boundary', 'no boundary', (view) => view.setBigUint64(40, big(TINY.l1 + 8))],
    ['a refcount table at no boundary', 'no boundary', (view) => view.setBigUint64(48, 9n)],
    ['a huge refcount table', 'more than 8 MiB', (view) => view.setUint32(56, 0x1000_0000)],
    ['refcount_order 7', 'refcount_order is 7', (view) => view.setUint32(96, 7)],
    ['a short header', '96 bytes', (view) => view.setUint32(100, 96)],
    ['a header of odd length', '105 bytes', (view) => view.setUint32(100, 105)],
    ['a header longer than a cluster', '8192 bytes', (view) => view.setUint32(100, 8192)],
    [
      'an extension without an end',
      'header extension',
      (view) => (view.setUint32(104, 5), view.setUint32(108, 2 ** 31)),
    ],
    ['an unknown feature', 'bit 7 of incompatible_features', (view) => view.setUint32(76, 128)],
    ['an unknown high feature', 'bit 40 of incompatible_features', (view) => view.setUint32(72, 256)],
    [
      'an unknown feature with a name',
      '(time travel)',
      (view, bytes) => {
        view.setUint32(76, 128);
        view.setUint32(104, 0x6803_f857);
        view.setUint32(108, 48);
        view.setUint8(113, 7);
        bytes.set(Buffer.from('time travel'), 114);
      },
    ],
    ['encryption', 'decrypt it by', (view) => view.setUint32(32, 1)],
    ['LUKS', 'encrypted (LUKS)', (view) => view.setUint32(32, 2)],
    ['crypt_method 3', 'crypt_method is 3', (view) => view.setUint32(32, 3)],
    ['the corrupt bit', 'marked as corrupt', (view) => view.setUint32(76, 2)],
    ['an external data file', 'in another file', (view) => view.setUint32(76, 4)],
    ['extended L2 entries', 'extended L2 entries', (view) => view.setUint32(76, 16)],
    ['a compression without its bit', 'contradicts', (view) => (view.setUint32(100, 112), view.setUint8(104, 1))],
    ['a compression that is not known', 'not known here (2)', (view) => (asZstd(view), view.setUint8(104, 2))],
    [
      'a backing file',
      'its backing file base.qcow2: make it whole by qemu-img convert -O qcow2 image new.qcow2',
      (view, bytes) => {
        bytes.set(Buffer.from('base.qcow2'), 512);
        view.setBigUint64(8, 512n);
        view.setUint32(16, 10);
      },
    ],
    [
      "a backing file's name elsewhere",
      'first cluster',
      (view) => (view.setBigUint64(8, 4090n), view.setUint32(16, 10)),
    ],
    ['reserved bits of L1', 'mean nothing', (view) => view.setBigUint64(TINY.l1, COPIED | big(TINY.l2) | (1n << 60n))],
    ['low bits of L1', 'mean nothing', (view) => view.setBigUint64(TINY.l1, COPIED | big(TINY.l2) | 4n)],
    [
      'reserved bits of L2',
      'mean nothing',
      (view) => view.setBigUint64(TINY.l2, COPIED | big(TINY.data) | (1n << 58n)),
    ],
    ['low bits of L2', 'mean nothing', (view) => view.setBigUint64(TINY.l2, COPIED | big(TINY.data) | 2n)],
    [
      'the zero flag in version 2',
      'mean nothing',
      (view) => (view.setUint32(4, 2), view.setBigUint64(TINY.l2, COPIED | big(TINY.data) | 1n)),
    ],
    ['an L2 table beyond the end', 'beyond the end', (view) => view.setBigUint64(TINY.l1, COPIED | (1n << 50n))],
    ['an L2 table at no boundary', 'begin with a cluster', (view) => view.setBigUint64(TINY.l1, COPIED | 0x4200n)],
    ['an L2 table over the L1 table', 'something else', (view) => view.setBigUint64(TINY.l1, COPIED | big(TINY.l1))],
    ['data beyond the end', 'beyond the end', (view) => view.setBigUint64(TINY.l2, COPIED | (1n << 50n))],
    ['data at no boundary', 'begin with a cluster', (view) => view.setBigUint64(TINY.l2, COPIED | 0x5200n)],
    ['data over its own L2 table', 'something else', (view) => view.setBigUint64(TINY.l2, COPIED | big(TINY.l2))],
    ['two clusters in one place', 'something else', (view) => view.setBigUint64(TINY.l2 + 8, COPIED | big(TINY.data))],
    [
      'one L2 table for two parts of the disk',
      'something else',
      (view) => {
        view.setBigUint64(24, big(TINY.cluster * 512 * 2));
        view.setUint32(36, 2);
        view.setBigUint64(TINY.l1 + 8, COPIED | big(TINY.l2));
      },
    ],
    [
      'compressed data beyond the end',
      'beyond the end',
      (view) => view.setBigUint64(TINY.l2, COMPRESSED | (1n << 40n)),
    ],
    ['compressed data over the header', 'over its header', (view) => view.setBigUint64(TINY.l2, COMPRESSED | 10n)],
    ['compressed data that is none', 'does not decompress', (view) => view.setBigUint64(TINY.l2, COMPRESSED | 0x6000n)],
  ];
  test.each(refusals)('%s', async (_what, message, change) => {
    const reading = diskOf(tinyImage((view, bytes) => change(view, bytes)));
    await expect(reading).rejects.toThrow(ImageError);
    await expect(reading).rejects.toThrow(message);
  });

  test.each([0, 1, 2, 3])('a file that ends in its header, %#', async (i) => {
    const length = [4, 71, 72, 103][i];
    await expect(diskOf(tinyImage().subarray(0, length))).rejects.toThrow(ImageError);
  });

  test.each([TINY.cluster - 1, TINY.cluster + 1, 1 << 20])('a cluster that inflates to %d bytes', async (size) => {
    const full = new Uint8Array(size).fill(5);
    const deflated = diskOf(compressedImage(deflateRawSync(full)));
    await expect(deflated).rejects.toThrow('does not decompress to a cluster');
    const zstd = diskOf(compressedImage(await imageOf(full, 'zstd'), asZstd));
    await expect(zstd).rejects.toThrow('does not decompress to a cluster');
  });
});

describe('the check finds', () => {
  const count = (cluster: number): number => TINY.refcountBlock + 2 * cluster;
  test.each<[string, { errors: number; leaks: number }, (view: DataView) => void]>([
    ['a leak', { errors: 0, leaks: 1 }, (view) => view.setBigUint64(TINY.l2, 0n)],
    ['a count that is too low', { errors: 2, leaks: 0 }, (view) => view.setUint16(count(5), 0)],
    ['a count that is too high', { errors: 1, leaks: 1 }, (view) => view.setUint16(count(5), 2)],
    ['a flag that is missing', { errors: 1, leaks: 0 }, (view) => view.setBigUint64(TINY.l2, big(TINY.data))],
    ['two clusters in one place', { errors: 1, leaks: 1 }, (view) => view.setBigUint64(TINY.l2, COPIED | 0x6000n)],
    ['data over a table', { errors: 1, leaks: 1 }, (view) => view.setBigUint64(TINY.l2, COPIED | big(TINY.l1))],
    ['data beyond the end', { errors: 1, leaks: 1 }, (view) => view.setBigUint64(TINY.l2, COPIED | (1n << 50n))],
    ['reserved bits', { errors: 1, leaks: 0 }, (view) => view.setBigUint64(TINY.l2, COPIED | big(TINY.data) | 2n)],
    [
      'a refcount block elsewhere',
      { errors: 10, leaks: 0 },
      (view) => view.setBigUint64(TINY.refcountTable, 1n << 50n),
    ],
  ])('%s', async (_what, expected, change) => {
    const { errors, leaks, messages } = await checkQcow2(memorySource(tinyImage(change)));
    expect({ errors, leaks }, messages.join('\n')).toEqual(expected);
    expect(messages.length).toBe(errors + leaks);
  });

  test('the corrupt bit', async () => {
    expect(await checkQcow2(memorySource(tinyImage((view) => view.setUint32(76, 2))))).toMatchObject({ errors: 1 });
  });

  test('as many messages as were asked for, and counts everything', async () => {
    const image = tinyImage((view) => view.setBigUint64(TINY.l1, 0n));
    const { leaks, messages } = await checkQcow2(memorySource(image), 2);
    expect({ leaks, messages: messages.length }).toEqual({ leaks: 3, messages: 2 });
  });
});

test('information is given of what cannot be read, too', async () => {
  const image = tinyImage((view, bytes) => {
    bytes.set(Buffer.from('a\x1b[2Jb'), 512);
    view.setBigUint64(8, 512n);
    view.setUint32(16, 6);
  });
  const info = await imageInfo(memorySource(image));
  expect(info.qcow2?.backingFile).toBe('a?[2Jb');
  expect(info.unreadable).toContain('backing file');
  expect((await imageInfo(memorySource(tinyImage()))).unreadable).toBeNull();
});

test('extents of a disk end where it ends', async () => {
  const image = tinyImage((view) => view.setBigUint64(24, 2n * big(TINY.cluster) + 512n));
  let size = 0;
  for await (const extent of (await openBytes(image)).extents()) size += lengthOf(extent);
  expect(size).toBe(2 * TINY.cluster + 512);
});
