import type { Entry, Tree } from './tree.ts';

const S_IFREG = 0o100000;
const S_IFDIR = 0o040000;
const S_IFLNK = 0o120000;
const S_IFCHR = 0o020000;

/** A character device, which only an initial file system needs: the kernel opens /dev/console before anything is mounted. */
export interface CharacterDevice {
  readonly path: string;
  readonly mode: number;
  readonly major: number;
  readonly minor: number;
}

/**
 * Writes a tree as a cpio archive in the "newc" format, as Documentation/driver-api/early-userspace/buffer-format.rst of Linux has it:
 *
 *     header: magic "070701" and 13 numbers of 8 hexadecimal digits | name, NUL, padding to 4 | data, padding to 4
 *
 * Times are zero and inodes are numbered in order, so that equal trees give equal bytes. Hard links are written as copies.
 */
export function writeCpio(tree: Tree, devices: readonly CharacterDevice[] = []): Buffer {
  const chunks: Buffer[] = [];
  let inode = 0;
  const record = (name: string, mode: number, data: Uint8Array, major = 0, minor = 0) => {
    const nameBytes = Buffer.from(`${name}\0`);
    const trailer = name === TRAILER;
    const fields = [
      trailer ? 0 : ++inode,
      mode,
      0, // uid
      0, // gid
      (mode & S_IFDIR) === S_IFDIR && !trailer ? 2 : 1, // nlink
      0, // mtime
      data.length,
      0, // major and minor of the archive's own device
      0,
      major,
      minor,
      nameBytes.length,
      0, // check: always zero in newc
    ];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
    chunks.push(padded(Buffer.concat([Buffer.from(header, 'latin1'), nameBytes])), padded(data));
  };

  for (const [path, entry] of tree.entries()) record(path, modeOf(tree, entry), dataOf(tree, entry));
  for (const { path, mode, major, minor } of devices) record(path, S_IFCHR | mode, new Uint8Array(), major, minor);
  record(TRAILER, 0, new Uint8Array());
  return Buffer.concat(chunks);
}

const TRAILER = 'TRAILER!!!';

function modeOf(tree: Tree, entry: Entry): number {
  if (entry.type === 'directory') return S_IFDIR | entry.mode;
  if (entry.type === 'symlink') return S_IFLNK | 0o777;
  if (entry.type === 'file') return S_IFREG | entry.mode;
  const target = tree.get(entry.target);
  return S_IFREG | (target?.type === 'file' ? target.mode : 0o644);
}

function dataOf(tree: Tree, entry: Entry): Uint8Array {
  if (entry.type === 'symlink') return Buffer.from(entry.target);
  if (entry.type === 'hardlink') return tree.file(entry.target) ?? new Uint8Array();
  return entry.type === 'file' ? entry.data : new Uint8Array();
}

function padded(bytes: Uint8Array): Buffer {
  const result = Buffer.alloc((bytes.length + 3) & ~3);
  result.set(bytes);
  return result;
}
