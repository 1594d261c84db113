import { expect, test } from 'vitest';
import type { DiskMap } from '../../machine/api.ts';
import { countsIn, describe, rangeOf, totalsOf } from './contents.ts';

const KIB = 1024;

/** A disk in three cells of four chunks; of the last cell it has one chunk and a sector. */
const map: DiskMap = {
  ...{ size: 9 * 32 * KIB + 512, chunkSize: 32 * KIB, chunksPerCell: 4 },
  allocated: Uint32Array.of(4, 1, 0),
  base: Uint32Array.of(0, 2, 0),
  tombstones: Uint32Array.of(0, 0, 1),
};

test('what is counted nowhere is empty, and the last cell has what is left of the disk', () => {
  expect(countsIn(map, 0)).toEqual({ allocated: 4, base: 0, tombstones: 0, empty: 0 });
  expect(countsIn(map, 1)).toEqual({ allocated: 1, base: 2, tombstones: 0, empty: 1 });
  expect(countsIn(map, 2)).toEqual({ allocated: 0, base: 0, tombstones: 1, empty: 1 });
  expect(totalsOf(map)).toEqual({ allocated: 5, base: 2, tombstones: 1, empty: 2 });
});

test('a cell is described in words', () => {
  expect(describe(map, 0)).toBe('Allocated');
  expect(describe(map, 1)).toBe('1 allocated, 2 base image, 1 empty');
  expect(describe(map, 2)).toBe('1 tombstone, 1 empty');
});

test('neighbours are told apart, however large the disk is', () => {
  expect([0, 1, 2].map((cell) => rangeOf(map, cell))).toEqual(['0 – 128 KiB', '128 – 256 KiB', '256 – 289 KiB']);
  const ranges = (chunksPerCell: number, cell: number): string =>
    rangeOf({ ...map, size: 2 ** 40, chunksPerCell }, cell);
  expect(ranges(32, 1280)).toBe('1,280 – 1,281 MiB');
  expect(ranges(2048, 900)).toBe('57,600 – 57,664 MiB');
  expect(ranges(2 ** 15, 63)).toBe('63 – 64 GiB');
  expect(ranges(2 ** 25, 0)).toBe('0 – 1 TiB');
});
