import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lockFile, makeImages, type Images } from './build.ts';
import { cacheFolder, exclusively, writeWhole } from './cache.ts';
import { formatLock } from './lock.ts';
import { lockCurrent } from './obtain.ts';
import type { Progress } from './progress.ts';
import { publish } from './publish.ts';

export type { Images } from './build.ts';
export { cmdline, cmdlineWords } from './cmdline.ts';
export { ImageError, type ImageErrorCode } from './errors.ts';
export { createRenderer, formatProgress, type Progress, type Renderer } from './progress.ts';
export type { DiskManifest, ImagesIndex, PublishedFile } from './publish.ts';

export interface PrepareOptions {
  /** Receives one lasting line for a person at a time, without a newline. */
  readonly log: (line: string) => void;
  /** Receives how far it is, which createRenderer shows in a terminal. Without it, `log` is told what begins. */
  readonly progress?: (event: Progress) => void;
  readonly signal?: AbortSignal;
  /** Where downloads and images are kept; by default TABHYVE_CACHE, or `tabhyve` in the user's cache folder. */
  readonly cacheDir?: string;
  /** Whether to put the images, compressed, where the page's server finds them; it does if not given. */
  readonly publish?: boolean;
}

const publicFolder = fileURLToPath(new URL('../public/guest/', import.meta.url));

/**
 * Makes the guest images that the page and the runner start from, and returns where they are. What is there already is not made again, and
 * then no network is needed.
 * @throws ImageError with a message for a person; or the signal's reason
 */
export async function prepareImages(options: PrepareOptions): Promise<Images> {
  const obtain = obtainOptions(options);
  const { cache, progress, signal } = obtain;
  const work = async () => {
    const images = await makeImages(obtain);
    if (options.publish !== false) await publish(images, { cache, progress, signal, folder: publicFolder });
    return images;
  };
  const waiting = () => options.log('Another process prepares the guest images; waiting for it …');
  return exclusively(join(cache, 'lock'), work, { signal, waiting });
}

/** Writes guest/images.lock.json anew, with the suite's current packages. */
export async function relock(options: PrepareOptions): Promise<void> {
  const lock = await lockCurrent(obtainOptions(options));
  await writeWhole(lockFile, formatLock(lock));
  for (const [group, pins] of Object.entries(lock.packages)) options.log(`${group}: ${pins.length} packages`);
}

function obtainOptions({ log, progress = announce(log), signal, cacheDir = cacheFolder() }: PrepareOptions) {
  return { log, progress, signal, cache: cacheDir };
}

/** In place of progress: one line as each part of the work begins. */
function announce(log: PrepareOptions['log']): (event: Progress) => void {
  let last: string | undefined;
  return ({ detail }) => {
    if (detail !== last) log(`${detail} …`);
    last = detail;
  };
}
