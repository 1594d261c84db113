import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exists, temporaryBeside } from './cache.ts';
import { cmdline } from './cmdline.ts';
import { unpack } from './deb.ts';
import { writeExt4 } from './ext4.ts';
import { makeInitrd } from './initrd.ts';
import { isKernel, kernelIn } from './kernel.ts';
import { groups, parseLock, type Group, type Lock } from './lock.ts';
import { collectModules } from './modules.ts';
import { obtainPackages, packagePath, type ObtainOptions } from './obtain.ts';
import { initrdModules } from './recipes.ts';
import { configureRoot, isWantedInRoot, ROOT_SIZE } from './root.ts';
import { Tree } from './tree.ts';

/** Absolute paths of the raw images, and the kernel's command line. */
export interface Images {
  readonly kernel: string;
  readonly initrd: string;
  readonly root: string;
  readonly cmdline: string;
}

export const lockFile = fileURLToPath(new URL('images.lock.json', import.meta.url));

/** Images that no preparation has asked for during this time are removed, in milliseconds. */
const FORGOTTEN = 30 * 24 * 60 * 60 * 1000;

/** Makes the images that are not in the cache yet. Nothing is done, and no network used, if all are. */
export async function makeImages(options: ObtainOptions): Promise<Images> {
  const lock = await obtainPackages(parseLock(await readFile(lockFile, 'utf8')), options);
  const all = join(options.cache, 'images');
  const folder = join(all, await inputsId(lock));
  if (!(await exists(folder))) {
    await removeForgotten(all);
    const temporary = temporaryBeside(folder);
    await mkdir(temporary, { recursive: true });
    try {
      await fill(temporary, lock, options);
      await rename(temporary, folder);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }
  await utimes(folder, new Date(), new Date());
  return {
    kernel: join(folder, 'Image'),
    initrd: join(folder, 'initrd.cpio'),
    root: join(folder, 'root.img'),
    cmdline,
  };
}

async function removeForgotten(all: string): Promise<void> {
  for (const name of await readdir(all).catch(() => [])) {
    const { mtimeMs } = await stat(join(all, name));
    if (Date.now() - mtimeMs > FORGOTTEN) await rm(join(all, name), { recursive: true, force: true });
  }
}

async function fill(folder: string, lock: Lock, options: ObtainOptions): Promise<void> {
  const { cache, progress, signal } = options;
  /** Unpacks a group of packages into a tree. */
  const unpackAll = async (group: Group, keep?: (path: string) => boolean) => {
    const pins = lock.packages[group];
    const tree = new Tree();
    const report = (done: number) =>
      progress({ step: group, done, total: pins.length, unit: 'items', detail: `Unpacking packages for the ${group}` });
    for (const [index, pin] of pins.entries()) {
      signal?.throwIfAborted();
      report(index);
      await unpack(await readFile(packagePath(cache, pin)), tree, keep);
    }
    report(pins.length);
    return tree;
  };

  const kernel = await unpackAll('kernel', (path) => isKernel(path) || path.includes('.ko'));
  await writeFile(join(folder, 'Image'), kernelIn(kernel));

  const modules = await collectModules(kernel, initrdModules);
  const init = await readFile(new URL('initrd/init', import.meta.url));
  await writeFile(join(folder, 'initrd.cpio'), makeInitrd(await unpackAll('initrd'), modules, init));

  const root = await unpackAll('root', isWantedInRoot);
  await configureRoot(root, fileURLToPath(new URL('rootfs', import.meta.url)));
  await writeExt4(root, join(folder, 'root.img'), { size: ROOT_SIZE, date: new Date(lock.date), signal });
}

/** Files of this folder that the images do not depend on. */
const noInput = /\.test\.ts$|\.lock\.json$|\.md$|tsconfig|(^|\/)(testing|programs)\//;

/** A name for all that the images depend on: the packages, and this folder's own sources, whatever changes in them. */
async function inputsId(lock: Lock): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([lock.date, groups.map((group) => lock.packages[group])]));
  const root = fileURLToPath(new URL('.', import.meta.url));
  const files = await readdir(root, { recursive: true });
  for (const file of files.sort()) {
    if (noInput.test(file) || !(await stat(join(root, file))).isFile()) continue;
    hash.update(`\0${file}\0`).update(await readFile(join(root, file)));
  }
  return hash.digest('hex').slice(0, 16);
}
