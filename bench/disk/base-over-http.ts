// How much is fetched of a base image over HTTP: node --import tsx bench/disk/base-over-http.ts
//
// The image is raw, has 2 GiB, and begins with the default machine's root file system. It is on a server of this host: as
// one file, of which ranges are fetched, and in parts with a manifest. With nothing kept from before: what was fetched
// when the first read was served, and what a boot to the prompt reads and fetches.

import { copyFileSync, truncateSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Runner } from '../../cli/run/runner.ts';
import { MemoryBackend } from '../../devices/block/memory.ts';
import { openHttpBase } from '../../devices/block/http/http-base.ts';
import { serveStatic } from '../../e2e/support/static-server.ts';
import { temporaryFolder } from '../../e2e/support/temporary-folder.ts';
import { prepareImages } from '../../guest/index.ts';
import { splitDisk } from '../../guest/publish.ts';
import { PROMPT } from '../guest-scripts.ts';
import { countRequests } from '../../machine/disk-requests.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const kib = (bytes: number): string => `${(bytes / KIB).toFixed(0)} KiB`;
const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;

const images = await prepareImages({ log: console.error, publish: false });
const folder = temporaryFolder();
const image = join(folder, 'disk.img');
copyFileSync(images.root, image);
truncateSync(image, 2048 * MIB);
const manifest = await splitDisk(image, { cache: folder, progress: () => undefined });
writeFileSync(join(folder, 'disk.json'), JSON.stringify(manifest));

const server = await serveStatic(folder, '/', 0);
const sockets = new Set<Socket>();
server.on('connection', (socket: Socket) => sockets.add(socket));
const { port } = server.address() as AddressInfo;
/** Bytes that the server has sent, headers included. */
const sent = (): number => [...sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);

for (const name of ['disk.img', 'disk.json']) {
  const before = sent();
  let requests = 0;
  const base = await openHttpBase(`http://localhost:${port}/${name}`, { onFetched: () => requests++ });
  await base.read(1024, new Uint8Array(512));
  console.log(`${name}: first read served after ${kib(sent() - before)}`);

  const counted = countRequests(new MemoryBackend({ base }));
  /** Each sector once, however often the guest read it. */
  const sectors = new Set<number>();
  const backend = {
    ...counted.backend,
    read: (offset: number, target: Uint8Array): Promise<void> => {
      for (let at = 0; at < target.length; at += 512) sectors.add((offset + at) / 512);
      return counted.backend.read(offset, target);
    },
  };
  const [kernel, initrd] = await Promise.all([readFile(images.kernel), readFile(images.initrd)]);
  let output = '';
  const decoder = new TextDecoder();
  const start = performance.now();
  const runner = new Runner({
    guest: { kernel, initrd, firmware: 'sbi', cmdline: images.cmdline },
    ...{ cpus: 2, memory: 512 * MIB, columns: 80, rows: 24, reboot: false },
    disks: [{ id: 'root', backend }],
    onOutput: (bytes) => {
      output += decoder.decode(bytes, { stream: true });
      if (output.includes(PROMPT)) runner.end({ reason: 'quit', status: 0 });
    },
    warn: console.error,
    log: () => undefined,
  });
  await runner.run();
  const seconds = (performance.now() - start) / 1000;
  const fetched = sent() - before;
  const { reads, readBytes } = counted.requests;
  const distinct = sectors.size * 512;
  console.log(
    `boot in ${seconds.toFixed(1)} s: ${reads} reads of ${mib(readBytes)}, ${mib(distinct)} of it different; ` +
      `${mib(fetched)} fetched by ${requests} requests, ${(fetched / readBytes).toFixed(2)} times what was read`,
  );
  await base.close();
}
server.close();
process.exit(0);
