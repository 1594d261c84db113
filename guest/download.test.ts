import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { download, type DownloadOptions } from './download.ts';
import { cutAfter, FileServer, ranged, silentAfter, status, whole, type Behaviour } from './testing/file-server.ts';

const data = randomBytes(300_000);
const other = randomBytes(300_000);
const sha256 = createHash('sha256').update(data).digest('hex');

let folder: string;
let path: string;
let server: FileServer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tabhyve-test-'));
  path = join(folder, 'file');
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** Downloads from a server that behaves so, request by request. */
async function fetchFrom(behaviours: Behaviour[], options: DownloadOptions = {}) {
  server = new FileServer(...behaviours);
  const url = new URL('file', await server.listen());
  await download({ name: 'The file', url, sha256, size: data.length }, path, { pause: 1, silence: 200, ...options });
}
const ranges = () => server.requests.map((request) => request.headers.range);

describe('download', () => {
  it('brings a file, and leaves nothing else', async () => {
    const seen: number[] = [];
    await fetchFrom([whole(data)], { progress: (received) => seen.push(received) });
    expect((await readFile(path)).equals(data)).toBe(true);
    expect(await readdir(folder)).toEqual(['file']);
    expect(seen.at(-1)).toBe(data.length);
  });

  it('continues after a lost connection', async () => {
    await fetchFrom([cutAfter(data, 100_000), ranged(data)]);
    expect((await readFile(path)).equals(data)).toBe(true);
    expect(ranges()).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  });

  it('continues after a silent one', async () => {
    await fetchFrom([silentAfter(data, 100_000), ranged(data)]);
    expect((await readFile(path)).equals(data)).toBe(true);
    expect(server.requests).toHaveLength(2);
  });

  it('continues what an earlier run left', async () => {
    await writeFile(`${path}.part`, data.subarray(0, 200_000));
    await fetchFrom([ranged(data)]);
    expect(ranges()).toEqual(['bytes=200000-']);
    expect((await readFile(path)).equals(data)).toBe(true);
  });

  it('starts over with a server that ignores Range', async () => {
    await writeFile(`${path}.part`, data.subarray(0, 200_000));
    await fetchFrom([whole(data)]);
    expect((await readFile(path)).equals(data)).toBe(true);
  });

  it('starts over when what was left is of another file, or too long', async () => {
    await writeFile(`${path}.part`, other.subarray(0, 200_000));
    await fetchFrom([ranged(data)]);
    expect(ranges()).toEqual(['bytes=200000-', undefined]);
    expect((await readFile(path)).equals(data)).toBe(true);
    await server.close();
    await writeFile(`${path}.part`, Buffer.alloc(400_000));
    await fetchFrom([status(416), ranged(data)]);
    expect((await readFile(path)).equals(data)).toBe(true);
  });

  it('is not fooled by a wrong file: nothing appears under its name', async () => {
    await expect(fetchFrom([whole(other)])).rejects.toMatchObject({
      code: 'bad-hash',
      message: expect.stringMatching(/TABHYVE_DEBIAN_MIRROR/) as string,
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([data.subarray(1), Buffer.concat([data, data])])(
    'says at once that a file has the wrong size',
    async (file) => {
      await expect(fetchFrom([whole(file)])).rejects.toMatchObject({
        code: 'bad-hash',
        message: expect.stringMatching(/instead of 300000/) as string,
      });
      expect(server.requests).toHaveLength(1);
    },
  );

  it('stops reading a body without end', async () => {
    const endless: Behaviour = (_request, response) => {
      const more = () => response.write(Buffer.alloc(100_000), (error) => void (error ?? setImmediate(more)));
      more();
    };
    await expect(fetchFrom([endless])).rejects.toMatchObject({
      code: 'bad-hash',
      message: expect.stringMatching(/has more than/) as string,
    });
  });

  it('tries again after errors of the server, but not for ever', async () => {
    await fetchFrom([status(503), status(500), whole(data)]);
    await server.close();
    await rm(path);
    await expect(fetchFrom([status(503)])).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/answered 503/) as string,
    });
    expect(server.requests).toHaveLength(5);
  });

  it('gives up on a server that always stops at the same place', async () => {
    await expect(fetchFrom([cutAfter(data, 1000)])).rejects.toMatchObject({ code: 'unreachable' });
    expect(server.requests.length).toBeLessThan(10);
  });

  it('does not ask again for what is not there', async () => {
    await expect(fetchFrom([status(404)])).rejects.toMatchObject({ code: 'not-found' });
    expect(server.requests).toHaveLength(1);
  });

  it('can be cancelled, and keeps what it has', async () => {
    const stop = new AbortController();
    const progress = () => stop.abort(new Error('enough'));
    await expect(fetchFrom([silentAfter(data, 100_000)], { signal: stop.signal, progress })).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['file.part']);
  });
});
