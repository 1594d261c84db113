/** The one cache of base images that a thread has, and how large it may be. */

import { quota } from '../quota.ts';
import { BaseCache, type BaseCacheHost } from './base-cache.ts';

/** Bytes of the budget, at most; and how much of what is free for this origin it may be. */
const MOST = 512 * 1024 * 1024;
const SHARE = 0.25;
/** Where the browser does not say how much is free. */
const UNKNOWN = 128 * 1024 * 1024;

const storage: BaseCacheHost['storage'] = async () => {
  const { usage, quota: limit } = await quota();
  return limit === 0 ? { usage: NaN, quota: NaN } : { usage, quota: limit };
};

async function budget(used: number): Promise<number> {
  const { usage, quota: limit } = await storage();
  return Number.isNaN(limit) ? UNKNOWN : Math.min(MOST, SHARE * Math.max(0, limit - usage + used));
}

let shared: BaseCache | undefined;

/** The cache of this origin; undefined where the browser keeps nothing. */
export function baseCache(): BaseCache | undefined {
  if (typeof indexedDB === 'undefined' || typeof IDBKeyRange === 'undefined') return undefined;
  shared ??= new BaseCache({ factory: indexedDB, now: () => Date.now(), budget, storage });
  return shared;
}

/**
 * Gives the space of the cache to the disks: to be called when the quota is full. Resolves to whether it may be worth
 * trying again.
 */
export async function giveUpBaseCache(): Promise<boolean> {
  return (await baseCache()?.giveUp()) ?? false;
}
