// Images by qemu-img are read as it reads them, and it takes ours.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFileWhole } from './file-sink.node.ts';
import { lengthOf } from './extent.ts';
import { imageInfo } from './info.ts';
import { checkQcow2 } from './qcow2/check.ts';
import { openImage } from './reader.ts';
import { memorySource } from './source.ts';
import { openFileSource } from './source.node.ts';
import { diskOf, isSame, randomNumbers, sparseDisk } from './testing/images.ts';
import { writeImage } from './writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'tabhyve-image-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const SIZE = 24 << 20;
const raw = at('disk.img');
const disk = sparseDisk(20, SIZE, 40);
beforeAll(() => writeFileSync(raw, disk));

const qemuImg = (...args: string[]): string => execFileSync('qemu-img', args, { encoding: 'utf8' });
const make = (name: string, ...options: string[]): string => {
  qemuImg('convert', '-O', 'qcow2', ...options, raw, at(name));
  return at(name);
};

async function read(path: string): Promise<Uint8Array> {
  return diskOf(readFileSync(path));
}

describe('read as qemu-img made it', () => {
  test.each([
    [[]],
    [['-o', 'compat=0.10']],
    [['-c']],
    [['-c', '-o', 'compat=0.10']],
    [['-c', '-o', 'compression_type=zstd']],
    [['-o', 'cluster_size=512']],
    [['-o', 'cluster_size=2M']],
    [['-c', '-o', 'cluster_size=512']],
    [['-c', '-o', 'cluster_size=4k,compression_type=zstd']],
    [['-c', '-o', 'cluster_size=2M']],
    [['-c', '-o', 'cluster_size=2M,compression_type=zstd']],
    [['-o', 'refcount_bits=1']],
    [['-o', 'refcount_bits=64,lazy_refcounts=on']],
    [['-o', 'preallocation=metadata']],
    [['-S', '0']],
  ])('convert %j', async (options) => {
    const path = make('made.qcow2', ...options);
    expect(isSame(await read(path), disk)).toBe(true);
    expect(await checkQcow2(memorySource(readFileSync(path)))).toMatchObject({ errors: 0, leaks: 0 });
    const { virtual_size: size, cluster_size: cluster } = byQemu(path);
    expect(await imageInfo(memorySource(readFileSync(path)))).toMatchObject({
      virtualSize: size,
      qcow2: { clusterSize: cluster },
      unreadable: null,
    });
  });

  test('zeroes that were written over data', async () => {
    const path = make('zeroes.qcow2');
    execFileSync('qemu-io', ['-c', 'write -z 1M 4M', '-c', 'write -P 0x5a 2M 70k', '-c', 'discard 9M 3M', path]);
    qemuImg('convert', '-O', 'raw', path, at('zeroes.img'));
    expect(isSame(await read(path), readFileSync(at('zeroes.img')))).toBe(true);
    expect(await checkQcow2(memorySource(readFileSync(path)))).toMatchObject({ errors: 0, leaks: 0 });
  });

  test('the active disk of an image with snapshots, which information names', async () => {
    const path = make('snapshots.qcow2');
    qemuImg('snapshot', '-c', 'before', path);
    execFileSync('qemu-io', ['-c', 'write -P 0x77 3M 500k', path]);
    qemuImg('snapshot', '-c', 'after', path);
    execFileSync('qemu-io', ['-c', 'write -P 0x78 20M 200k', path]);
    qemuImg('convert', '-O', 'raw', path, at('active.img'));
    const image = memorySource(readFileSync(path));
    expect(isSame(await read(path), readFileSync(at('active.img')))).toBe(true);
    const { qcow2 } = await imageInfo(image);
    expect(qcow2?.snapshots.map(({ name }) => name)).toEqual(['before', 'after']);
    expect(await checkQcow2(image)).toMatchObject({ errors: 0, leaks: 0, messages: [] });
  });

  test('an image over another is refused by name', async () => {
    qemuImg('create', '-f', 'qcow2', '-b', raw, '-F', 'raw', at('over.qcow2'));
    await expect(read(at('over.qcow2'))).rejects.toThrow(`its backing file ${raw}: make it whole by qemu-img convert`);
  });

  test.each([
    ['extended_l2=on', 'extended L2 entries'],
    [`data_file=${at('data.raw')}`, 'in another file'],
  ])('%s is refused', async (option, message) => {
    qemuImg('create', '-q', '-f', 'qcow2', '-o', option, at('feature.qcow2'), '1M');
    await expect(read(at('feature.qcow2'))).rejects.toThrow(message);
  });
});

function byQemu(path: string): { virtual_size: number; cluster_size: number } {
  const info = JSON.parse(qemuImg('info', '--output=json', path)) as Record<string, number>;
  return { virtual_size: info['virtual-size'], cluster_size: info['cluster-size'] };
}

describe('ours, as qemu-img sees them', () => {
  const write = async (from: string, name: string, format: 'raw' | 'qcow2'): Promise<string> => {
    const source = await openFileSource(from);
    await writeFileWhole(at(name), writeImage(await openImage(source), { format }), true);
    await source.close();
    return at(name);
  };

  test.each([0, 512, 65536, 65536 + 512, 100 << 20, (512 << 20) + 512])('a disk of %d bytes', async (size) => {
    const file = await open(at('some.img'), 'w');
    await file.truncate(size);
    const random = randomNumbers(size + 1);
    for (let part = 0; part < 30 && size > 0; part++) {
      const bytes = new Uint8Array(Math.min(size, random() % 30_000)).fill(part + 1);
      await file.write(bytes, 0, bytes.length, random() % (size - bytes.length + 1));
    }
    await file.close();
    const path = await write(at('some.img'), 'ours.qcow2', 'qcow2');
    expect(qemuImg('check', path)).toContain('No errors were found');
    expect(qemuImg('compare', at('some.img'), path)).toContain('Images are identical');
    const back = await write(path, 'back.img', 'raw');
    expect(spawnSync('cmp', [back, at('some.img')]).status).toBe(0);
  });

  test('more data than one block of reference counts covers', async () => {
    // A file that has its bytes from a function: 2.1 GiB, of which each cluster holds a few.
    const clusters = 33_000;
    const extents = async function* () {
      const bytes = new Uint8Array(65536);
      for (let i = 0; i < clusters; i++) {
        bytes[i % 4096] = 1 + (i % 255);
        yield { kind: 'data' as const, offset: i * 65536, bytes };
      }
    };
    const image = { format: 'raw' as const, virtualSize: clusters * 65536, warnings: [], extents };
    let [size, data] = [0, 0];
    const counting = async function* () {
      for await (const extent of writeImage(image, { format: 'qcow2' })) {
        size += lengthOf(extent);
        data++;
        // Zeroes that are holes: the tables are what is looked at.
        yield data < 20 ? extent : { kind: 'zero' as const, offset: extent.offset, length: lengthOf(extent) };
      }
    };
    await writeFileWhole(at('large.qcow2'), counting(), true);
    expect(statSync(at('large.qcow2')).size).toBe(size);
    expect(qemuImg('check', at('large.qcow2'))).toContain('No errors were found');
    rmSync(at('large.qcow2'));
  });

  test('holes stay holes', async () => {
    const path = await write(raw, 'sparse.img', 'raw');
    expect(isSame(readFileSync(path), disk)).toBe(true);
    const data = statSync(path).blocks * 512;
    expect(data).toBeLessThan(SIZE / 4);
  });
});

describe('the check agrees with qemu-img', () => {
  const damage = (name: string, offset: number, value: bigint): string => {
    const path = make(name);
    const bytes = readFileSync(path);
    bytes.writeBigUInt64BE(value, offset);
    writeFileSync(path, bytes);
    return path;
  };
  const word = (path: string, offset: number): bigint => readFileSync(path).readBigUInt64BE(offset);
  const MASK = 0x00ff_ffff_ffff_fe00n;

  const places = (): { firstUsed: number; refcountBlock: number } => {
    const path = make('plain.qcow2');
    const l2 = Number(word(path, Number(word(path, 40))) & MASK);
    let firstUsed = l2;
    while (word(path, firstUsed) === 0n) firstUsed += 8;
    return { firstUsed, refcountBlock: Number(word(path, Number(word(path, 48)))) };
  };

  test.each([
    ['a leak', ({ firstUsed }: ReturnType<typeof places>) => [firstUsed, 0n] as const],
    ['counts that are too low', ({ refcountBlock }: ReturnType<typeof places>) => [refcountBlock + 8, 0n] as const],
    [
      'counts that are too high',
      ({ refcountBlock }: ReturnType<typeof places>) => [refcountBlock + 8, 0x0002_0002_0002_0002n] as const,
    ],
  ])('%s', async (_what, where) => {
    const [offset, value] = where(places());
    const path = damage('damaged.qcow2', offset, value);
    const { stdout } = spawnSync('qemu-img', ['check', '--output=json', path], { encoding: 'utf8' });
    const theirs = JSON.parse(stdout) as { leaks?: number; corruptions?: number };
    const ours = await checkQcow2(memorySource(readFileSync(path)));
    expect({ leaks: ours.leaks, isDamaged: ours.errors > 0 }).toEqual({
      leaks: theirs.leaks ?? 0,
      isDamaged: (theirs.corruptions ?? 0) > 0,
    });
    expect(ours.leaks + ours.errors).toBeGreaterThan(0);
  });
});
