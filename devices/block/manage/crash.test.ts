/// <reference lib="webworker" />
import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryBase } from '../base.ts';
import { CHUNK_SIZE } from '../chunks.ts';
import type { DiskHost } from '../disk-host.ts';
import { findDisk, listDisks, openDisk } from '../disks.ts';
import type { StoreKind } from '../indexeddb/manifest.ts';
import { MortalHost } from '../testing/mortal-host.ts';
import { cloneDisk } from './clone.ts';
import { commitDisk } from './commit.ts';
import { deleteDisk } from './delete.ts';
import { deleteUnmade } from './making.ts';
import { moveDisk } from './move.ts';
import { createOver } from './overlay.ts';
import { resetDisk } from './reset.ts';

/** A chunk is full of one byte; 0 is discarded, undefined is left as it is. */
type Content = readonly (number | undefined)[];

/** More than two transactions of a copy. */
const CHUNKS = 50;
const size = CHUNKS * CHUNK_SIZE;
const base = memoryBase(new Uint8Array(size).fill(9), 'nines');
const goOn = (): boolean => true;

const stores: StoreKind[] = ['indexeddb', 'opfs'];
const pairs = stores.flatMap((lower) => stores.map((upper) => [lower, upper] as const));

async function write(id: string, content: Content, host: DiskHost, store?: StoreKind): Promise<void> {
  const { backend } = await openDisk({ id, size, base, store }, host);
  for (const [index, value] of content.entries()) {
    if (value === 0) await backend.discard(index * CHUNK_SIZE, CHUNK_SIZE);
    else if (value) await backend.write(index * CHUNK_SIZE, new Uint8Array(CHUNK_SIZE).fill(value));
  }
  await backend.close();
}

async function read(id: string, host: DiskHost): Promise<number[]> {
  const { backend } = await openDisk({ id, base, readOnly: true }, host);
  const bytes = new Uint8Array(size);
  await backend.read(0, bytes);
  await backend.close();
  return Array.from({ length: CHUNKS }, (_, i) => {
    const chunk = bytes.subarray(i * CHUNK_SIZE, (i + 1) * CHUNK_SIZE);
    return Buffer.compare(chunk, Buffer.alloc(CHUNK_SIZE, chunk[0])) === 0 ? chunk[0] : -1;
  });
}

/** What is read of layers of content, the lowest first, over the base. */
const over = (...layers: Content[]): number[] =>
  Array.from({ length: CHUNKS }, (_, i) => layers.reduce<number>((below, layer) => layer[i] ?? below, 9));

const LOW: Content = Array.from({ length: CHUNKS }, (_, i) => [1, 2, 0, 3, undefined][i % 5]);
const HIGH: Content = Array.from({ length: CHUNKS }, (_, i) => [5, 6, undefined, 0, 7, 0, 8][i % 7]);

/**
 * Runs `action` in browsers that die at its first access to the store, its second, and so on, until one lives long enough; each
 * on a store that `prepare` made. `check` looks at what is left, in a browser that lives.
 */
async function atEachMoment(
  prepare: (host: DiskHost) => Promise<void>,
  action: (host: DiskHost) => Promise<unknown>,
  check: (host: DiskHost, done: boolean, store: MortalHost) => Promise<void>,
): Promise<void> {
  for (let operations = 0; ; operations++) {
    const store = new MortalHost();
    await prepare(store.run());
    const done = await action(store.run(operations)).then(
      () => true,
      (error: unknown) => {
        if (store.isDead) return false;
        throw error;
      },
    );
    store.kill();
    await check(store.run(), done, store);
    if (done && !store.isDead) {
      expect(operations).toBeGreaterThan(3);
      return;
    }
  }
}

describe('whatever moment the browser dies at', { timeout: 120_000 }, () => {
  test.each(stores)('a disk in %s that is moved is whole in one place, and can be moved again', async (from) => {
    const to = from === 'opfs' ? 'indexeddb' : 'opfs';
    await atEachMoment(
      (host) => write('a', LOW, host, from),
      (host) => moveDisk('a', to, goOn, host),
      async (host, done, store) => {
        expect(await read('a', host)).toEqual(over(LOW));
        if (done) expect((await findDisk('a', host))?.store ?? 'indexeddb').toBe(to);
        await write('a', [3], host);
        const moved = (await findDisk('a', host))?.store === 'opfs';
        expect(await store.stored()).toEqual([...(moved ? ['a'] : []), 'tabhyve-disk-a']);
        await moveDisk('a', to, goOn, host);
        expect(await read('a', host)).toEqual(over(LOW, [3]));
      },
    );
  });

  test.each(stores)('a clone in %s is there or not, and leaves nothing', async (kind) => {
    await atEachMoment(
      (host) => write('a', LOW, host, kind),
      (host) => cloneDisk('a', 'b', goOn, host),
      async (host, done, store) => {
        await deleteUnmade(host);
        const ids = (await listDisks(host)).map(({ id }) => id);
        if (done) expect(ids).toEqual(['a', 'b']);
        for (const id of ids) expect(await read(id, host)).toEqual(over(LOW));
        expect(await store.stored()).toEqual([
          ...(kind === 'opfs' ? ids : []),
          ...ids.map((id) => `tabhyve-disk-${id}`),
        ]);
      },
    );
  });

  test.each(stores)('a disk in %s is deleted or not, and leaves nothing', async (kind) => {
    await atEachMoment(
      (host) => write('a', LOW, host, kind),
      (host) => deleteDisk('a', host),
      async (host, done, store) => {
        await deleteUnmade(host);
        const ids = (await listDisks(host)).map(({ id }) => id);
        if (done) expect(ids).toEqual([]);
        for (const id of ids) expect(await read(id, host)).toEqual(over(LOW));
        expect(await store.stored()).toEqual([
          ...(kind === 'opfs' ? ids : []),
          ...ids.map((id) => `tabhyve-disk-${id}`),
        ]);
      },
    );
  });

  test.each(stores)('a disk in %s is reset or not', async (kind) => {
    await atEachMoment(
      (host) => write('a', HIGH, host, kind),
      (host) => resetDisk('a', host),
      async (host, done) => {
        expect(done ? [over()] : [over(HIGH), over()]).toContainEqual(await read('a', host));
        await resetDisk('a', host);
        expect(await read('a', host)).toEqual(over());
      },
    );
  });

  test.each(pairs)('a commit to %s from %s changes nothing that is read, and can be done again', async (low, high) => {
    await atEachMoment(
      async (host) => {
        await write('low', LOW, host, low);
        await createOver('low', 'high', high, host);
        await write('high', HIGH, host);
      },
      (host) => commitDisk('high', goOn, host),
      async (host) => {
        expect(await read('high', host)).toEqual(over(LOW, HIGH));
        if ((await findDisk('low', host))?.committing !== undefined) {
          for (const action of [resetDisk, deleteDisk]) {
            await expect(action('high', host)).rejects.toMatchObject({ reason: 'frozen' });
          }
          for (const action of [read, resetDisk]) {
            await expect(action('low', host)).rejects.toMatchObject({
              reason: 'frozen',
              message: /Commit "high" again/,
            });
          }
        } else expect([over(LOW), over(LOW, HIGH)]).toContainEqual(await read('low', host));
        await write('high', [4], host);
        await commitDisk('high', goOn, host);
        expect(await read('high', host)).toEqual(over(LOW, HIGH, [4]));
        await deleteDisk('high', host);
        expect(await read('low', host)).toEqual(over(LOW, HIGH, [4]));
        await write('low', [1], host);
      },
    );
  });

  test.each(stores)('a disk in %s gets one over it or not, and can be written to if not', async (kind) => {
    await atEachMoment(
      (host) => write('low', LOW, host, kind),
      (host) => createOver('low', 'high', kind, host),
      async (host, done) => {
        await deleteUnmade(host);
        const ids = (await listDisks(host)).map(({ id }) => id);
        if (done) expect(ids).toEqual(['low', 'high']);
        for (const id of ids) expect(await read(id, host)).toEqual(over(LOW));
        await write(ids.at(-1) ?? '', [3], host);
      },
    );
  });
});

test('any content goes through all of it', { timeout: 60_000 }, async () => {
  const content = fc.array(fc.constantFrom(undefined, 0, 1, 2, 3), { maxLength: CHUNKS });
  const store = fc.constantFrom(...stores);
  const program = fc.tuple(content, content, store, store);
  await fc.assert(
    fc.asyncProperty(program, async ([low, high, lowStore, highStore]) => {
      const host = new MortalHost().run();
      await write('low', low, host, lowStore);
      await createOver('low', 'high', highStore, host);
      await write('high', high, host);
      const clone = await cloneDisk('high', 'clone', goOn, host);
      expect(await read(clone.id, host)).toEqual(over(low, high));
      await deleteDisk(clone.id, host);
      await moveDisk('high', lowStore, goOn, host);
      await moveDisk('low', highStore, goOn, host);
      expect(await read('high', host)).toEqual(over(low, high));
      await commitDisk('high', goOn, host);
      await deleteDisk('high', host);
      expect(await read('low', host)).toEqual(over(low, high));
    }),
    { numRuns: 10 },
  );
});
