/** Debian that writes records on a disk that crashes (e2e/guest/records.py), and Debian that looks for them in what is left. */
import { readFileSync } from 'node:fs';
import { SECTOR, type BlockBackend } from '../../devices/block/backend.ts';
import { memoryBase } from '../../devices/block/base.ts';
import { MemoryBackend } from '../../devices/block/memory.ts';
import type { CrashingDisk } from '../../devices/block/testing/crashing-disk.ts';
import type { MachineDisk } from '../machine.ts';
import { loadDebian, rootDisk, type Debian, type Images } from './debian.ts';
import type { GuestConsole } from './guest-console.ts';

/** Where guests find the script, which comes on their second disk; records are on the third and those behind it. */
const SCRIPT = '/run/records.py';
/** Records that are written before anything crashes. */
const FIRST = 5;
/** Disks that a guest looks through at once. */
const AT_ONCE = 8;

/** Who write at the same time, each into a folder of its own: flushes overlap. */
const WRITERS = ['first', 'second'] as const;

/** What a crash has left, and the number of the last record that each writer in the guest had reported. */
export interface Crashed {
  readonly disk: CrashingDisk;
  readonly reported: readonly number[];
}

/** The images that guests boot, and the script that writes and looks for records. */
export interface Guest {
  readonly images: Images;
  readonly script: URL;
}

export interface WriteOptions {
  /** Of the records. */
  readonly seed: number;
  /** How many crashes. */
  readonly crashes: number;
  /** A number from 0 to 1, which chooses the moments and what survives. */
  readonly random: () => number;
  /** The disk is empty: a file system is made first. */
  readonly empty?: boolean;
  /** The disk is the guest's root. */
  readonly root?: boolean;
}

/** Between two crashes, at most so many steps of the store. */
const STEPS = 120;

/** A file as a disk; what is behind its end are newlines. */
export function fileDisk(url: URL, id = 'file'): MachineDisk {
  const content = readFileSync(url);
  const bytes = new Uint8Array(Math.ceil(content.length / SECTOR) * SECTOR).fill(0x0a);
  bytes.set(content);
  return { id, backend: new MemoryBackend({ base: memoryBase(bytes) }) };
}

/** Boots a guest with the script and these disks, and ends it after the action. */
export async function withGuest<T>(
  guest: Guest,
  { root, disks = [] }: { readonly root?: BlockBackend | undefined; readonly disks?: readonly BlockBackend[] },
  action: (debian: Debian) => Promise<T>,
): Promise<T> {
  const all = [
    { id: 'root', backend: root ?? (await rootDisk(guest.images)) },
    fileDisk(guest.script),
    ...disks.map((backend, i) => ({ id: `disk${i}`, backend })),
  ];
  const debian = await loadDebian(guest.images, { harts: 2, disks: all });
  try {
    debian.machine.start();
    await debian.console.shell();
    await debian.console.run(`cat /dev/vdb > ${SCRIPT}`);
    return await action(debian);
  } finally {
    await debian.machine.stop();
    for (const { backend } of all) await backend.close();
  }
}

/** Lets a guest write until the disk has crashed so many times. The guest, and its disk, go on from each crash unharmed. */
export async function writeRecords(guest: Guest, disk: CrashingDisk, options: WriteOptions): Promise<Crashed[]> {
  const { root = false, empty = false, seed, crashes, random } = options;
  const backend = await disk.open();
  const crashed: Crashed[] = [];
  const write = async ({ console, ended }: Debian): Promise<Crashed[]> => {
    let stopped = false;
    void ended.then(() => (stopped = true));
    if (empty) await console.run('mkfs.ext4 -q -J size=4 -N 2048 /dev/vdc');
    if (!root) await console.run('mount -o discard /dev/vdc /mnt');
    const from = console.text.length;
    const output = (): string => console.text.slice(from);
    const reportedBy = (name: string): number =>
      Number([...output().matchAll(new RegExp(`record ${name} (\\d+)\r?\n`, 'g'))].at(-1)?.[1] ?? 0);
    const writers = WRITERS.map(
      (name) => `{ python3 ${SCRIPT} write ${folderOf(root)}/${name} ${seed}; echo "@@ended@@"; } &`,
    );
    console.type(`mkdir -p ${folderOf(root)}; ${writers.join(' ')}\n`);
    for (const name of WRITERS) {
      const [, first] = await console.waitFor(new RegExp(`record ${name} (\\d+)\r?\n`), from);
      await console.waitFor(new RegExp(`record ${name} ${Number(first) + FIRST}\r?\n`), from);
    }
    let steps = 1;
    disk.onStep = () => {
      if (--steps > 0 || crashed.length === crashes) return;
      steps = 1 + Math.floor(random() * STEPS);
      crashed.push({ disk: disk.image(random), reported: WRITERS.map(reportedBy) });
    };
    while (crashed.length < crashes) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (stopped || output().includes('@@ended@@'))
        throw new Error(`the guest writes no more:\n${output().slice(-2000)}`);
    }
    return crashed;
  };
  return withGuest(guest, root ? { root: backend } : { disks: [backend] }, write);
}

/** Rejects unless the journal alone makes every disk whole, and all records are there. Returns how many each has. */
export async function checkRecords(guest: Guest, crashed: readonly Crashed[], seed: number): Promise<number[]> {
  const kept: number[] = [];
  for (let at = 0; at < crashed.length; at += AT_ONCE) {
    const some = crashed.slice(at, at + AT_ONCE);
    const disks = await Promise.all(some.map(({ disk }) => disk.open()));
    await withGuest(guest, { disks }, async ({ console }) => {
      for (const [i, { reported }] of some.entries()) {
        const device = `/dev/vd${String.fromCharCode('c'.charCodeAt(0) + i)}`;
        await console.run(`mount ${device} /mnt`);
        kept.push(await check(console, folderOf(false), reported, seed));
        await console.run(`umount /mnt && e2fsck -fn ${device} 2>&1`);
      }
    });
  }
  return kept;
}

/** The same of a root, which a guest boots from. */
export async function checkRoot(guest: Guest, { disk, reported }: Crashed, seed: number): Promise<number> {
  return withGuest(guest, { root: await disk.open() }, async ({ console }) => {
    const kept = await check(console, folderOf(true), reported, seed);
    await console.run('mount -o remount,ro / && e2fsck -fn /dev/vda 2>&1');
    return kept;
  });
}

async function check(
  console: GuestConsole,
  folder: string,
  reported: readonly number[],
  seed: number,
): Promise<number> {
  let kept = 0;
  for (const [i, name] of WRITERS.entries()) {
    const output = await console.run(`python3 ${SCRIPT} check ${folder}/${name} ${seed} ${reported[i]} 2>&1`);
    kept += Number(/kept (\d+)/.exec(output)?.[1]);
  }
  return kept;
}

const folderOf = (root: boolean): string => (root ? '/root/records' : '/mnt/records');
