/// <reference lib="webworker" />
import { Zstd } from '@hpcc-js/wasm-zstd';
import { describe, expect, test } from 'vitest';
import { pattern } from '../testing/parts.ts';
import { openHttpBase } from './http-base.ts';

const PART = 4096;
const SIZE = 5 * PART + 512;
const bytes = pattern(SIZE);
const sleep = async (): Promise<void> => {};
const addressOf = (name: string): string => `https://images.example/v/${name}#size=${SIZE}&part=${PART}`;

/** The files as v86's tools/split-image.py makes them: the last one is filled up. */
function split(
  image: Uint8Array,
  nameOf: (start: number, end: number) => string,
): Map<string, Uint8Array<ArrayBuffer>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (let start = 0; start < image.length; start += PART) {
    const file = new Uint8Array(PART);
    file.set(image.subarray(start, start + PART));
    files.set(`https://images.example/v/${nameOf(start, start + PART)}`, file);
  }
  return files;
}

function serve(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>) {
  const asked: string[] = [];
  const fetch = async (url: string): Promise<Response> => {
    asked.push(url);
    const file = files.get(url);
    return file ? new Response(file) : new Response('', { status: 404, statusText: 'Not Found' });
  };
  return { asked, host: { fetch, sleep } };
}

async function whole(url: string, files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): Promise<Uint8Array> {
  const base = await openHttpBase(url, { host: serve(files).host });
  const target = new Uint8Array(SIZE);
  await base.read(0, target);
  return target;
}

describe('an image in files', () => {
  const names = split(bytes, (start, end) => `disk-${start}-${end}.img`);

  test('is fetched file by file', async () => {
    const { asked, host } = serve(names);
    const base = await openHttpBase(addressOf('disk.img'), { host });
    expect(base.size).toBe(SIZE);
    const target = new Uint8Array(512);
    await base.read(3 * PART + 1024, target);
    expect(target).toEqual(bytes.slice(3 * PART + 1024, 3 * PART + 1536));
    expect(asked).toEqual([
      'https://images.example/v/disk-0-4096.img',
      'https://images.example/v/disk-12288-16384.img',
    ]);
  });

  test('may end with a file that is named by what it holds, have no ending, or no name', async () => {
    expect(await whole(addressOf('disk.img'), names)).toEqual(bytes);
    const short = split(bytes, (start, end) => `disk-${start}-${Math.min(end, SIZE)}.img`);
    short.set(`https://images.example/v/disk-20480-${SIZE}.img`, bytes.slice(5 * PART));
    expect(await whole(addressOf('disk.img'), short)).toEqual(bytes);
    expect(
      await whole(
        addressOf('disk'),
        split(bytes, (start, end) => `disk-${start}-${end}`),
      ),
    ).toEqual(bytes);
    expect(
      await whole(
        addressOf('.img'),
        split(bytes, (start, end) => `${start}-${end}.img`),
      ),
    ).toEqual(bytes);
  });

  test('may be compressed by zstd', async () => {
    const zstd = await Zstd.load();
    const packed = split(bytes, (start, end) => `disk-${start}-${end}.img.zst`);
    for (const [url, file] of packed) packed.set(url, new Uint8Array(zstd.compress(file)));
    expect(await whole(addressOf('disk.img.zst'), packed)).toEqual(bytes);
  });

  test('is known by its first file', async () => {
    const identityOf = async (image: Uint8Array): Promise<string> => {
      const files = split(image, (start, end) => `disk-${start}-${end}.img`);
      return (await openHttpBase(addressOf('disk.img'), { host: serve(files).host })).identity;
    };
    expect(await identityOf(bytes)).toBe(await identityOf(bytes));
    expect(await identityOf(bytes)).not.toBe(await identityOf(pattern(SIZE, 2)));
  });

  test('says what is wrong with a file', async () => {
    const files = new Map(names);
    const base = await openHttpBase(addressOf('disk.img'), { host: serve(files).host });
    files.delete('https://images.example/v/disk-4096-8192.img');
    await expect(base.read(PART, new Uint8Array(512))).rejects.toThrow(/404 Not Found/);
    files.set('https://images.example/v/disk-8192-12288.img', bytes.slice(0, 512));
    await expect(base.read(2 * PART, new Uint8Array(512))).rejects.toThrow(/does not hold the 4096 bytes/);
    files.set('https://images.example/v/disk-12288-16384.img', new Uint8Array(3 * PART));
    await expect(base.read(3 * PART, new Uint8Array(512))).rejects.toMatchObject({ reason: 'hash' });
    files.set('https://images.example/v/disk-0-4096.img.zst', new Uint8Array(PART).fill(7));
    const rubbish = openHttpBase(addressOf('disk.img.zst'), { host: serve(files).host });
    await expect(rubbish).rejects.toMatchObject({ reason: 'hash' });
  });

  test.each(['#size=20992', '#size=20992&part=100', '#size=-1&part=4096', '#size=9&part=4096', '#part=4096', '#x=1'])(
    'has an address with a size and the size of a part, and not %s',
    async (fragment) => {
      const { asked, host } = serve(names);
      const opening = openHttpBase(`https://images.example/v/disk.img${fragment}`, { host });
      await expect(opening).rejects.toMatchObject({ name: 'BlockError' });
      expect(asked).toEqual([]);
    },
  );
});
