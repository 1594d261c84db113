/**
 * Who may use a disk, whatever tab or worker they run in: one who changes it, or any number who need it to stay as it is.
 */

import { BlockError } from './backend.ts';

/** `exclusive`: for who changes the disk; `shared`: for those who need it to stay as it is. */
export type LockMode = 'exclusive' | 'shared';

export interface LockRequest {
  readonly mode?: LockMode;
  /** Calls back with null at once where the lock is not free. */
  readonly ifAvailable?: boolean;
  /** Ends the wait for the lock: the request rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The part of the Web Locks API that is used here; injected where there is none. */
export interface Locks {
  request<T>(name: string, options: LockRequest, callback: (lock: object | null) => Promise<T>): Promise<T>;
  query(): Promise<{ readonly held?: readonly { readonly name?: string; readonly mode?: LockMode }[] }>;
}

interface Waiting {
  readonly mode: LockMode;
  readonly grant: () => void;
}

/** One lock: who has it, and who waits, first come first served. */
class LocalLock {
  holders = 0;
  mode: LockMode = 'shared';
  readonly waiting: Waiting[] = [];

  isFree(mode: LockMode): boolean {
    return this.holders === 0 || (this.mode === 'shared' && mode === 'shared' && this.waiting.length === 0);
  }

  take(mode: LockMode): void {
    this.holders++;
    this.mode = mode;
  }

  letGo(): void {
    this.holders--;
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      if (this.holders > 0 && (this.mode === 'exclusive' || next.mode === 'exclusive')) return;
      this.waiting.shift();
      this.take(next.mode);
      next.grant();
    }
  }
}

/** Locks among the callers in one process: for tests, and for runtimes without Web Locks. */
export class LocalLocks implements Locks {
  readonly #locks = new Map<string, LocalLock>();

  async request<T>(
    name: string,
    { mode = 'exclusive', ifAvailable = false, signal }: LockRequest,
    callback: (lock: object | null) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const lock = this.#locks.get(name) ?? new LocalLock();
    this.#locks.set(name, lock);
    if (lock.isFree(mode)) lock.take(mode);
    else if (ifAvailable) return callback(null);
    else await turn(lock, mode, signal);
    try {
      return await callback({});
    } finally {
      lock.letGo();
      if (lock.holders === 0) this.#locks.delete(name);
    }
  }

  async query(): Promise<{ held: { name: string; mode: LockMode }[] }> {
    return { held: [...this.#locks].map(([name, { mode }]) => ({ name, mode })) };
  }
}

function turn(lock: LocalLock, mode: LockMode, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      lock.waiting.splice(lock.waiting.indexOf(waiting), 1);
      reject(signal?.reason as Error);
    };
    const grant = (): void => {
      signal?.removeEventListener('abort', giveUp);
      resolve();
    };
    const waiting = { mode, grant };
    lock.waiting.push(waiting);
    signal?.addEventListener('abort', giveUp);
  });
}

const PREFIX = 'tabhyve-disk-';

/** Lets go of a lock; resolves when another may have it. */
export type Release = () => Promise<void>;

export interface LockOptions {
  readonly mode?: LockMode;
  /** Waits for the lock until the signal is aborted. Without it, a lock that is not free is an error. */
  readonly wait?: AbortSignal | undefined;
}

/** Takes the lock of a disk. The browser lets go of it when the tab or worker ends. */
export function lockDisk(locks: Locks, id: string, { mode = 'exclusive', wait }: LockOptions = {}): Promise<Release> {
  return new Promise((resolve, reject) => {
    const request = wait ? { mode, signal: wait } : { mode, ifAvailable: true };
    const held: Promise<void> = locks.request(PREFIX + id, request, async (lock) => {
      if (lock === null) throw new BlockError('locked', inUse(id, mode));
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

function inUse(id: string, mode: LockMode): string {
  const user = `The disk "${id}" is in use: another tab of this browser, or another machine,`;
  return mode === 'exclusive'
    ? `${user} writes to it, or needs it to stay as it is. Stop that one, or open the disk read-only.`
    : `${user} writes to it. Stop that one, and try again.`;
}

/** Which disks are in use by whom; nothing where the platform cannot say. */
export async function lockedDisks(locks: Locks): Promise<ReadonlyMap<string, LockMode>> {
  const { held = [] } = await locks.query();
  const disks = held.flatMap(({ name = '', mode = 'exclusive' }): [string, LockMode][] =>
    name.startsWith(PREFIX) ? [[name.slice(PREFIX.length), mode]] : [],
  );
  return new Map(disks);
}
