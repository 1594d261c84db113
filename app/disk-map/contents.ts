/** What a map says, in numbers and words. */

import type { DiskMap } from '../../machine/api.ts';
import { formatCount, formatMany } from '../units.ts';

export const kinds = ['allocated', 'base', 'tombstones', 'empty'] as const;
export type Kind = (typeof kinds)[number];

/** Numbers of chunks. */
export type Counts = Readonly<Record<Kind, number>>;

export const kindNames: Readonly<Record<Kind, string>> = {
  allocated: 'Allocated',
  base: 'Base image',
  tombstones: 'Tombstones',
  empty: 'Empty',
};

/** What the kinds mean. */
export const kindTitles: Readonly<Record<Kind, string>> = {
  allocated: 'Written by the guest, and kept in this browser',
  base: 'Never written: read from the image that the disk lies over',
  tombstones: 'Discarded: the base image is not seen here any more',
  empty: 'Reads as zeroes, and occupies nothing',
};

const KIB = 1024;
const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'];

/** Chunks of the disk that are in a cell: the last one may have fewer. */
function chunksIn({ size, chunkSize, chunksPerCell }: DiskMap, cell: number): number {
  return Math.max(0, Math.min(chunksPerCell, Math.ceil(size / chunkSize) - cell * chunksPerCell));
}

/** What is in a cell. */
export function countsIn(map: DiskMap, cell: number): Counts {
  const [allocated, base, tombstones] = [map.allocated[cell], map.base[cell], map.tombstones[cell]];
  return { allocated, base, tombstones, empty: chunksIn(map, cell) - allocated - base - tombstones };
}

/** What is on the disk. */
export function totalsOf(map: DiskMap): Counts {
  const sum = (counts: Uint32Array): number => counts.reduce((total, count) => total + count, 0);
  const [allocated, base, tombstones] = [sum(map.allocated), sum(map.base), sum(map.tombstones)];
  const chunks = Math.ceil(map.size / map.chunkSize);
  return { allocated, base, tombstones, empty: chunks - allocated - base - tombstones };
}

/** Which part of the disk a cell is, in a unit in which neighbours differ: `1,280 – 1,281 MiB`. */
export function rangeOf(map: DiskMap, cell: number): string {
  const cellSize = map.chunksPerCell * map.chunkSize;
  const power = Math.max(1, Math.min(UNITS.length, Math.floor(Math.log2(cellSize) / 10)));
  const unit = KIB ** power;
  const end = Math.min(map.size, (cell + 1) * cellSize);
  return `${formatCount((cell * cellSize) / unit)} – ${formatCount(Math.ceil(end / unit))} ${UNITS[power - 1]}`;
}

/** What is in a cell, in words: `Allocated`, or `12 allocated, 20 empty`. */
export function describe(map: DiskMap, cell: number): string {
  const counts = countsIn(map, cell);
  const present = kinds.filter((kind) => counts[kind] > 0);
  if (present.length === 1) return kindNames[present[0]];
  return present.map((kind) => inWords(kind, counts[kind])).join(', ');
}

function inWords(kind: Kind, count: number): string {
  return kind === 'tombstones'
    ? formatMany(count, 'tombstone')
    : `${formatCount(count)} ${kindNames[kind].toLowerCase()}`;
}
