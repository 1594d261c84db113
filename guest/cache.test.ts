import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder, exclusively, writeWhole } from './cache.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tabhyve-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('exclusively', () => {
  it('lets one work at a time, and the others wait', async () => {
    const order: string[] = [];
    let waited = 0;
    const work = (name: string) =>
      exclusively(
        join(folder, 'lock'),
        async () => {
          order.push(`${name} begins`);
          await new Promise((resolve) => setTimeout(resolve, 50));
          order.push(`${name} ends`);
        },
        { waiting: () => waited++ },
      );
    await Promise.all([work('a'), work('b'), work('c')]);
    expect(order.map((each) => each.slice(2))).toEqual(['begins', 'ends', 'begins', 'ends', 'begins', 'ends']);
    expect(waited).toBe(0);
    expect(await readdir(folder)).toEqual([]);
  });

  it('says that it waits, once it has for more than a moment', async () => {
    const lock = join(folder, 'lock');
    let waited = 0;
    let end = (): void => undefined;
    let long: Promise<void> | undefined;
    await new Promise<void>((begun) => {
      long = exclusively(lock, () => {
        begun();
        return new Promise((resolve) => (end = resolve));
      });
    });
    const waiting = (): void => {
      waited++;
      end();
    };
    await exclusively(lock, () => Promise.resolve(), { waiting });
    await long;
    expect(waited).toBe(1);
  });

  it('takes over from a process that died, here or elsewhere', async () => {
    const lock = join(folder, 'lock');
    await writeFile(lock, 'another-host 1 x');
    await utimes(lock, 0, 0);
    expect(await exclusively(lock, () => Promise.resolve('done'))).toBe('done');
  });

  it('can be cancelled while it waits, and leaves the lock of the other', async () => {
    const lock = join(folder, 'lock');
    await writeFile(lock, 'another-host 1 x');
    const stop = new AbortController();
    const waiting = () => stop.abort();
    await expect(exclusively(lock, () => Promise.resolve(), { signal: stop.signal, waiting })).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['lock']);
  });

  it('is free again after a failure', async () => {
    const lock = join(folder, 'lock');
    await expect(exclusively(lock, () => Promise.reject(new Error('oh')))).rejects.toThrow('oh');
    expect(await readdir(folder)).toEqual([]);
  });
});

it('writes files whole, in folders that it makes', async () => {
  await writeWhole(join(folder, 'a', 'b'), 'text');
  expect(await readdir(join(folder, 'a'))).toEqual(['b']);
});

it('is where the environment says', () => {
  expect(cacheFolder({ TABHYVE_CACHE: '/x' })).toBe('/x');
  expect(cacheFolder({ TABHYVE_CACHE: '', XDG_CACHE_HOME: '/y' })).toBe(join('/y', 'tabhyve'));
});
