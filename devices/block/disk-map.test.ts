import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SECTOR } from './backend.ts';
import { memoryBase, type BaseImage } from './base.ts';
import { ChunkMap } from './chunk-map.ts';
import { CHUNK_SIZE } from './chunks.ts';
import { diskMap, LiveDiskMap, MAX_CELLS, type ChunkLayout, type DiskMap, type MappedBackend } from './disk-map.ts';
import { MemoryBackend } from './memory.ts';
import { StoreBackend } from './store-backend.ts';
import { FakeMedium } from './testing/fake-store.ts';

type Kind = 'allocated' | 'base' | 'tombstone' | 'empty';

/** The sums by going through all chunks. */
function naive(kinds: readonly Kind[], chunksPerCell: number) {
  const cells = Math.ceil(kinds.length / chunksPerCell);
  const count = (kind: Kind): number[] =>
    Array.from(
      { length: cells },
      (_, cell) => kinds.slice(cell * chunksPerCell, (cell + 1) * chunksPerCell).filter((each) => each === kind).length,
    );
  return { allocated: count('allocated'), base: count('base'), tombstones: count('tombstone') };
}

function plain({ allocated, base, tombstones }: DiskMap) {
  return { allocated: [...allocated], base: [...base], tombstones: [...tombstones] };
}

/** Holds a byte in every chunk of these. */
function baseWith(chunks: readonly boolean[]): BaseImage {
  const bytes = new Uint8Array(chunks.length * CHUNK_SIZE);
  chunks.forEach((filled, index) => filled && bytes.fill(1, index * CHUNK_SIZE, index * CHUNK_SIZE + 8));
  return memoryBase(bytes);
}

const CHUNKS = 37;
/** The last chunk is a partial one. */
const size = CHUNKS * CHUNK_SIZE - 5 * SECTOR;

type Step = readonly ['write' | 'discard' | 'zero', first: number, count: number];
const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom('write', 'discard', 'zero'),
  fc.nat(CHUNKS - 1),
  fc.integer({ min: 1, max: 9 }),
);

/** Does the same to a disk and to a list of what its chunks are. */
async function play(disk: MappedBackend, kinds: Kind[], based: readonly boolean[], [what, first, count]: Step) {
  const end = Math.min(CHUNKS, first + count);
  const offset = first * CHUNK_SIZE;
  const length = Math.min(size, end * CHUNK_SIZE) - offset;
  // All but a sector of the last chunk.
  if (what === 'write') await disk.write(offset, new Uint8Array(length - SECTOR).fill(7));
  else if (what === 'discard') await disk.discard(offset, length);
  else await disk.writeZeroes(offset, length, true);
  for (let index = first; index < end; index++) {
    kinds[index] = what === 'write' ? 'allocated' : based[index] ? 'tombstone' : 'empty';
  }
}

describe.each([
  ['memory', async (base: BaseImage) => new MemoryBackend({ size, base })],
  ['a store', (base: BaseImage) => StoreBackend.open({ size, base, store: new FakeMedium().open() })],
])('the map of a disk in %s', (_, open) => {
  test('is what its chunks are, whatever is done to them and whenever it is looked at', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { maxLength: CHUNKS }),
        fc.array(step, { maxLength: 12 }),
        fc.nat(12),
        fc.integer({ min: 1, max: 50 }),
        async (based, steps, lookedAt, cells) => {
          const disk = await open(baseWith(based));
          const kinds: Kind[] = Array.from({ length: CHUNKS }, (_, index) => (based[index] ? 'base' : 'empty'));
          for (const each of steps.slice(0, lookedAt)) await play(disk, kinds, based, each);
          const live = new LiveDiskMap(disk, cells);
          for (const each of steps.slice(lookedAt)) await play(disk, kinds, based, each);
          const map = live.take()?.map;
          live.end();
          expect(map?.allocated.length).toBeLessThanOrEqual(cells);
          expect(map && plain(map)).toEqual(naive(kinds, map?.chunksPerCell ?? 0));
          expect(diskMap(disk.layout, cells)).toEqual(map);
          const { allocatedChunks, tombstones } = disk.usage();
          expect(kinds.filter((kind) => kind === 'allocated')).toHaveLength(allocatedChunks);
          expect(kinds.filter((kind) => kind === 'tombstone')).toHaveLength(tombstones);
          await disk.close();
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('a disk that is opened again, read-only, has the map that it had', async () => {
  const medium = new FakeMedium();
  const base = () => baseWith([true, true, true]);
  const disk = await StoreBackend.open({ size, base: base(), store: medium.open() });
  await disk.write(5 * CHUNK_SIZE, new Uint8Array(SECTOR));
  await disk.discard(CHUNK_SIZE, CHUNK_SIZE);
  await disk.close();
  const again = await StoreBackend.open({ size, base: base(), store: medium.open(), readOnly: true });
  const map = diskMap(again.layout, 10);
  expect(plain(map)).toEqual({
    allocated: [0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
    base: [2, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    tombstones: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  });
  expect(map).toMatchObject({ size, chunksPerCell: 4 });
  await again.close();
});

test('chunks of frozen layers are counted as what is seen of them', () => {
  const change = fc.tuple(
    fc.constantFrom('allocate', 'free', 'hide', 'lower', 'cover'),
    fc.oneof(fc.nat(20), fc.nat(10_000)),
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), fc.nat(60), (changes, lookedAt) => {
      const chunks = new ChunkMap();
      const apply = ([what, index]: (typeof changes)[number]): void => {
        if (what === 'allocate') chunks.allocate(index);
        else if (what === 'free' || what === 'hide') chunks.free(index, what === 'hide');
        else if (what === 'lower') chunks.foundLower(index);
        else {
          const hidden = new Uint8Array(512);
          hidden[(index % 4096) >> 3] |= 1 << (index & 7);
          chunks.foundTombstones(Math.floor(index / 4096), hidden, false);
        }
      };
      const base: BaseImage = { ...memoryBase(new Uint8Array(8)), size: 3 * CHUNK_SIZE, isHole: () => false };
      const layout: ChunkLayout = { size: 10_001 * CHUNK_SIZE, chunks, base };
      changes.slice(0, lookedAt).forEach(apply);
      const live = new LiveDiskMap({ layout }, 100);
      changes.slice(lookedAt).forEach(apply);
      const kinds = Array.from({ length: 10_001 }, (_, index): Kind => {
        if (chunks.hasBytes(index)) return 'allocated';
        return chunks.hidesBase(index) ? 'tombstone' : index < 3 ? 'base' : 'empty';
      });
      const map = live.take()?.map;
      expect(map && plain(map)).toEqual(naive(kinds, 128));
    }),
    { numRuns: 60 },
  );
});

test('cells hold a power of two of chunks, and are as many as fit', () => {
  const cellsOf = (bytes: number, cells: number): readonly number[] => {
    const map = diskMap({ size: bytes, chunks: new ChunkMap(), base: undefined }, cells);
    return [map.allocated.length, map.chunksPerCell];
  };
  const GiB = 2 ** 30;
  expect(cellsOf(GiB, 1024)).toEqual([1024, 32]);
  expect(cellsOf(GiB, 1023)).toEqual([512, 64]);
  expect(cellsOf(GiB + 512, 1024)).toEqual([513, 64]);
  expect(cellsOf(64 * GiB, 1e9)).toEqual([MAX_CELLS, 512]);
  expect(cellsOf(512, 1024)).toEqual([1, 1]);
  expect(cellsOf(CHUNK_SIZE * 5, 0)).toEqual([1, 8]);
});

test('what requests do is told once, of the cells that they reach', async () => {
  const disk = new MemoryBackend({ size: 8 * CHUNK_SIZE });
  const live = new LiveDiskMap(disk, 4);
  live.take();
  expect(live.take()).toBeUndefined();
  live.note('read', 2 * CHUNK_SIZE - SECTOR, 2 * SECTOR);
  live.note('written', 0, 2 * CHUNK_SIZE);
  live.note('discarded', 6 * CHUNK_SIZE, SECTOR);
  live.note('read', 7 * CHUNK_SIZE, 0);
  const activity = live.take()?.activity;
  expect([...(activity?.read ?? [])]).toEqual([1, 1, 0, 0]);
  expect([...(activity?.written ?? [])]).toEqual([1, 0, 0, 0]);
  expect([...(activity?.discarded ?? [])]).toEqual([0, 0, 0, 1]);
  expect(live.take()).toBeUndefined();
  await disk.write(0, new Uint8Array(SECTOR));
  expect([...(live.take()?.map.allocated ?? [])]).toEqual([1, 0, 0, 0]);
  await disk.write(0, new Uint8Array(SECTOR).fill(1));
  expect(live.take()).toBeUndefined();
});

test('a map that was taken does not change; one that ended follows nothing', async () => {
  const disk = new MemoryBackend({ size: 4 * CHUNK_SIZE });
  const live = new LiveDiskMap(disk, 4);
  const taken = live.take();
  await disk.write(0, new Uint8Array(SECTOR));
  live.note('read', 0, SECTOR);
  expect([...(taken?.map.allocated ?? [])]).toEqual([0, 0, 0, 0]);
  expect([...(taken?.activity.read ?? [])]).toEqual([0, 0, 0, 0]);
  live.take();
  live.end();
  await disk.write(CHUNK_SIZE, new Uint8Array(SECTOR));
  expect(live.take()).toBeUndefined();
});

test('a map that is drawn larger or smaller is told anew when that changes its cells', async () => {
  const disk = new MemoryBackend({ size: 64 * CHUNK_SIZE });
  await disk.write(63 * CHUNK_SIZE, new Uint8Array(SECTOR));
  const live = new LiveDiskMap(disk, 8);
  expect([...(live.take()?.map.allocated ?? [])]).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
  live.resize(15);
  expect(live.take()).toBeUndefined();
  live.resize(7);
  expect([...(live.take()?.map.allocated ?? [])]).toEqual([0, 0, 0, 1]);
  await disk.write(0, new Uint8Array(SECTOR));
  expect([...(live.take()?.map.allocated ?? [])]).toEqual([1, 0, 0, 1]);
});

test('a disk that grows gets more cells', () => {
  const grown = { size: 4 * CHUNK_SIZE, chunks: new ChunkMap(), base: undefined };
  const live = new LiveDiskMap({ layout: grown }, 16);
  expect(live.take()?.map.allocated).toHaveLength(4);
  grown.size *= 2;
  grown.chunks.allocate(7);
  const taken = live.take();
  expect([...(taken?.map.allocated ?? [])]).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
  expect(taken?.activity.read).toHaveLength(8);
  grown.chunks.free(7, false);
  expect(live.take()?.map.allocated[7]).toBe(0);
});

test('a large hole in the base is passed over', () => {
  let asked = 0;
  const base: BaseImage = { ...memoryBase(new Uint8Array(8)), size: 2 ** 36, isHole: () => ++asked > 0 };
  const chunks = new ChunkMap();
  chunks.allocate(2 ** 20);
  const map = diskMap({ size: 2 ** 36, chunks, base }, 1024);
  expect(map.allocated[512]).toBe(1);
  expect(asked).toBe(2 ** 15);
});
