/** One writer for each disk, whatever tab or worker it runs in. */

import { BlockError } from './backend.ts';

/** The part of the Web Locks API that is used here; injected where there is none. */
export interface Locks {
  request<T>(
    name: string,
    options: { readonly ifAvailable: true },
    callback: (lock: object | null) => Promise<T>,
  ): Promise<T>;
}

/** Locks among the callers in one process: for tests, and for runtimes without Web Locks. */
export class LocalLocks implements Locks {
  readonly #held = new Set<string>();

  async request<T>(
    name: string,
    _options: { readonly ifAvailable: true },
    callback: (lock: object | null) => Promise<T>,
  ): Promise<T> {
    if (this.#held.has(name)) return callback(null);
    this.#held.add(name);
    try {
      return await callback({});
    } finally {
      this.#held.delete(name);
    }
  }
}

export type Release = () => Promise<void>;

/** Takes the lock of a disk, and returns what lets go of it, and resolves when another may have it. The browser lets go of it when the tab or worker ends. */
export function lockDisk(locks: Locks, id: string): Promise<Release> {
  return new Promise((resolve, reject) => {
    const held: Promise<void> = locks.request(`tabhyve-disk-${id}`, { ifAvailable: true }, async (lock) => {
      if (lock === null) {
        const message =
          `The disk "${id}" is in use: another tab of this browser, or another machine, writes to it. ` +
          'Stop that one, or open the disk read-only.';
        throw new BlockError('locked', message);
      }
      await new Promise<void>((release) => {
        resolve(() => {
          release();
          return held;
        });
      });
    });
    held.catch(reject);
  });
}
