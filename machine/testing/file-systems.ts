/** File systems that the host makes and looks through, on disks of the browser's store. */
import { execFileSync } from 'node:child_process';
import { open, type FileHandle } from 'node:fs/promises';
import type { BlockBackend } from '../../devices/block/backend.ts';

export interface FileSystem {
  /** Debian's package of the programs. */
  readonly tool: 'e2fsprogs' | 'xfsprogs' | 'btrfs-progs';
  readonly make: readonly [program: string, ...options: string[]];
  /** Ends with 0 when all is well. */
  readonly check: readonly [program: string, ...options: string[]];
}

export const fileSystems = {
  ext4: {
    tool: 'e2fsprogs',
    make: ['mke2fs', '-q', '-t', 'ext4', '-J', 'size=4', '-E', 'lazy_itable_init=0,lazy_journal_init=0'],
    check: ['e2fsck', '-fn'],
  },
  xfs: { tool: 'xfsprogs', make: ['mkfs.xfs', '-q'], check: ['xfs_repair', '-n'] },
  btrfs: { tool: 'btrfs-progs', make: ['mkfs.btrfs', '-q'], check: ['btrfs', 'check', '--readonly'] },
} as const satisfies Record<string, FileSystem>;

export type FileSystemName = keyof typeof fileSystems;

const PIECE = 32 * 1024;

/** Runs one of the programs on a file. Throws with what it said. */
export function runOn(file: string, [program, ...options]: FileSystem['make']): void {
  // Debian has some of them in folders that are on root's PATH alone.
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
  try {
    execFileSync(program, [...options, file], { stdio: 'pipe', encoding: 'utf8', env });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`${program} ${options.join(' ')}: ${stdout}${stderr}`, { cause: error });
  }
}

async function eachPiece(size: number, action: (piece: Uint8Array, at: number) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < size; at += PIECE) await action(new Uint8Array(Math.min(PIECE, size - at)), at);
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

/** Writes a raw image to a disk, without its zeroes. */
export async function fillDisk(disk: BlockBackend, path: string): Promise<void> {
  await withFile(path, 'r', (file) =>
    eachPiece(disk.geometry.size, async (piece, at) => {
      await file.read(piece, 0, piece.length, at);
      if (!isZero(piece)) await disk.write(at, piece);
    }),
  );
  await disk.flush();
}

/** Writes a disk to a raw image, without its zeroes. */
export async function copyDisk(disk: BlockBackend, path: string): Promise<void> {
  await withFile(path, 'w', async (file) => {
    await file.truncate(disk.geometry.size);
    await eachPiece(disk.geometry.size, async (piece, at) => {
      await disk.read(at, piece);
      if (!isZero(piece)) await file.write(piece, 0, piece.length, at);
    });
  });
}

async function withFile(path: string, flags: string, action: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, flags);
  try {
    await action(file);
  } finally {
    await file.close();
  }
}
