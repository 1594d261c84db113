import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImageError } from './errors.ts';
import { runTool } from './tools.ts';
import type { Tree } from './tree.ts';

const BLOCK = 4096;
/** Fixed, so that equal trees give equal images: the file system's UUID, and the seed of its directory hashes. */
const UUID = '7ab4e5e1-0000-4000-8000-000000000001';
const HASH_SEED = '7ab4e5e1-0000-4000-8000-000000000002';

/** All of ext4 that helps here, by name: without this list it would depend on the host's version and configuration. */
const features = [
  'none',
  'has_journal',
  'ext_attr',
  'resize_inode', // room to grow while mounted, when a person makes the disk larger
  'dir_index',
  'filetype',
  'extent',
  '64bit',
  'flex_bg',
  'sparse_super',
  'large_file',
  'huge_file',
  'dir_nlink',
  'extra_isize',
  'metadata_csum', // a damaged disk is noticed, and a torn journal is not replayed
];

export interface Ext4Options {
  /** Of the file system, in bytes. */
  readonly size: number;
  /** The time that all files carry. */
  readonly date: Date;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a tree as an ext4 image, a sparse file. All files belong to root, whoever runs this, and no file of the tree is laid out on the
 * host under its own name: their contents are numbered, and debugfs puts them in place. (`mkfs.ext4 -d` would take owners, and what the
 * host's file system makes of names, from the host.)
 * @throws ImageError `no-tool`, `tool-failed`
 */
export async function writeExt4(tree: Tree, path: string, { size, date, signal }: Ext4Options): Promise<void> {
  const seconds = String(Math.floor(date.getTime() / 1000));
  // The second is for e2fsprogs 1.47.1 and later. An empty configuration keeps the host's defaults out.
  const env = {
    E2FSPROGS_FAKE_TIME: seconds,
    SOURCE_DATE_EPOCH: seconds,
    MKE2FS_CONFIG: '/dev/null',
    DEBUGFS_PAGER: '__none__',
  };
  const image = await open(path, 'w');
  await image.truncate(size);
  await image.close();
  // Nothing may be left to be initialised by the guest: it would write for minutes after the first boot, and fill the store with zeros.
  const extended = `lazy_itable_init=0,lazy_journal_init=0,nodiscard,root_owner=0:0,hash_seed=${HASH_SEED}`;
  const layout = ['-b', String(BLOCK), '-I', '256', '-i', '16384', '-m', '0', '-J', 'size=4', '-e', 'remount-ro'];
  const identity = ['-U', UUID, '-L', 'tabhyve', '-M', '/', '-o', 'Linux'];
  const options = ['-q', '-F', '-t', 'ext4', '-O', features.join(), ...layout, '-E', extended, ...identity];
  await runTool('mkfs.ext4', [...options, path, String(size / BLOCK)], { env, signal });

  const staging = await mkdtemp(join(tmpdir(), 'tabhyve-'));
  try {
    const script = join(staging, 'script');
    await writeFile(script, await stage(tree, staging));
    // debugfs ends with zero whatever went wrong; it says so, after a line that names its version.
    const { stderr } = await runTool('debugfs', ['-w', '-f', script, path], { env, signal });
    const said = stderr.split('\n').filter((line) => line !== '' && !/^debugfs \d/.test(line));
    if (said.length > 0)
      throw new ImageError(
        'tool-failed',
        `debugfs could not write the root file system:\n${said.slice(0, 10).join('\n')}`,
      );
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  await runTool('e2fsck', ['-f', '-n', path], { env, signal });
}

/** Writes contents as numbered files, and returns debugfs commands that make the tree of them. */
async function stage(tree: Tree, folder: string): Promise<string> {
  const commands: string[] = [];
  const hardlinks = new Map<string, string[]>();
  let here = '';
  let number = 0;
  for (const [path, entry] of tree.entries()) {
    const [directory, name] = split(path);
    if (directory !== here) commands.push(`cd ${quoted(`/${directory}`)}`);
    here = directory;
    switch (entry.type) {
      case 'directory':
        commands.push(`mkdir ${quoted(name)}`);
        if (entry.mode !== 0o755) commands.push(setMode(name, 0o040000 | entry.mode));
        break;
      case 'symlink':
        commands.push(`symlink ${quoted(name)} ${quoted(entry.target)}`);
        break;
      case 'file': {
        const source = join(folder, String(number++));
        await writeFile(source, entry.data, { mode: 0o644 });
        commands.push(`write ${quoted(source)} ${quoted(name)}`, setMode(name, 0o100000 | entry.mode));
        break;
      }
      case 'hardlink':
        hardlinks.set(entry.target, [...(hardlinks.get(entry.target) ?? []), path]);
    }
  }
  for (const [target, paths] of hardlinks) {
    if (tree.get(target)?.type !== 'file')
      throw new ImageError('bad-archive', `A hard link names ${target}, which is no file.`);
    // debugfs does not count the links it makes.
    commands.push(...paths.map((path) => `link ${quoted(`/${target}`)} ${quoted(`/${path}`)}`));
    commands.push(`set_inode_field ${quoted(`/${target}`)} links_count ${paths.length + 1}`);
  }
  return `${commands.join('\n')}\n`;
}

function split(path: string): [directory: string, name: string] {
  const slash = path.lastIndexOf('/');
  return [path.slice(0, Math.max(slash, 0)), path.slice(slash + 1)];
}

function setMode(name: string, mode: number): string {
  return `set_inode_field ${quoted(name)} mode 0${mode.toString(8)}`;
}

/** A word of a debugfs command: in double quotes, where a doubled one stands for itself. */
function quoted(word: string): string {
  return `"${word.replaceAll('"', '""')}"`;
}
