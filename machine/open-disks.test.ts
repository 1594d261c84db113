/// <reference lib="webworker" />
import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createOver } from '../devices/block/manage/overlay.ts';
import { MANIFEST_URL, pattern, serveImage } from '../devices/block/testing/parts.ts';
import { closeDisks, openDisks } from './open-disks.ts';

const SIZE = 256 * 1024;
/** The image of a new release, at an address of its own. */
const NEWER_URL = MANIFEST_URL.replace('manifest', 'newer');

let files: Map<string, Uint8Array<ArrayBuffer>>;
let id = '';
let count = 0;

beforeEach(() => {
  id = `disk-${count++}`;
  const [old, newer] = [serveImage(pattern(SIZE, 1), 32768), serveImage(pattern(SIZE, 2), 32768)];
  files = new Map([...newer.files, ...old.files, [NEWER_URL, newer.files.get(MANIFEST_URL)!]]);
  vi.stubGlobal('fetch', async (url: string) => {
    const file = files.get(String(url));
    return file ? new Response(file) : new Response('', { status: 404 });
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** Opens the disk over the image at `base`, and says what its second sector begins with; `write` puts a byte first. */
async function firstByte(base: string, write?: number): Promise<number> {
  const disks = await openDisks([{ kind: 'store', id, size: SIZE, base }], { onLost: () => undefined });
  const [{ backend }] = disks;
  if (write !== undefined) await backend.write(0, new Uint8Array(512).fill(write));
  const sector = new Uint8Array(1024);
  await backend.read(0, sector);
  await closeDisks(disks);
  expect(write === undefined ? undefined : sector[0]).toBe(write);
  return sector[512];
}

test('a disk goes on over the image that it was made over when the page has a newer one', async () => {
  const old = await firstByte(MANIFEST_URL, 7);
  expect(old).toBe(pattern(SIZE, 1)[512]);
  expect(await firstByte(NEWER_URL)).toBe(old);
});

test('of an image in parts none is fetched before it is read', async () => {
  // An image that nothing is kept of from other tests, without its parts.
  files = new Map([[MANIFEST_URL, serveImage(pattern(SIZE, 3), 32768).files.get(MANIFEST_URL)!]]);
  const disks = await openDisks([{ kind: 'store', id, size: SIZE, base: MANIFEST_URL }], { onLost: () => undefined });
  await closeDisks(disks);
});

test('a disk finds its image again when the site has moved', async () => {
  const old = await firstByte(MANIFEST_URL, 7);
  const movedUrl = MANIFEST_URL.replace('manifest', 'moved');
  files.set(movedUrl, files.get(MANIFEST_URL)!);
  files.delete(MANIFEST_URL);
  expect(await firstByte(movedUrl)).toBe(old);
});

test('a disk whose image is gone is refused, and not put over another', async () => {
  await firstByte(MANIFEST_URL, 7);
  files.delete(MANIFEST_URL);
  await expect(firstByte(NEWER_URL)).rejects.toMatchObject({ name: 'BlockError' });
});

test('when one disk cannot be opened, those that were are closed again', async () => {
  const store = { kind: 'store', id, size: SIZE } as const;
  const broken = { kind: 'store', id: 'no/name', size: SIZE } as const;
  await expect(openDisks([store, broken], { onLost: () => undefined })).rejects.toMatchObject({ name: 'BlockError' });
  const disks = await openDisks([store], { onLost: () => undefined });
  await closeDisks(disks);
});

test('a disk over one of the store finds the image below that', async () => {
  await firstByte(MANIFEST_URL, 7);
  const over = await createOver(id, 'Over', undefined);
  id = over.id;
  expect(await firstByte(NEWER_URL, 9)).toBe(pattern(SIZE, 1)[512]);
});

test('a disk that is in use is waited for if that is asked, until the machine is not to start any more', async () => {
  const spec = { kind: 'store', id, size: SIZE } as const;
  const onLost = (): void => undefined;
  const first = await openDisks([spec], { onLost });
  await expect(openDisks([spec], { onLost })).rejects.toMatchObject({ reason: 'locked' });
  const given = new AbortController();
  const cancelled = openDisks([{ ...spec, wait: true }], { onLost, signal: given.signal });
  const refused = expect(cancelled).rejects.toThrow('powered off');
  given.abort(new Error('powered off'));
  await refused;
  const second = openDisks([{ ...spec, wait: true }], { onLost });
  // It is not waited for when another fails.
  const broken = { kind: 'store', id: 'no/name', size: SIZE } as const;
  await expect(openDisks([{ ...spec, wait: true }, broken], { onLost })).rejects.toMatchObject({ reason: 'range' });
  await closeDisks(first);
  await closeDisks(await second);
});
