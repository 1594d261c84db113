import { expect, test } from 'vitest';
import { MemoryBackend } from '../devices/block/memory.ts';
import { countRequests } from './disk-requests.ts';

test('requests are counted, and served by the disk', async () => {
  const { backend, requests } = countRequests(new MemoryBackend({ size: 1 << 20 }));
  await backend.write(512, new Uint8Array(1024).fill(7));
  const target = new Uint8Array(512);
  await backend.read(1024, target);
  await backend.read(0, target.subarray(0, 0));
  await backend.flush();
  expect(target[0]).toBe(7);
  expect(backend.usage().allocatedChunks).toBe(1);
  await backend.discard(0, 1 << 16);
  await backend.writeZeroes(0, 1 << 16, true);
  await backend.writeZeroes(0, 1 << 16, false);
  await backend.close();
  expect(requests).toEqual({
    ...{ reads: 2, readBytes: 512, writes: 1, writtenBytes: 1024, flushes: 1 },
    ...{ discards: 2, discardedBytes: 1 << 17 },
  });
});

test('who watches is told of each request for a range, until nobody watches', async () => {
  const { backend, watchRequests } = countRequests(new MemoryBackend({ size: 1 << 20 }));
  const seen: (string | number)[][] = [];
  watchRequests((...request) => seen.push(request));
  await backend.write(512, new Uint8Array(1024));
  await backend.read(1024, new Uint8Array(512));
  await backend.flush();
  await backend.discard(4096, 8192);
  await backend.writeZeroes(0, 4096, true);
  await backend.writeZeroes(0, 512, false);
  expect(seen).toEqual([
    ['written', 512, 1024],
    ['read', 1024, 512],
    ['discarded', 4096, 8192],
    ['discarded', 0, 4096],
    ['written', 0, 512],
  ]);
  watchRequests(undefined);
  await backend.read(0, new Uint8Array(512));
  expect(seen).toHaveLength(5);
});
