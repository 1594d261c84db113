/** What v86 boots, of Debian's packages for i386: fetched and verified as the guest's own are, and kept in the cache. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, exclusively, exists, temporaryBeside, writeWhole } from '../../guest/cache.ts';
import { unpack } from '../../guest/deb.ts';
import { download } from '../../guest/download.ts';
import { ImageError } from '../../guest/errors.ts';
import { findArchives } from '../../guest/mirror.ts';
import { downloadOptions, packagePath } from '../../guest/obtain.ts';
import { Catalogue, type Package } from '../../guest/packages.ts';
import { readSuite } from '../../guest/suite.ts';
import { Tree } from '../../guest/tree.ts';
import { isModule, modulesIn } from './modules.ts';

interface Wanted {
  readonly suite: string;
  /** The package, or one that depends on it alone. */
  readonly package: string;
  readonly file: RegExp;
}

/** Debian 13 has no kernel for i386 any more. */
const wanted = {
  kernel: { suite: 'bookworm', package: 'linux-image-686', file: /^boot\/vmlinuz-/ },
  busybox: { suite: 'trixie', package: 'busybox-static', file: /^usr\/bin\/busybox$/ },
  bios: { suite: 'trixie', package: 'seabios', file: /^usr\/share\/seabios\/bios\.bin$/ },
} satisfies Record<string, Wanted>;

/** The kernel's modules for a disk: v86's IDE controller, and ext4 with the checksums that it and the disk's layer look up. */
const modules = ['crc32c_generic', 'crct10dif_generic', 'ata_piix', 'sd_mod', 'ext4'];

type FileName = keyof typeof wanted;
const names = Object.keys(wanted) as FileName[];

/** Paths of files, and the package and version of each. */
export interface PeerFiles {
  readonly paths: Readonly<Record<FileName, string>>;
  readonly origins: Readonly<Record<FileName, string>>;
  /** What the kernel needs to mount a disk, in the order in which it is loaded. */
  readonly modules: ReadonlyMap<string, Uint8Array>;
}

/**
 * The newest that the suites have when it is first called; from then on what is in the cache, without a network.
 * @throws ImageError
 */
export async function obtainPeerFiles(log: (line: string) => void): Promise<PeerFiles> {
  const cache = cacheFolder();
  const folder = join(cache, `v86-${fingerprint()}`);
  return exclusively(join(cache, 'v86.lock'), async () => {
    if (!(await exists(folder))) await fill(folder, cache, log);
    const origins = JSON.parse(await readFile(join(folder, ORIGINS), 'utf8')) as PeerFiles['origins'];
    return {
      paths: Object.fromEntries(names.map((name) => [name, join(folder, name)])) as PeerFiles['paths'],
      origins,
      modules: await readAll(join(folder, MODULES)),
    };
  });
}

/** Of what is asked for: a folder of something else is not taken for it. */
function fingerprint(): string {
  const asked = names.map((name) => [name, wanted[name].suite, wanted[name].package, wanted[name].file.source]);
  const text = JSON.stringify([asked, modules]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The files of a folder by name, in the order of their names. */
async function readAll(folder: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of (await readdir(folder)).sort()) files.set(name, await readFile(join(folder, name)));
  return files;
}

const MODULES = 'modules';
const ORIGINS = 'origins.json';

async function fill(folder: string, cache: string, log: (line: string) => void): Promise<void> {
  const temporary = temporaryBeside(folder);
  await mkdir(temporary, { recursive: true });
  try {
    const catalogues = await readCatalogues(cache);
    const origins: Partial<Record<FileName, string>> = {};
    for (const name of names) {
      const { suite, package: asked, file } = wanted[name];
      const found = packageIn(catalogues.get(suite), asked);
      log(`Fetching ${found.name} ${found.version} for v86 …`);
      const tree = await unpacked(found, cache, (path) => file.test(path) || isModule(path));
      await writeFile(join(temporary, name), fileOf(tree, file, found));
      if (name === 'kernel') await writeModules(tree, join(temporary, MODULES));
      origins[name] = `${found.name} ${found.version}`;
    }
    await writeWhole(join(temporary, ORIGINS), JSON.stringify(origins));
    await rename(temporary, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** By suite. */
async function readCatalogues(cache: string): Promise<Map<string, Catalogue>> {
  const [archive] = await findArchives();
  const options = await downloadOptions();
  const catalogues = new Map<string, Catalogue>();
  for (const suite of new Set(names.map((name) => wanted[name].suite))) {
    const { packages } = await readSuite({ base: archive.base, suite }, join(cache, 'indices'), options, 'i386');
    catalogues.set(suite, new Catalogue(packages));
  }
  return catalogues;
}

/** A package, or what it stands for: the kernel's newest version is what linux-image-686 depends on. */
export function packageIn(catalogue: Catalogue | undefined, name: string): Package {
  const found = catalogue?.newest(name);
  const meant = found?.depends.flat().find((each) => each.startsWith('linux-image-'));
  const result = meant === undefined ? found : catalogue?.newest(meant);
  if (result === undefined) throw new ImageError('no-package', `The suite has no package ${meant ?? name} for i386.`);
  return result;
}

async function unpacked(from: Package, cache: string, isWanted: (path: string) => boolean): Promise<Tree> {
  const path = packagePath(cache, from);
  if (!(await exists(path))) {
    await mkdir(join(cache, 'packages'), { recursive: true });
    await download({ ...from, name: `The package ${from.name} ${from.version}` }, path, await downloadOptions());
  }
  const tree = new Tree();
  await unpack(await readFile(path), tree, isWanted);
  return tree;
}

function fileOf(tree: Tree, file: RegExp, { name }: Package): Uint8Array {
  const path = tree.entries().find(([each]) => file.test(each) && tree.file(each) !== undefined)?.[0];
  const bytes = path === undefined ? undefined : tree.file(path);
  if (bytes === undefined) throw new ImageError('bad-archive', `${name} has no file ${file.source}.`);
  return bytes;
}

/** Under names whose order is that of loading. */
async function writeModules(tree: Tree, folder: string): Promise<void> {
  await mkdir(folder);
  for (const [index, { name, data }] of (await modulesIn(tree, modules)).entries())
    await writeFile(join(folder, `${String(index).padStart(2, '0')}-${name}.ko`), data);
}
