import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ImageError, reasonOf } from './errors.ts';
import { get, type GetOptions } from './http.ts';

/** A file that must come out exactly as described, wherever it comes from. */
export interface Wanted {
  /** For messages. */
  readonly name: string;
  readonly url: URL;
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}

export interface DownloadOptions extends Pick<GetOptions, 'signal' | 'proxy' | 'silence'> {
  /** Called with the bytes that are there so far; falls when a download has to start over. */
  readonly progress?: (received: number) => void;
  /** The pause before a first retry in milliseconds; it doubles with each that follows. */
  readonly pause?: number;
}

/** Attempts in a row that may bring nothing new. */
const MOST_FAILURES = 5;

/**
 * Brings a file to `path`, which appears only when it is complete and verified. What arrived before an interruption stays in
 * `path.part` and is continued, if the server can (RFC 9110, section 14, Range Requests), by this call or a later one.
 * @throws ImageError `not-found`, `unreachable` or `bad-hash`
 */
export async function download(wanted: Wanted, path: string, options: DownloadOptions = {}): Promise<void> {
  const part = `${path}.part`;
  let furthest = await sizeOf(part);
  let mismatches = 0;
  for (let failures = 0; ;) {
    options.signal?.throwIfAborted();
    try {
      await continuePart(wanted, part, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof ImageError) throw error;
      const reached = await sizeOf(part);
      failures = reached > furthest ? 1 : failures + 1;
      furthest = Math.max(furthest, reached);
      if (failures === MOST_FAILURES) {
        const message = `${wanted.name} cannot be downloaded from ${wanted.url.href}: ${reasonOf(error)}.`;
        throw new ImageError('unreachable', `${message} Try again: it continues where it stopped.`, { cause: error });
      }
      await sleep((options.pause ?? 500) * 2 ** (failures - 1), undefined, { signal: options.signal });
      continue;
    }
    if ((await hashFile(part)) === wanted.sha256) return rename(part, path);
    await rm(part, { force: true });
    // What was left of an earlier, damaged attempt deserves one more; a second mismatch is the mirror's.
    if (++mismatches === 2) throw notTheFile(wanted, 'its SHA-256 differs');
  }
}

function notTheFile({ name, url }: Wanted, how: string): ImageError {
  const message = `${name} from ${url.href} is not the file that the signed index names (${how}). Nothing of it was used.`;
  return new ImageError('bad-hash', `${message} Try again later, or another mirror: TABHYVE_DEBIAN_MIRROR.`);
}

/** Reads until the part has its full size, and throws if the body ends before. */
async function continuePart(wanted: Wanted, part: string, options: DownloadOptions): Promise<void> {
  let have = await sizeOf(part);
  if (have > wanted.size) {
    await rm(part);
    have = 0;
  }
  if (have === wanted.size && have > 0) return;

  const headers: Record<string, string> = have > 0 ? { range: `bytes=${have}-` } : {};
  const { status, headers: answered, body } = await get(wanted.url, { ...options, headers });
  const continues = status === 206 && answered['content-range']?.startsWith(`bytes ${have}-`) === true;
  if (status !== 200 && !continues) {
    body.destroy();
    if (status === 404 || status === 410)
      throw new ImageError('not-found', `${wanted.name} is not at ${wanted.url.href}.`);
    if (status === 206 || status === 416) await rm(part, { force: true });
    throw new Error(`the server answered ${status}`);
  }

  const whole = answered['content-length'];
  if (!continues && whole !== undefined && Number(whole) !== wanted.size) {
    body.destroy();
    throw notTheFile(wanted, `it has ${whole} bytes instead of ${wanted.size}`);
  }

  let received = continues ? have : 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      options.progress?.(received);
      done(received > wanted.size ? notTheFile(wanted, `it has more than ${wanted.size} bytes`) : null, chunk);
    },
  });
  const file = createWriteStream(part, { flags: continues ? 'a' : 'w' });
  await pipeline(body, count, file, options.signal === undefined ? {} : { signal: options.signal });
  if (received < wanted.size) throw new Error(`the connection ended after ${received} of ${wanted.size} bytes`);
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

/** The SHA-256 of a file, in hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
