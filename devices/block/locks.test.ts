import { expect, test } from 'vitest';
import { LocalLocks, lockDisk, lockedDisks, type LockMode } from './locks.ts';

test('locks are had by one, or shared, first come first served', async () => {
  const locks = new LocalLocks();
  const had: string[] = [];
  const { signal } = new AbortController();
  const take = async (name: string, mode: LockMode): Promise<() => Promise<void>> => {
    const release = await lockDisk(locks, 'a', { mode, wait: signal });
    had.push(name);
    return release;
  };
  const first = await take('first reader', 'shared');
  const second = await take('second reader', 'shared');
  const writer = take('writer', 'exclusive');
  const third = take('third reader', 'shared');
  const fourth = take('fourth reader', 'shared');
  await expect(lockDisk(locks, 'a', { mode: 'shared' })).rejects.toMatchObject({ reason: 'locked' });
  expect(await lockedDisks(locks)).toEqual(new Map([['a', 'shared']]));
  await first();
  expect(had).toEqual(['first reader', 'second reader']);
  await second();
  const release = await writer;
  expect(had.at(-1)).toBe('writer');
  expect(await lockedDisks(locks)).toEqual(new Map([['a', 'exclusive']]));
  await release();
  await Promise.all([(await third)(), (await fourth)()]);
  expect(had.slice(-2)).toEqual(['third reader', 'fourth reader']);
  expect(await lockedDisks(locks)).toEqual(new Map());
});

test('who gives up waiting holds up nobody', async () => {
  const locks = new LocalLocks();
  const release = await lockDisk(locks, 'a');
  const { signal } = new AbortController();
  const given = new AbortController();
  const waiting = lockDisk(locks, 'a', { wait: given.signal });
  const behind = lockDisk(locks, 'a', { wait: signal });
  given.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await expect(lockDisk(locks, 'a', { wait: given.signal })).rejects.toThrow('enough');
  await release();
  await (
    await behind
  )();
});
