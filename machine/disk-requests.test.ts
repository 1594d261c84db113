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
