/**
 * What a hostile image may hold: any bytes in place of those of a valid one, most of them in its header and its tables.
 * Whatever they are, the image is read, or an ImageError says why not; in bounded time, and without many bytes in memory.
 */
import fc from 'fast-check';
import { deflateRawSync } from 'node:zlib';
import { ImageError } from './errors.ts';
import { imageInfo } from './info.ts';
import { checkQcow2 } from './qcow2/check.ts';
import { asZstd, compressedImage, TINY, tinyImage } from './qcow2/testing/build.ts';
import { memorySource, type ImageSource } from './source.ts';
import { imageOf, openBytes, sparseDisk } from './testing/images.ts';
import { openImage } from './reader.ts';

/** What an image of some KiB may take, in milliseconds. */
const MOST_TIME = 5000;
/** What may be asked of the file at a time, in bytes: a table of 8 MiB is the largest thing that is read at once. */
const MOST_READ = 8 << 20;

const value = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.nat(64).map((bit) => (1n << BigInt(bit)) & (2n ** 64n - 1n)),
  fc.nat(TINY.end / 512).map((sector) => (1n << 63n) | BigInt(512 * sector)),
  fc.nat(TINY.end / TINY.cluster + 1).map((cluster) => (1n << 63n) | BigInt(TINY.cluster * cluster)),
  fc.nat(TINY.end).map((at) => (1n << 62n) | BigInt(at)),
  fc.nat(300).map(BigInt),
);

/** Where something is put, and what; `width` in bytes. */
const change = fc.record({
  area: fc.constantFrom(0, 0, TINY.refcountTable, TINY.refcountBlock, TINY.l1, TINY.l2, TINY.l2, TINY.end + 96),
  at: fc.nat(112),
  width: fc.constantFrom(1, 4, 8, 8),
  value,
});

const changes = fc.record({
  kind: fc.nat(4),
  changes: fc.array(change, { minLength: 1, maxLength: 6 }),
  cut: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(TINY.end) }),
});

async function validImages(): Promise<Uint8Array[]> {
  const cluster = new Uint8Array(TINY.cluster).fill(0x33, 0, 3000);
  return [
    tinyImage(),
    compressedImage(deflateRawSync(cluster)),
    compressedImage(await imageOf(cluster, 'zstd'), asZstd),
    await imageOf(sparseDisk(1, 30_000, 4), 'zstd'),
    await imageOf(sparseDisk(2, 30_000, 4), 'gzip'),
  ];
}

type Changes = typeof changes extends fc.Arbitrary<infer T> ? T : never;

function apply(image: Uint8Array, { changes, cut }: Changes): Uint8Array {
  const bytes = image.slice(0, image.length - Math.min(cut, image.length));
  const view = new DataView(bytes.buffer);
  for (const { area, at, width, value } of changes) {
    // Tables have entries of eight bytes, and a header of the simplest kinds begins the other formats.
    const place = (area % Math.max(1, bytes.length)) + (area === 0 ? at : at - (at % 8));
    if (place + width > bytes.length) continue;
    if (width === 8) view.setBigUint64(place, value);
    else if (width === 4) view.setUint32(place, Number(value & 0xffff_ffffn));
    else view.setUint8(place, Number(value & 0xffn));
  }
  return bytes;
}

function watched(source: ImageSource): ImageSource {
  return {
    ...source,
    read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > source.size)
        throw new Error(`a read of ${length} at ${offset}`);
      if (length > MOST_READ) throw new Error(`a read of ${length} bytes`);
      return source.read(offset, length);
    },
  };
}

/** Rejects with what is not an ImageError, or took too long. Returns whether all of it was accepted. */
async function tryAll(image: Uint8Array): Promise<boolean> {
  const source = watched(memorySource(image));
  const start = performance.now();
  let accepted = true;
  const attempt = async (what: () => Promise<unknown>): Promise<void> => {
    try {
      await what();
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      if (!/[.)]$|: [\w-]+ .+$/.test(error.message)) throw new Error(`no sentence: ${error.message}`, { cause: error });
      accepted = false;
    }
  };
  await attempt(async () => imageInfo(source));
  await attempt(async () => {
    let end = 0;
    for await (const extent of (await openImage(source)).extents()) {
      if (extent.offset !== end) throw new Error(`a gap at ${end}`);
      end += extent.kind === 'data' ? extent.bytes.length : extent.length;
      if (performance.now() - start > MOST_TIME) throw new Error('reading takes too long');
    }
  });
  await attempt(() => checkQcow2(source));
  if (performance.now() - start > MOST_TIME) throw new Error('it takes too long');
  return accepted;
}

/** Plays `runs` images made from `seed`. Returns how many were accepted whole, so that a test can see that some were. */
export async function fuzzImages(seed: number, runs: number): Promise<number> {
  const images = await validImages();
  for (const image of images) await openBytes(image);
  let accepted = 0;
  const property = fc.asyncProperty(changes, async (each) => {
    if (await tryAll(apply(images[each.kind], each))) accepted++;
  });
  await fc.assert(property, { seed, numRuns: runs });
  return accepted;
}
