import { describe, expect, test } from 'vitest';
import { BlockError } from './backend.ts';
import { memoryBase, type BaseImage } from './base.ts';
import { CHUNK_SIZE } from './chunks.ts';
import { MemoryBackend } from './memory.ts';

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
async function bytesOf(disk: MemoryBackend, offset: number, length: number): Promise<Uint8Array> {
  const target = filled(length, 0xee);
  await disk.read(offset, target);
  return target;
}

describe('a disk in memory', () => {
  test('is sparse, and reads back what was written', async () => {
    const disk = new MemoryBackend({ size: 1024 * CHUNK_SIZE });
    expect(disk.usage().allocatedChunks).toBe(0);
    await disk.write(CHUNK_SIZE - 512, filled(1024, 7));
    expect(disk.usage()).toEqual({ allocatedBytes: 2 * CHUNK_SIZE, allocatedChunks: 2, tombstones: 0 });
    expect(await bytesOf(disk, CHUNK_SIZE - 1024, 2048)).toEqual(
      Uint8Array.from([...filled(512, 0), ...filled(1024, 7), ...filled(512, 0)]),
    );
  });

  test('frees whole chunks that are discarded, and those of which nothing is left', async () => {
    const disk = new MemoryBackend({ size: 8 * CHUNK_SIZE });
    await disk.write(0, filled(4 * CHUNK_SIZE, 7));
    await disk.discard(512, 3 * CHUNK_SIZE - 512);
    expect(disk.usage().allocatedChunks).toBe(2);
    await disk.discard(0, 512);
    expect(disk.usage().allocatedChunks).toBe(1);
    expect(await bytesOf(disk, 0, 3 * CHUNK_SIZE)).toEqual(filled(3 * CHUNK_SIZE, 0));
  });

  test('keeps zeroed chunks that must stay allocated, apart from each other', async () => {
    const disk = new MemoryBackend({ size: 8 * CHUNK_SIZE });
    await disk.write(0, filled(2 * CHUNK_SIZE, 7));
    await disk.writeZeroes(0, 4 * CHUNK_SIZE, false);
    expect(disk.usage().allocatedChunks).toBe(2);
    await disk.write(0, filled(512, 1));
    expect(await bytesOf(disk, CHUNK_SIZE, 512)).toEqual(filled(512, 0));
  });

  test('refuses what is not whole sectors of it, writes to a read-only disk, and a closed one', async () => {
    const disk = new MemoryBackend({ size: CHUNK_SIZE, readOnly: true });
    await expect(disk.read(1, filled(512, 0))).rejects.toMatchObject({ reason: 'range' });
    await expect(disk.read(0, filled(511, 0))).rejects.toMatchObject({ reason: 'range' });
    await expect(disk.read(CHUNK_SIZE, filled(512, 0))).rejects.toMatchObject({ reason: 'range' });
    await expect(disk.write(0, filled(512, 0))).rejects.toMatchObject({ reason: 'read-only' });
    await disk.close();
    await expect(disk.flush()).rejects.toBeInstanceOf(BlockError);
    expect(() => new MemoryBackend({ size: 100 })).toThrow(BlockError);
  });

  test('tells of changed usage', async () => {
    const disk = new MemoryBackend({ size: 8 * CHUNK_SIZE });
    const seen = new Promise((resolve) => disk.onUsage(resolve));
    await disk.write(0, filled(CHUNK_SIZE, 1));
    expect(await seen).toMatchObject({ allocatedChunks: 1 });
  });
});

describe('a disk in memory over a base', () => {
  test('shows the base, never through what was discarded', async () => {
    const disk = new MemoryBackend({ size: 4 * CHUNK_SIZE, base: memoryBase(filled(2 * CHUNK_SIZE + 512, 9)) });
    expect(await bytesOf(disk, 2 * CHUNK_SIZE, 1024)).toEqual(Uint8Array.from([...filled(512, 9), ...filled(512, 0)]));
    await disk.write(512, filled(512, 1));
    expect(await bytesOf(disk, 0, 1536)).toEqual(
      Uint8Array.from([...filled(512, 9), ...filled(512, 1), ...filled(512, 9)]),
    );
    await disk.discard(0, 4 * CHUNK_SIZE);
    expect(await bytesOf(disk, 0, 4 * CHUNK_SIZE)).toEqual(filled(4 * CHUNK_SIZE, 0));
    expect(disk.usage()).toEqual({ allocatedBytes: 0, allocatedChunks: 0, tombstones: 3 });
  });

  test('does in order what was asked while the base was on its way', async () => {
    const bytes = memoryBase(filled(CHUNK_SIZE, 9));
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const slow: BaseImage = { ...bytes, read: async (at, target) => gate.then(() => bytes.read(at, target)) };
    const disk = new MemoryBackend({ base: slow });
    const first = disk.write(0, filled(512, 1));
    const seen = bytesOf(disk, 0, 1024);
    const second = disk.write(512, filled(512, 2));
    const third = disk.write(0, filled(CHUNK_SIZE, 3));
    open();
    await Promise.all([first, second, third]);
    expect(await seen).toEqual(Uint8Array.from([...filled(512, 1), ...filled(512, 9)]));
    expect(await bytesOf(disk, 0, CHUNK_SIZE)).toEqual(filled(CHUNK_SIZE, 3));
  });
});
