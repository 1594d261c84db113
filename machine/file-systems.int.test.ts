/**
 * What programs rely on of a file system, on disks of both stores: ext4, xfs and btrfs, and a disk without any. One guest does all of
 * it (e2e/guest/file_systems.py), and the host's programs look through what it has left. TABHYVE_SOAK does more of it, and every file
 * system on both stores; TABHYVE_SEED chooses what is written.
 */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureHostTools } from '../cli/tasks/host-tools.ts';
import type { StoreKind } from '../devices/block/indexeddb/manifest.ts';
import type { StoreBackend } from '../devices/block/store-backend.ts';
import { CrashingDisk } from '../devices/block/testing/crashing-disk.ts';
import { prepareImages } from '../guest/index.ts';
import { moduleArchive } from '../guest/testing/module-archive.ts';
import { loadDebian, rootDisk, type Debian } from './testing/debian.ts';
import { copyDisk, fileSystems, fillDisk, runOn, type FileSystemName } from './testing/file-systems.ts';
import { fileDisk } from './testing/records.ts';

const MORE = Number(process.env['TABHYVE_SOAK'] ?? 1);
const SEED = Number(process.env['TABHYVE_SEED'] ?? Date.now() % 1_000_000);
const seeds = Array.from({ length: MORE }, (_, i) => SEED + i);
/** In milliseconds. Everything is waited for, and a busy host may be slow. */
const PATIENCE = 400_000 * MORE;
const MIB = 2 ** 20;
/** xfs wants as much. */
const SIZE = 320 * MIB;
/** What is written, deleted and trimmed. */
const FILL = 64;
const SCRIPT = 'python3 /run/file_systems.py';

interface Case {
  readonly store: StoreKind;
  /** None: the bare disk. */
  readonly kind?: FileSystemName;
}

const few: readonly Case[] = [
  { store: 'indexeddb' },
  { store: 'opfs' },
  { store: 'indexeddb', kind: 'ext4' },
  { store: 'opfs', kind: 'xfs' },
  { store: 'indexeddb', kind: 'btrfs' },
];
const more: readonly Case[] = [
  { store: 'opfs', kind: 'ext4' },
  { store: 'indexeddb', kind: 'xfs' },
  { store: 'opfs', kind: 'btrfs' },
];
const cases = MORE > 1 ? [...few, ...more] : few;
/** The root, the script and the modules come first. */
const deviceOf = (index: number): string => `/dev/vd${String.fromCharCode('d'.charCodeAt(0) + index)}`;

const folder = mkdtempSync(join(tmpdir(), 'tabhyve-file-systems-'));
const disks: StoreBackend[] = [];
let debian: Debian;

async function makeDisk({ store, kind }: Case, index: number): Promise<StoreBackend> {
  const disk = await new CrashingDisk({ store, size: SIZE }).open();
  if (kind === undefined) return disk;
  const path = join(folder, `${index}.img`);
  writeFileSync(path, '');
  truncateSync(path, SIZE);
  runOn(path, fileSystems[kind].make);
  await fillDisk(disk, path);
  return disk;
}

beforeAll(async () => {
  console.log(`TABHYVE_SEED=${SEED}`);
  ensureHostTools(
    Object.values(fileSystems).map(({ tool }) => tool),
    console.log,
  );
  const images = await prepareImages({ log: () => undefined, publish: false });
  const modules = await moduleArchive(['xfs', 'btrfs']);
  for (const [index, each] of cases.entries()) disks.push(await makeDisk(each, index));
  const own = disks.map((backend, index) => ({ id: `disk${index}`, backend }));
  const script = fileDisk(new URL('../e2e/guest/file_systems.py', import.meta.url));
  const root = { id: 'root', backend: await rootDisk(images) };
  const all = [root, script, fileDisk(pathToFileURL(modules)), ...own];
  debian = await loadDebian(images, { harts: 2, ramBytes: 384 * MIB, disks: all });
  debian.machine.start();
  await debian.console.shell();
  await debian.console.run('cat /dev/vdb > /run/file_systems.py');
  await debian.console.run(
    'cd /run && busybox cpio -i < /dev/vdc && for i in $(cat modules/order); do busybox insmod $i; done; cd /',
  );
}, PATIENCE);
afterAll(async () => {
  await debian.machine.stop();
  for (const disk of disks) await disk.close();
  rmSync(folder, { recursive: true });
});

for (const [index, { store, kind }] of cases.entries()) {
  const device = deviceOf(index);
  if (kind === undefined) {
    test(`a bare disk in ${store} reads as what was written, zeroed and discarded`, async () => {
      for (const seed of seeds) await debian.console.run(`${SCRIPT} device ${device} ${seed}`);
      expect(disks[index].usage().allocatedChunks).toBe(0);
    });
    continue;
  }
  test(
    `${kind} on a disk in ${store} does what programs rely on, and gives its space back`,
    { timeout: PATIENCE },
    async () => {
      const { console } = debian;
      const allocated = (): number => disks[index].usage().allocatedBytes;
      const mount = `mount -t ${kind} ${device} /mnt`;
      await console.run(`${mount} && mkdir /mnt/here`);
      for (const seed of seeds) await console.run(`${SCRIPT} exercise /mnt/here/${seed} ${seed}`);
      const sums = await console.run(`${SCRIPT} sums /mnt/here`);
      await console.run(`umount /mnt && ${mount}`);
      expect(await console.run(`${SCRIPT} sums /mnt/here`)).toBe(sums);

      await console.run('rm -r /mnt/here && sync && fstrim /mnt');
      const empty = allocated();
      await console.run(`${SCRIPT} fill /mnt/there ${FILL}`);
      const full = allocated();
      await console.run('rm -r /mnt/there && sync && fstrim /mnt && umount /mnt');
      expect(full - empty).toBeGreaterThanOrEqual(FILL * MIB);
      expect(allocated() - empty).toBeLessThan(0.01 * FILL * MIB);

      const path = join(folder, `${index}.img`);
      await copyDisk(disks[index], path);
      runOn(path, fileSystems[kind].check);
    },
  );
}
