import { expect, test, type Page } from '@playwright/test';
import { inWorker, openBlank } from '../testing/in-page.ts';
import { killBrowser, withProfile } from '../testing/profile.ts';

const CHUNK = 32768;
type Content = Readonly<Record<number, number>>;
interface Disk {
  readonly id: string;
  readonly store?: 'indexeddb' | 'opfs';
  readonly content: Content;
}

/** Writes chunks that are full of a byte each; 0 discards. */
const write = (page: Page, disk: Disk): Promise<void> =>
  inWorker(
    page,
    async ({ openDisk }, { id, store, content }) => {
      const { backend } = await openDisk({ id, size: 64 * 32768, store });
      for (const [index, value] of Object.entries(content)) {
        const at = Number(index) * 32768;
        if (value === 0) await backend.discard(at, 32768);
        else await backend.write(at, new Uint8Array(32768).fill(value));
      }
      await backend.close();
    },
    disk,
  );

/** The byte that each of the first chunks is full of. */
const read = (page: Page, id: string): Promise<number[]> =>
  inWorker(
    page,
    async ({ openDisk }, given) => {
      const { backend } = await openDisk({ id: given, readOnly: true });
      const bytes = new Uint8Array(6 * 32768);
      await backend.read(0, bytes);
      await backend.close();
      const chunks = Array.from({ length: 6 }, (_, i) => bytes.subarray(i * 32768, (i + 1) * 32768));
      return chunks.map((chunk) => (chunk.every((byte) => byte === chunk[0]) ? chunk[0] : -1));
    },
    id,
  );

/** Files of disks, and their sizes in chunks. */
const files = (page: Page): Promise<Record<string, number>> =>
  page.evaluate(async (chunk) => {
    const found: Record<string, number> = {};
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('tabhyve-disks', { create: true });
    for await (const [name, handle] of folder.entries()) {
      found[name] = (await (handle as FileSystemFileHandle).getFile()).size / chunk;
    }
    return found;
  }, CHUNK);

for (const [store, other] of [
  ['indexeddb', 'opfs'],
  ['opfs', 'indexeddb'],
] as const) {
  test(`a disk in ${store} is laid over, cloned, moved, committed to and reset`, async ({ page, baseURL }) => {
    await openBlank(page, baseURL ?? '');
    await write(page, { id: 'low', store, content: { 0: 1, 1: 2, 2: 3 } });
    await inWorker(page, async ({ createOver }, to) => void (await createOver('low', 'High', to)), other);
    await write(page, { id: 'high', content: { 1: 0, 2: 7, 5: 8 } });
    await inWorker(page, async ({ cloneDisk }) => void (await cloneDisk('high', 'Copy', () => true)), undefined);
    for (const id of ['high', 'copy']) expect(await read(page, id)).toEqual([1, 0, 7, 0, 0, 8]);
    await inWorker(page, async ({ deleteDisk }) => deleteDisk('copy'), undefined);
    expect(await files(page)).toEqual(store === 'opfs' ? { low: 3 } : { high: 2 });

    await inWorker(page, async ({ moveDisk }, to) => moveDisk('low', to, () => true), other);
    await inWorker(page, async ({ moveDisk }, to) => moveDisk('high', to, () => true), store);
    expect(await files(page)).toEqual(store === 'opfs' ? { high: 2 } : { low: 3 });
    expect(await read(page, 'high')).toEqual([1, 0, 7, 0, 0, 8]);

    await inWorker(page, async ({ commitDisk }) => commitDisk('high', () => true), undefined);
    expect(await files(page)).toEqual(store === 'opfs' ? { high: 0 } : { low: 4 });
    await write(page, { id: 'high', content: { 0: 9 } });
    expect(await read(page, 'high')).toEqual([9, 0, 7, 0, 0, 8]);
    await inWorker(page, async ({ resetDisk }) => resetDisk('high'), undefined);
    expect(await read(page, 'high')).toEqual([1, 0, 7, 0, 0, 8]);
    await page.reload();
    await inWorker(page, async ({ deleteDisk }) => deleteDisk('high'), undefined);
    await write(page, { id: 'low', content: { 3: 4 } });
    expect(await read(page, 'low')).toEqual([1, 0, 7, 4, 0, 8]);
  });
}

test('what a disk held when it was reset is given back to the browser', async ({ baseURL }) => {
  test.setTimeout(300_000);
  await withProfile(test.info().project.use.launchOptions ?? {}, baseURL ?? '', async (start) => {
    const { page } = await start();
    const usage = (): Promise<number> =>
      page.evaluate(async () => ((await navigator.storage.estimate()).usage ?? 0) / 1048576);
    await inWorker(
      page,
      async ({ openDisk, resetDisk }) => {
        const { backend } = await openDisk({ id: 'full', size: 64 * 1048576 });
        const noise = new Uint8Array(1048576);
        for (let at = 0; at < noise.length; at += 65536) crypto.getRandomValues(noise.subarray(at, at + 65536));
        for (let i = 0; i < 64; i++) await backend.write(i * 1048576, noise.slice());
        await backend.close();
        await resetDisk('full');
      },
      undefined,
    );
    // Some 10 MiB are the engine's, in all measurements of docs/storage.md.
    await expect.poll(usage, { timeout: 200_000, intervals: [1_000] }).toBeLessThan(12);
  });
});

test('the browser is killed while it moves a disk to and fro, and the disk is whole', async ({ baseURL }) => {
  test.setTimeout(120_000);
  await withProfile(test.info().project.use.launchOptions ?? {}, baseURL ?? '', async (start) => {
    let moves = 0;
    for (let round = 0; round < 4; round++) {
      const { browser, page } = await start();
      const seen = await inWorker(
        page,
        async ({ openDisk }, isNew) => {
          const { backend, manifest } = await openDisk({ id: 'a', size: 8 * 1048576 });
          const chunk = new Uint32Array(8192);
          const wrong: number[] = [];
          for (let index = 0; index < 256; index++) {
            const at = index * 32768;
            if (isNew) await backend.write(at, new Uint8Array(new Uint32Array(8192).fill(index + 1).buffer));
            await backend.read(at, new Uint8Array(chunk.buffer));
            if (chunk.some((word) => word !== index + 1)) wrong.push(index);
          }
          await backend.close();
          return { wrong, moves: Number(manifest.layers[0]) };
        },
        round === 0,
      );
      expect(seen.wrong, `chunks that are wrong in round ${round}`).toEqual([]);
      expect(seen.moves).toBeGreaterThanOrEqual(moves);
      moves = seen.moves;
      const moving = inWorker(
        page,
        async ({ moveDisk }) => {
          for (;;) for (const store of ['opfs', 'indexeddb'] as const) await moveDisk('a', store, () => true);
        },
        undefined,
      ).catch(() => undefined);
      await page.waitForTimeout(700 + round * 130);
      await killBrowser(browser);
      await moving;
      await browser.close().catch(() => undefined);
    }
    expect(moves).toBeGreaterThan(0);
  });
});

test('two tabs read one disk in a file at the same time, each under a disk of its own', async ({
  context,
  baseURL,
}) => {
  const pages = [await context.newPage(), await context.newPage()];
  for (const page of pages) await openBlank(page, baseURL ?? '');
  await write(pages[0], { id: 'low', store: 'opfs', content: { 0: 1, 1: 2 } });
  await inWorker(pages[0], async ({ createOver }) => void (await createOver('low', 'One', 'indexeddb')), undefined);
  await inWorker(pages[0], async ({ createOver }) => void (await createOver('low', 'Two', 'indexeddb')), undefined);
  const open = (page: Page, id: string): Promise<number> =>
    inWorker(
      page,
      async ({ openDisk }, given) => {
        const { backend } = await openDisk({ id: given });
        const bytes = new Uint8Array(512);
        await backend.read(32768, bytes);
        Object.assign(globalThis, { backend });
        return bytes[0];
      },
      id,
    );
  expect(await Promise.all([open(pages[0], 'one'), open(pages[1], 'two')])).toEqual([2, 2]);
  await expect(
    inWorker(pages[1], async ({ openDisk }) => void (await openDisk({ id: 'low' })), undefined),
  ).rejects.toThrow(/frozen: .*"one", "two"/);
  await expect(
    inWorker(pages[1], async ({ moveDisk }) => moveDisk('low', 'indexeddb', () => true), undefined),
  ).rejects.toThrow(/locked: /);
});

test('a disk that a tab uses is another one’s as soon as that tab has crashed', async ({ context, baseURL }) => {
  const [first, second] = [await context.newPage(), await context.newPage()];
  for (const page of [first, second]) await openBlank(page, baseURL ?? '');
  await inWorker(
    first,
    async ({ openDisk }) => {
      const { backend } = await openDisk({ id: 'shared', size: 1048576, store: 'opfs' });
      await backend.write(0, new Uint8Array(512).fill(5));
      await backend.flush();
      Object.assign(globalThis, { backend });
    },
    undefined,
  );
  const attempt = inWorker(second, async ({ openDisk }) => void (await openDisk({ id: 'shared' })), undefined);
  await expect(attempt).rejects.toThrow(/locked: .*another tab/);
  const given = inWorker(
    second,
    async ({ openDisk }) => {
      const { backend } = await openDisk({ id: 'shared', wait: AbortSignal.timeout(100) });
      await backend.close();
    },
    undefined,
  );
  await expect(given).rejects.toThrow(/TimeoutError|AbortError/);
  let opened = false;
  const waiting = inWorker(
    second,
    async ({ openDisk }) => {
      const { backend } = await openDisk({ id: 'shared', wait: new AbortController().signal });
      const bytes = new Uint8Array(512);
      await backend.read(0, bytes);
      await backend.close();
      return bytes[0];
    },
    undefined,
  ).finally(() => (opened = true));
  await second.waitForTimeout(300);
  expect(opened).toBe(false);
  const crashed = first.waitForEvent('crash');
  const session = await context.newCDPSession(first);
  await Promise.race([session.send('Page.crash').catch(() => undefined), crashed]);
  expect(await waiting).toBe(5);
});
