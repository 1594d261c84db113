import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { inBlocks } from './blocks.ts';
import { ImageError } from './errors.ts';
import { isAllZero, lengthOf, splitZeroes, type Extent } from './extent.ts';
import type { ImageFormat } from './format.ts';
import { checkQcow2 } from './qcow2/check.ts';
import { CLUSTER } from './qcow2/layout.ts';
import { openImage } from './reader.ts';
import { blobSource, memorySource } from './source.ts';
import { diskOf, gather, imageOf, isSame, openBytes, sparseDisk } from './testing/images.ts';
import { writeImage } from './writer.ts';

const FORMATS: readonly ImageFormat[] = ['raw', 'qcow2', 'gzip', 'zstd'];

describe('a disk comes back as it was', () => {
  const sizes = [0, 512, 4096, CLUSTER, 3 * CLUSTER + 512, 5_000_192];
  test.each(FORMATS.flatMap((format) => sizes.map((size) => [format, size] as const)))(
    '%s, %d bytes',
    async (format, size) => {
      for (const seed of [1, 2, 3]) {
        const disk = sparseDisk(seed, size);
        expect(isSame(await diskOf(await imageOf(disk, format)), disk)).toBe(true);
      }
    },
  );

  test.each(FORMATS)('%s, from a file that a person chose', async (format) => {
    const disk = sparseDisk(4, 1 << 20);
    const image = await openImage(blobSource(new Blob([(await imageOf(disk, format)) as BlobPart])));
    expect(image.format).toBe(format);
    expect(isSame(await gather(image.extents()), disk)).toBe(true);
  });

  test('qcow2 rounds up to whole sectors', async () => {
    const disk = new Uint8Array(1000).fill(7);
    const back = await diskOf(await imageOf(disk, 'qcow2'));
    expect(back.length).toBe(1024);
    expect(isSame(back.subarray(0, 1000), disk)).toBe(true);
  });

  test('several frames of zstd, with what may be skipped between them', async () => {
    const [a, b] = [sparseDisk(5, 300_000), sparseDisk(6, 70_000)];
    const skipped = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3);
    const image = Buffer.concat([await imageOf(a, 'zstd'), skipped, await imageOf(b, 'zstd')]);
    expect(isSame(await diskOf(image), Buffer.concat([a, b]))).toBe(true);
  });
});

describe('zeroes', () => {
  test('are found in units of 4 KiB of the disk', () => {
    const bytes = new Uint8Array(5 * 4096);
    bytes[4096 + 17] = 1;
    const found = [...splitZeroes(4096 * 7, bytes)].map((extent) => [extent.kind, extent.offset, lengthOf(extent)]);
    expect(found).toEqual([
      ['zero', 4096 * 7, 4096],
      ['data', 4096 * 8, 4096],
      ['zero', 4096 * 9, 3 * 4096],
    ]);
  });

  test('are found at any place in a buffer', () => {
    const buffer = new Uint8Array(64);
    for (let from = 0; from < 9; from++) {
      for (let to = from; to < 40; to++) {
        expect(isAllZero(buffer.subarray(from, to))).toBe(true);
        for (let at = from; at < to; at++) {
          buffer[at] = 0x80;
          expect(isAllZero(buffer.subarray(from, to))).toBe(false);
          buffer[at] = 0;
        }
      }
    }
  });

  test.each(FORMATS)('%s: come back where they were', async (format) => {
    const disk = new Uint8Array(20 << 20);
    disk.fill(1, 9 << 20, 10 << 20);
    const zeroes: (readonly [number, number])[] = [];
    for await (const extent of (await openBytes(await imageOf(disk, format))).extents()) {
      const last = zeroes.at(-1);
      if (extent.kind === 'data') continue;
      if (last !== undefined && last[0] + last[1] === extent.offset)
        zeroes.splice(-1, 1, [last[0], last[1] + extent.length]);
      else zeroes.push([extent.offset, extent.length]);
    }
    expect(zeroes).toEqual([
      [0, 9 << 20],
      [10 << 20, 10 << 20],
    ]);
  });

  test('take no room in qcow2', async () => {
    expect((await imageOf(new Uint8Array(8 << 20), 'qcow2')).length).toBe(4 * CLUSTER);
    const data = new Uint8Array(8 << 20);
    data[3 << 20] = 1;
    expect((await imageOf(data, 'qcow2')).length).toBe(6 * CLUSTER);
  });

  test('blocks are cut at their boundaries', async () => {
    const extents = async function* (): AsyncGenerator<Extent> {
      yield { kind: 'zero', offset: 0, length: 25 };
      yield { kind: 'data', offset: 25, bytes: new Uint8Array(10).fill(1) };
      yield { kind: 'zero', offset: 35, length: 30 };
      yield { kind: 'data', offset: 65, bytes: new Uint8Array(3).fill(2) };
    };
    const blocks: unknown[] = [];
    for await (const block of inBlocks(extents(), 10)) blocks.push([block.kind, block.offset, lengthOf(block)]);
    expect(blocks).toEqual([
      ['zero', 0, 20],
      ['data', 20, 10],
      ['data', 30, 10],
      ['zero', 40, 20],
      ['data', 60, 8],
    ]);
  });
});

test('a qcow2 image of ours has nothing for the check to find', async () => {
  const image = await imageOf(sparseDisk(7, 6_000_128), 'qcow2');
  expect(await checkQcow2(memorySource(image))).toMatchObject({ errors: 0, leaks: 0, messages: [] });
});

describe('writing', () => {
  test('tells how far it is', async () => {
    const seen: string[] = [];
    const image = await openBytes(sparseDisk(8, 3 << 20));
    const onProgress = ({ step, done, total }: { step: string; done: number; total: number | undefined }): void => {
      if (done === total) seen.push(step);
    };
    await gather(writeImage(image, { format: 'qcow2', onProgress }));
    expect(seen).toEqual(['looking', 'writing']);
  });

  test('tells how far it is while there is nothing but zeroes', async () => {
    const seen: number[] = [];
    const image = await openBytes(new Uint8Array(200 << 20));
    await gather(writeImage(image, { format: 'raw', onProgress: ({ done }) => void seen.push(done) }));
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.at(-1)).toBe(200 << 20);
  });

  test.each(FORMATS)('%s: ends when it is aborted, with the reason', async (format) => {
    const image = await openBytes(sparseDisk(9, 8 << 20, 60));
    const abort = new AbortController();
    const onProgress = (): void => abort.abort('enough');
    await expect(gather(writeImage(image, { format, signal: abort.signal, onProgress }))).rejects.toBe('enough');
  });

  test('a disk that changes between the two readings is refused', async () => {
    const disk = new Uint8Array(1 << 20).fill(1, 70_000, 80_000);
    const image = await openBytes(disk);
    const onProgress = ({ step, done }: { step: string; done: number }): void => {
      if (step === 'looking' && done === disk.length) disk[900_000] = 1;
    };
    await expect(gather(writeImage(image, { format: 'qcow2', onProgress }))).rejects.toThrow('was changed while');
  });
});

describe('refused, with what to do', () => {
  const text = (word: string): Uint8Array => {
    const bytes = new Uint8Array(4096);
    bytes.set(Buffer.from(word, 'latin1'));
    return bytes;
  };
  test.each([
    ['KDMV', 'a VMDK image', 'qemu-img convert'],
    ['vhdxfile', 'a VHDX image', 'qemu-img convert'],
    ['\xfd7zXZ\0', 'compressed by xz', 'xz --decompress'],
    ['BZh', 'compressed by bzip2', 'bzip2 --decompress'],
  ])('%j is %s', async (magic, what, command) => {
    const opening = openBytes(text(magic));
    await expect(opening).rejects.toThrow(ImageError);
    await expect(opening).rejects.toThrow(what);
    await expect(opening).rejects.toThrow(command);
  });

  const damages: readonly (readonly [string, (bytes: Uint8Array) => Uint8Array])[] = [
    ['cut', (bytes) => bytes.subarray(0, bytes.length - 20)],
    ['cut in its head', (bytes) => bytes.subarray(0, 5)],
    ['changed in its head', (bytes) => bytes.map((byte, i) => (i > 3 && i < 12 ? byte ^ 0xff : byte))],
    ['followed by something else', (bytes) => Buffer.concat([bytes, Buffer.from('something else'.repeat(9))])],
  ];
  test.each(
    (['gzip', 'zstd'] as const).flatMap((format) => damages.map(([how, change]) => [format, how, change] as const)),
  )('%s that was %s', async (format, _how, change) => {
    const image = change(await imageOf(sparseDisk(10, 400_000), format));
    const reading = openBytes(image).then((opened) => gather(opened.extents()));
    await expect(reading).rejects.toThrow(ImageError);
    await expect(reading).rejects.toThrow('fetch or make it again');
  });

  /** A frame of one raw block, `abc`, with this checksum. */
  const abc = (...checksum: number[]): Uint8Array =>
    Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x24, 3, 0x19, 0, 0, 0x61, 0x62, 0x63, ...checksum);

  test('gzip and zstd with a wrong checksum', async () => {
    const zipped = gzipSync('abc');
    expect(await diskOf(zipped)).toEqual(new Uint8Array(Buffer.from('abc')));
    zipped[zipped.length - 8] ^= 1;
    await expect(diskOf(zipped)).rejects.toThrow(ImageError);

    expect(await diskOf(abc(0x99, 0x09, 0x77, 0xad))).toEqual(new Uint8Array(Buffer.from('abc')));
    await expect(diskOf(abc(0x99, 0x09, 0x77, 0xac))).rejects.toThrow(ImageError);
  });

  test('zstd that asks for too much memory', async () => {
    // A window of 2 GiB, and one raw block.
    const image = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3, 0x09, 0, 0, 1, ...new Uint8Array(20));
    await expect(diskOf(image)).rejects.toThrow(ImageError);
  });

  test('a gzip bomb is read in bounded memory', async () => {
    const bomb = gzipSync(new Uint8Array(64 << 20), { level: 9 });
    expect(bomb.length).toBeLessThan(70_000);
    let size = 0;
    for await (const extent of (await openBytes(bomb)).extents()) {
      expect(extent.kind).toBe('zero');
      size += lengthOf(extent);
    }
    expect(size).toBe(64 << 20);
  });
});
