/// <reference lib="webworker" />
// Base images from a real server, by Node's own fetch.

import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { serveStatic, type StaticOptions } from '../../../e2e/support/static-server.ts';
import { temporaryFolder } from '../../../e2e/support/temporary-folder.ts';
import { pattern } from '../testing/parts.ts';
import { openHttpBase } from './http-base.ts';

const SIZE = 3 * 1024 * 1024 + 1536;
const bytes = pattern(SIZE);
const folder = temporaryFolder();
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(options: StaticOptions = {}): Promise<string> {
  const server = await serveStatic(folder, '/', 0, options);
  servers.push(server);
  return `http://localhost:${(server.address() as AddressInfo).port}/`;
}

async function whole(url: string): Promise<boolean> {
  const base = await openHttpBase(url);
  const target = new Uint8Array(base.size);
  // Not in order, and with edges everywhere.
  const step = 72 * 1024 + 512;
  const offsets = Array.from({ length: Math.ceil(base.size / step) }, (_, i) => i * step).reverse();
  await Promise.all(offsets.map((at) => base.read(at, target.subarray(at, at + step))));
  await base.close();
  return base.size === SIZE && Buffer.compare(target, bytes) === 0;
}

test('a raw image is read by ranges, and refused when it changes', async () => {
  writeFileSync(join(folder, 'disk.img'), bytes);
  const url = `${await serve()}disk.img`;
  expect(await whole(url)).toBe(true);

  const base = await openHttpBase(url);
  const sector = new Uint8Array(512);
  await base.read(0, sector);
  writeFileSync(join(folder, 'disk.img'), pattern(SIZE, 2));
  await expect(base.read(1024 * 1024, sector)).rejects.toMatchObject({ reason: 'base' });
  truncateSync(join(folder, 'disk.img'), 1024);
  await expect(base.read(1024 * 1024, sector)).rejects.toMatchObject({ reason: 'base' });
  rmSync(join(folder, 'disk.img'));
  await expect(base.read(1024 * 1024, sector)).rejects.toThrow(/404/);
  await base.close();
});

test('an image in files is read file by file', async () => {
  const part = 256 * 1024;
  for (let start = 0; start < SIZE; start += part) {
    writeFileSync(join(folder, `split-${start}-${start + part}.img`), bytes.subarray(start, start + part));
  }
  expect(await whole(`${await serve()}split.img#size=${SIZE}&part=${part}`)).toBe(true);
});

test('servers that do not do are told from each other', async () => {
  writeFileSync(join(folder, 'disk.img'), bytes);
  writeFileSync(join(folder, 'empty.img'), '');
  await expect(openHttpBase(`${await serve({ wholeOnly: true })}disk.img`)).rejects.toThrow(/sends the whole file/);
  await expect(openHttpBase(`${await serve()}empty.img`)).rejects.toThrow(/is empty/);
  await expect(openHttpBase(`${await serve()}none.img`)).rejects.toThrow(/404/);
  const url = `${await serve()}disk.img`;
  servers.at(-1)?.close();
  servers.at(-1)?.closeAllConnections();
  await expect(openHttpBase(url)).rejects.toThrow(/Is the network up/);
});
