import { cacheFolder, writeWhole } from './cache.ts';
import { formatLock } from './lock.ts';
import { lockCurrent } from './obtain.ts';
import { lockFile, type PrepareOptions } from './build.ts';

/** Writes guest/images.lock.json anew, with the suite's current packages. */
export async function relock({ log, progress, signal, cacheDir }: PrepareOptions): Promise<void> {
  const cache = cacheDir ?? cacheFolder();
  const lock = await lockCurrent({ log, progress: progress ?? (() => undefined), signal, cache });
  await writeWhole(lockFile, formatLock(lock));
  for (const [group, pins] of Object.entries(lock.packages)) log(`${group}: ${pins.length} packages`);
}
