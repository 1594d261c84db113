/** A disk with Debian's software for one architecture and what bench/guest/software.ts makes it do. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exclusively, exists, temporaryBeside, writeWhole } from '../../guest/cache.ts';
import { unpack } from '../../guest/deb.ts';
import { download } from '../../guest/download.ts';
import { writeExt4 } from '../../guest/ext4.ts';
import { findArchives } from '../../guest/mirror.ts';
import { downloadOptions, packagePath } from '../../guest/obtain.ts';
import { Catalogue, resolve } from '../../guest/packages.ts';
import { splitDisk } from '../../guest/publish.ts';
import { isWantedInRoot } from '../../guest/root.ts';
import { readSuite } from '../../guest/suite.ts';
import { Tree } from '../../guest/tree.ts';
import type { Arch } from './build.ts';
import { makeText, softwareScript } from './software.ts';

/** Besides what these depend on. */
const packages = [
  ...['base-files', 'bash', 'coreutils', 'dash', 'dpkg', 'gcc', 'gzip', 'libc-bin', 'libc6-dev', 'libpython3-stdlib'],
  ...['mawk', 'openssl', 'perl-base', 'python3-minimal', 'sqlite3', 'tar'],
];

/** What their installation scripts want, which do not run here. */
const without: ReadonlySet<string> = new Set(['debconf', 'init-system-helpers', 'media-types', 'tzdata']);

/** Large, and not needed to compile C. */
const dropped = /\/(lto1|lto-dump|.*-lto-dump-\d+|lib[a-z]+san\w*\.(a|so.*)|libgprofng.*|.*gprofng.*)$/;

/** Of the image, in bytes. */
export const SOFTWARE_SIZE = 512 * 2 ** 20;
const TEXT_SIZE = 2 * 2 ** 20;

/** What the packages' scripts would make, and nobody asks for by its whole name. */
const links: readonly (readonly [path: string, target: string])[] = [['usr/bin/awk', 'mawk']];
const folders = ['dev', 'proc', 'bench'];

/** The control file of a package that dpkg-deb makes. */
const control = `Package: text
Version: 1
Architecture: all
Maintainer: nobody <nobody@example.org>
Description: words
`;

/**
 * The path of an ext4 image, which is made if it is not there, of the packages that Debian has now.
 * @param arch of the packages
 * @param cache the project's cache folder
 * @throws ImageError
 */
export async function softwareImage(arch: Arch, cache: string, log: (line: string) => void): Promise<string> {
  const files = await ownFiles();
  const hash = createHash('sha256').update(JSON.stringify([packages, [...without], dropped.source, links, folders]));
  for (const [name, data] of files) hash.update(`\0${name}\0`).update(data);
  const family = `software-${arch}-`;
  const path = join(cache, 'bench', `${family}${hash.digest('hex').slice(0, 16)}.img`);
  const make = async (): Promise<void> => {
    if (await exists(path)) return;
    await removeOthers(join(cache, 'bench'), family);
    await makeImage(path, arch, files, { cache, log });
  };
  await mkdir(join(cache, 'bench'), { recursive: true });
  await exclusively(join(cache, 'bench', 'lock'), make);
  return path;
}

/** Images of before, whose names begin so: each takes 200 MB. */
async function removeOthers(folder: string, family: string): Promise<void> {
  for (const name of await readdir(folder)) if (name.startsWith(family)) await rm(join(folder, name));
}

/**
 * The path of the manifest by which a page reads an image part by part; the parts are in `parts/` of the cache.
 * @param image as {@link softwareImage} gave it
 */
export async function softwareManifest(image: string, cache: string): Promise<string> {
  const path = `${image}.json`;
  const make = async (): Promise<void> => {
    if (await exists(path)) return;
    await writeWhole(path, JSON.stringify(await splitDisk(image, { cache, progress: () => undefined })));
  };
  await exclusively(join(cache, 'bench', 'lock'), make);
  return path;
}

/** What lies in the folder `bench`: the programs in the languages of the software, and what they work on. */
async function ownFiles(): Promise<Map<string, Buffer>> {
  const read = (name: string): Promise<Buffer> => readFile(fileURLToPath(new URL(name, import.meta.url)));
  return new Map([
    ['work.py', await read('software/work.py')],
    ['work.pl', await read('software/work.pl')],
    ['work.sql', await read('software/work.sql')],
    ['sha256.c', await read('programs/sha256.c')],
    ['bench.h', await read('programs/bench.h')],
    ['text', Buffer.from(makeText(TEXT_SIZE))],
    ['control', Buffer.from(control)],
    ['run', Buffer.from(softwareScript)],
  ]);
}

async function makeImage(
  path: string,
  arch: Arch,
  files: ReadonlyMap<string, Uint8Array>,
  { cache, log }: { readonly cache: string; readonly log: (line: string) => void },
): Promise<void> {
  log(`Making a disk with the software that is measured, for ${arch} …`);
  const options = await downloadOptions();
  // The release without its updates, which changes least.
  const [archive] = await findArchives();
  const suite = await readSuite(archive, join(cache, 'indices'), options, arch);
  const chosen = resolve(new Catalogue(suite.packages), packages, without);
  const size = chosen.reduce((sum, each) => sum + each.size, 0);
  log(`${chosen.length} packages, ${(size / 1e6).toFixed(0)} MB …`);
  await mkdir(join(cache, 'packages'), { recursive: true });
  const tree = new Tree();
  for (const each of chosen) {
    const file = packagePath(cache, each);
    if (!(await exists(file))) await download({ ...each, name: `The package ${each.name}` }, file, options);
    await unpack(await readFile(file), tree, (name) => isWantedInRoot(name) && !dropped.test(`/${name}`));
  }
  for (const folder of folders) tree.add(folder, { type: 'directory', mode: 0o755 });
  tree.add('tmp', { type: 'directory', mode: 0o1777 });
  for (const [link, target] of links) tree.addLink(link, target);
  for (const [name, data] of files) tree.addFile(`bench/${name}`, data);

  const temporary = temporaryBeside(path);
  try {
    await writeExt4(tree, temporary, { size: SOFTWARE_SIZE, date: new Date(suite.date) });
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}
