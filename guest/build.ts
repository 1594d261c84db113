import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, exclusively, exists, temporaryBeside } from './cache.ts';
import { cmdline } from './cmdline.ts';
import { unpack } from './deb.ts';
import { makeInitrd } from './initrd.ts';
import { isKernel, kernelIn } from './kernel.ts';
import { groups, parseLock, type Group, type Lock } from './lock.ts';
import { collectModules } from './modules.ts';
import { obtainPackages, packagePath, type ObtainOptions } from './obtain.ts';
import type { Progress } from './progress.ts';
import { initrdModules } from './recipes.ts';
import { Tree } from './tree.ts';

export interface PrepareOptions {
  /** Receives one line for a person at a time, without a newline. */
  readonly log: (line: string) => void;
  readonly progress?: (event: Progress) => void;
  readonly signal?: AbortSignal;
  /** Where downloads and images are kept; by default TABHYVE_CACHE or the user's cache folder. */
  readonly cacheDir?: string;
}

/** Absolute paths of the raw images, and the kernel's command line. */
export interface Images {
  readonly kernel: string;
  readonly initrd: string;
  readonly root: string;
  readonly cmdline: string;
}

export const lockFile = fileURLToPath(new URL('images.lock.json', import.meta.url));

/** Makes the images that are not in the cache yet. Nothing is done, and no network used, if all are. */
export async function makeImages(options: PrepareOptions): Promise<Images> {
  const cache = options.cacheDir ?? cacheFolder();
  const obtain: ObtainOptions = {
    log: options.log,
    progress: options.progress ?? (() => undefined),
    signal: options.signal,
    cache,
  };
  const locked = parseLock(await readFile(lockFile, 'utf8'));
  const waiting = () => options.log('Another process prepares the images; waiting for it …');
  return exclusively(join(cache, 'lock'), () => build(locked, obtain), { signal: options.signal, waiting });
}

async function build(locked: Lock, options: ObtainOptions): Promise<Images> {
  const lock = await obtainPackages(locked, options);
  const folder = join(options.cache, 'images', await inputsId(lock));
  if (!(await exists(folder))) {
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

async function fill(folder: string, lock: Lock, options: ObtainOptions): Promise<void> {
  const read = (group: Group) => lock.packages[group].map((pin) => readFile(packagePath(options.cache, pin)));
  const tree = new Tree();
  const isWanted = (path: string) => isKernel(path) || path.includes('.ko');
  for (const deb of read('kernel')) await unpack(await deb, tree, isWanted);
  await writeFile(join(folder, 'Image'), kernelIn(tree));

  const modules = await collectModules(tree, initrdModules);
  const busybox = new Tree();
  for (const deb of read('initrd')) await unpack(await deb, busybox);
  const init = await readFile(new URL('initrd/init', import.meta.url));
  await writeFile(join(folder, 'initrd.cpio'), makeInitrd(busybox, modules, init));
}

/** A name for all that the images depend on: the packages, and this folder's own sources, whatever changes in them. */
async function inputsId(lock: Lock): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([lock.date, groups.map((group) => lock.packages[group])]));
  const root = fileURLToPath(new URL('.', import.meta.url));
  const files = await readdir(root, { recursive: true });
  for (const file of files.sort()) {
    if (/\.test\.ts$|\.lock\.json$|tsconfig|(^|\/)testing\//.test(file) || !(await stat(join(root, file))).isFile())
      continue;
    hash.update(`\0${file}\0`).update(await readFile(join(root, file)));
  }
  return hash.digest('hex').slice(0, 16);
}
