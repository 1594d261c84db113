import { expect, test } from 'vitest';
import { CHUNK_SIZE } from '../devices/block/chunks.ts';
import { MemoryBackend } from '../devices/block/memory.ts';
import { DiskMaps } from './disk-maps.ts';
import { countRequests } from './disk-requests.ts';

/** A disk of eight chunks as a machine has it. */
function opened() {
  const mapped = new MemoryBackend({ size: 8 * CHUNK_SIZE });
  return { mapped, ...countRequests(mapped) };
}

test('nothing is told until somebody watches, then all disks, then those that were used', async () => {
  const [first, second] = [opened(), opened()];
  const maps = new DiskMaps();
  maps.follow([first, second]);
  await first.backend.write(0, new Uint8Array(512));
  expect(maps.take()).toEqual([]);
  maps.watch(4);
  expect(maps.take().map(({ disk, map }) => [disk, ...map.allocated])).toEqual([
    [0, 1, 0, 0, 0],
    [1, 0, 0, 0, 0],
  ]);
  expect(maps.take()).toEqual([]);
  await second.backend.write(3 * CHUNK_SIZE, new Uint8Array(512));
  await second.backend.read(0, new Uint8Array(512));
  await second.backend.discard(6 * CHUNK_SIZE, CHUNK_SIZE);
  await second.backend.writeZeroes(4 * CHUNK_SIZE, 512, false);
  const [update, ...others] = maps.take();
  expect(others).toEqual([]);
  expect(update.disk).toBe(1);
  expect([...update.map.allocated]).toEqual([0, 1, 0, 0]);
  expect([...update.activity.read]).toEqual([1, 0, 0, 0]);
  expect([...update.activity.written]).toEqual([0, 1, 1, 0]);
  expect([...update.activity.discarded]).toEqual([0, 0, 0, 1]);
});

test('who watches goes on with the disks of the next boot, until nobody watches', async () => {
  const [before, after] = [opened(), opened()];
  const maps = new DiskMaps();
  maps.watch(8);
  maps.follow([before]);
  expect(maps.take()).toHaveLength(1);
  maps.follow([]);
  await before.backend.read(0, new Uint8Array(512));
  expect(maps.take()).toEqual([]);
  maps.follow([after]);
  maps.take();
  await after.backend.read(0, new Uint8Array(512));
  expect(maps.take()).toHaveLength(1);
  maps.watch(0);
  await after.backend.read(0, new Uint8Array(512));
  expect(maps.take()).toEqual([]);
});
