/// <reference lib="webworker" />
import { expect, test } from 'vitest';
import { blobBase, isBaseHole, memoryBase, readBase } from './base.ts';
import { CHUNK_SIZE } from './chunks.ts';

test('a chosen file is read in place, and an overlay may be larger', async () => {
  const bytes = Uint8Array.from({ length: 1024 }, (_, i) => i);
  const base = blobBase(new File([bytes], 'disk.img', { lastModified: 5 }));
  expect(base).toMatchObject({ size: 1024, identity: 'file:disk.img:1024:5' });
  const target = new Uint8Array(1024).fill(7);
  await readBase(base, 512, target);
  expect(target.subarray(0, 512)).toEqual(bytes.subarray(512));
  expect(target.subarray(512)).toEqual(new Uint8Array(512));
});

test('a file that is gone is said to be', async () => {
  const blob = new Blob(['x'.repeat(512)]);
  blob.slice = () => {
    throw new DOMException('gone', 'NotReadableError');
  };
  await expect(blobBase(blob).read(0, new Uint8Array(512))).rejects.toThrow(/choose it again/);
});

test('holes are known without reading', () => {
  const base = memoryBase(new Uint8Array(2 * CHUNK_SIZE).fill(1, 0, 512));
  expect(isBaseHole(base, 0, CHUNK_SIZE)).toBe(false);
  expect(isBaseHole(base, CHUNK_SIZE, CHUNK_SIZE)).toBe(true);
  expect(isBaseHole(base, 2 * CHUNK_SIZE, CHUNK_SIZE)).toBe(true);
  expect(isBaseHole(undefined, 0, CHUNK_SIZE)).toBe(true);
});
