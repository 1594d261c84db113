// A disk over an image that is on another host: fetched by ranges, kept, and there when the host is away.

import { copyFileSync, statSync, truncateSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { prepareImages } from '../guest/index.ts';
import { qemuImg } from './support/qemu-img.ts';
import { serveStatic, type StaticOptions } from './support/static-server.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { BOOT, Vm } from './support/vm.ts';

test.describe.configure({ timeout: 300_000 });

const MIB = 2 ** 20;
const linkOf = (machine: unknown): string => `./#m1.${Buffer.from(JSON.stringify(machine)).toString('base64url')}`;
const folder = temporaryFolder();

test.beforeAll(async () => {
  const images = await prepareImages({ log: () => undefined });
  copyFileSync(images.root, join(folder, 'disk.img'));
  truncateSync(join(folder, 'disk.img'), 2048 * MIB);
  qemuImg('convert', '-O', 'qcow2', '-c', join(folder, 'disk.img'), join(folder, 'disk.qcow2'));
});

/** A server that stands alone, on an origin of its own. */
class Elsewhere {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async start(options: StaticOptions): Promise<Elsewhere> {
    return new Elsewhere(await serveStatic(folder, '/', 0, options));
  }

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => this.#sockets.add(socket));
  }

  url(name = 'disk.img'): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}/${name}`;
  }

  /** Bytes so far, headers included. */
  get sent(): number {
    return [...this.#sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

test('a machine boots from an image of 2 GiB on another host, and again when that is away', async ({ page }) => {
  const elsewhere = await Elsewhere.start({ forAll: true });
  const link = linkOf({ r: elsewhere.url(), t: 'From elsewhere' });
  let vm = await Vm.open(page, link);
  await expect(page.getByText(`Its disk image comes from ${new URL(elsewhere.url()).host}`)).toBeVisible();
  expect(elsewhere.sent).toBe(0);
  const boot = async (): Promise<void> => {
    await page.getByRole('main').getByRole('button', { name: 'Start' }).click();
    await vm.waitForPrompt(BOOT);
  };
  await boot();
  expect(elsewhere.sent).toBeLessThan(32 * MIB);
  expect(await vm.run('blockdev --getsize64 /dev/vda')).toBe(String(2048 * MIB));
  await vm.run('echo kept > /root/kept && sync');
  await vm.type('poweroff\n');
  await expect(vm.status).toHaveText('Halted', { timeout: 60_000 });

  // What was fetched is kept: all that the boot reads.
  const sent = elsewhere.sent;
  await page.reload();
  vm = await Vm.open(page, link);
  await boot();
  expect(elsewhere.sent - sent).toBeLessThan(sent / 4);
  await vm.type('poweroff\n');
  await expect(vm.status).toHaveText('Halted', { timeout: 60_000 });

  elsewhere.stop();
  await page.reload();
  vm = await Vm.open(page, link);
  await boot();
  expect(await vm.run('cat /root/kept')).toBe('kept');
});

test('a compressed qcow2 image on another host is read in place', async ({ page }) => {
  const elsewhere = await Elsewhere.start({ forAll: true });
  const vm = await Vm.open(page, linkOf({ r: elsewhere.url('disk.qcow2') }));
  await page.getByRole('main').getByRole('button', { name: 'Start' }).click();
  await vm.waitForPrompt(BOOT);
  expect(await vm.run('blockdev --getsize64 /dev/vda')).toBe(String(2048 * MIB));
  expect(elsewhere.sent).toBeLessThan(statSync(join(folder, 'disk.qcow2')).size / 4);
  elsewhere.stop();
});

for (const [what, options, message] of [
  ['does not allow this page', {}, /Access-Control-Allow-Origin/],
  ['knows no ranges', { forAll: true, wholeOnly: true }, /sends the whole file where a part was asked for/],
] as const) {
  test(`of a host that ${what} the person is told what it has to do`, async ({ page }) => {
    const elsewhere = await Elsewhere.start(options);
    const vm = await Vm.open(page, linkOf({ r: elsewhere.url() }));
    await page.getByRole('main').getByRole('button', { name: 'Start' }).click();
    await expect(page.getByRole('alert')).toContainText(message, { timeout: 60_000 });
    await expect(vm.status).toHaveText('Off');
    elsewhere.stop();
  });
}
