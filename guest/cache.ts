import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where downloads and images are kept: TABHYVE_CACHE, or `tabhyve` in the user's cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const own = env['TABHYVE_CACHE'];
  if (own !== undefined && own !== '') return own;
  const caches = env['XDG_CACHE_HOME'];
  return join(caches !== undefined && caches !== '' ? caches : join(homedir(), '.cache'), 'tabhyve');
}

/** Whether a file is there, with this size if one is given. */
export async function exists(path: string, size?: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && (size === undefined || found.size === size);
}

/** A name beside `path` that no other process uses; what is made there is then renamed to `path`, whole or not at all. */
export function temporaryBeside(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
}

/** Writes a file that others see whole or not at all, and makes the folders above it. */
export async function writeWhole(path: string, data: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = temporaryBeside(path);
  try {
    await writeFile(temporary, data);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** A lock whose holder has not touched it for so long is left over from a process that died. */
const STALE = 30_000;
const HEARTBEAT = 5_000;
/** Who waits looks this often, in milliseconds, and says so after so many looks. */
const PAUSE = 100;
const WAITING_TRIES = 15;

/**
 * Runs `work` while no other process does, under a lock file. The lock saves double work and nothing else depends on it: files
 * in the cache are verified or renamed into place, so that even two holders at once could not damage it.
 * @param waiting called once, if another process has to be waited for more than a moment
 */
export async function exclusively<T>(
  path: string,
  work: () => Promise<T>,
  { signal, waiting }: { signal?: AbortSignal | undefined; waiting?: () => void } = {},
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const holder = `${hostname()} ${process.pid} ${randomBytes(4).toString('hex')}`;
  for (let tries = 1; !(await create(path, holder)); tries++) {
    if (await isAbandoned(path)) {
      await rm(path, { force: true });
      continue;
    }
    // Most holders find everything there, and are done at once.
    if (tries === WAITING_TRIES) waiting?.();
    await sleep(PAUSE, undefined, { signal });
  }
  const heartbeat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), HEARTBEAT);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if ((await readFile(path, 'utf8').catch(() => '')) === holder) await rm(path, { force: true });
  }
}

async function create(path: string, holder: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(holder);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const [holder, found] = await Promise.all([readFile(path, 'utf8'), stat(path)]).catch(() => []);
  if (holder === undefined || found === undefined) return false;
  if (Date.now() - found.mtimeMs > STALE) return true;
  const [host, id] = holder.split(' ');
  return host === hostname() && id !== undefined && !isRunning(Number(id));
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
