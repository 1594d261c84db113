/**
 * A disk in a raw file: its bytes are the disk's, in place, and holes are what was never written or was discarded.
 *
 * Calls on overlapping ranges take effect in their order: a call waits for those before it that touch its range.
 */

import { constants, open, type FileHandle } from 'node:fs/promises';
import { messageOf } from '../../core/shared/message.ts';
import { BlockError, checkRange, checkSize, checkWritable, SECTOR } from './backend.ts';
import type { BlockGeometry, BlockUsage, WatchedBackend } from './backend.ts';
import type { BaseImage } from './base.ts';
import { CachedFile, DirectFile, openDirect, type FileBytes } from './file-bytes.node.ts';
import { fallocatePunch, HolePunch } from './hole-punch.node.ts';
import { UsageWatch } from './usage.ts';

export interface RawFileOptions {
  readonly path: string;
  readonly readOnly?: boolean;
  /** Bytes pass by the host's cache: Linux only, and files of whole blocks of 4096 bytes. */
  readonly noCache?: boolean;
  /** In bytes: a file that does not exist is made, and one that is shorter is extended by a hole. */
  readonly size?: number;
  /** Told once if holes cannot be punched here; default: a warning on stderr. */
  readonly warn?: (message: string) => void;
  /** Punches a hole, or rejects; default: fallocate of util-linux. */
  readonly punch?: (path: string, offset: number, length: number) => Promise<void>;
}

/** File systems allocate and free blocks of this size, mostly. */
const BLOCK = 4096;
const ZEROES = new Uint8Array(1024 * 1024);
/** How often the file is looked at whether it has become larger, in milliseconds. Notices of the host would come with each write, too. */
const LOOK = 1000;

function fileError(path: string, cause: unknown): BlockError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new BlockError('quota', `There is no room left for ${path}. Free some, and try again.`, { cause });
  }
  if (code === 'ENOENT') return new BlockError('missing', `There is no file ${path}.`, { cause });
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    const advice = 'Change its permissions, or use it read-only (ro).';
    return new BlockError('read-only', `${path} cannot be opened for writing. ${advice}`, { cause });
  }
  return new BlockError('store', `${path}: ${message}`, { cause });
}

interface Running {
  readonly from: number;
  readonly to: number;
  readonly done: Promise<unknown>;
}

export class RawFileBackend implements WatchedBackend {
  #geometry: BlockGeometry;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #bytes: FileBytes;
  readonly #warn: (message: string) => void;
  readonly #holes: HolePunch;
  readonly #running = new Set<Running>();
  readonly #watch = new UsageWatch(() => this.usage());
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: ReturnType<typeof setInterval> | undefined;
  #canPunch = true;
  #allocated = 0;
  #closed = false;

  static async open(options: RawFileOptions): Promise<RawFileBackend> {
    const { path, readOnly = false, noCache = false, size } = options;
    const { O_RDONLY, O_RDWR, O_CREAT } = constants;
    const make = size !== undefined && !readOnly;
    let file: FileHandle | undefined;
    try {
      const flags = readOnly ? O_RDONLY : O_RDWR | (make ? O_CREAT : 0);
      file = await (noCache ? openDirect(path, flags) : open(path, flags));
      let bytes = (await file.stat()).size;
      if (make && bytes < size) {
        checkSize(size);
        await file.truncate((bytes = size));
      }
      // What follows the last whole sector is no part of the disk.
      bytes -= bytes % SECTOR;
      checkSize(bytes);
      const contents = noCache ? await DirectFile.over(file, path, bytes) : new CachedFile(file);
      const backend = new RawFileBackend(file, contents, bytes, options);
      await backend.#measure();
      return backend;
    } catch (error) {
      await file?.close();
      throw error instanceof BlockError ? error : fileError(path, error);
    }
  }

  private constructor(file: FileHandle, bytes: FileBytes, size: number, options: RawFileOptions) {
    const { path, readOnly = false, warn, punch = fallocatePunch } = options;
    this.#geometry = { size, chunkSize: BLOCK, readOnly };
    this.#path = path;
    this.#file = file;
    this.#bytes = bytes;
    this.#warn = warn ?? ((message) => console.warn(message));
    this.#holes = new HolePunch((offset, length) => punch(path, offset, length));
  }

  get geometry(): BlockGeometry {
    return this.#geometry;
  }

  async read(offset: number, target: Uint8Array): Promise<void> {
    this.#check(offset, target.length, false);
    await this.#inTurn(offset, target.length, () => this.#bytes.read(offset, target));
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    this.#check(offset, data.length, true);
    await this.#inTurn(offset, data.length, () => this.#bytes.write(offset, data));
    this.#measureSoon();
  }

  async flush(): Promise<void> {
    this.#checkOpen();
    if (this.geometry.readOnly) return;
    await this.#file.datasync().catch((error: unknown) => this.#fail(error));
    await this.#measure();
  }

  async discard(offset: number, length: number): Promise<void> {
    await this.writeZeroes(offset, length, true);
  }

  async writeZeroes(offset: number, length: number, mayUnmap: boolean): Promise<void> {
    this.#check(offset, length, true);
    if (length === 0) return;
    await this.#inTurn(offset, length, async () => {
      if (mayUnmap && (await this.#tryToPunch(offset, length))) return;
      for (let at = 0; at < length; at += ZEROES.length) {
        await this.#bytes.write(offset + at, ZEROES.subarray(0, Math.min(ZEROES.length, length - at)));
      }
    });
    await this.#measure();
  }

  /** As of the last flush or discard; some 100 ms behind writes. */
  usage(): BlockUsage {
    return { allocatedBytes: this.#allocated, allocatedChunks: Math.ceil(this.#allocated / BLOCK), tombstones: 0 };
  }

  onUsage(listener: (usage: BlockUsage) => void): () => void {
    return this.#watch.add(listener);
  }

  /**
   * Lets the disk grow with its file, by whole units of so many bytes, and calls `listener` when it has. It is looked at once
   * a second until the disk is closed.
   */
  onGrown(listener: () => void, unit = SECTOR): void {
    clearInterval(this.#looking);
    const whole = Math.max(unit, this.#bytes.grain);
    const look = async (): Promise<void> => {
      const { size } = await this.#file.stat();
      const grown = size - (size % whole);
      if (this.#closed || grown <= this.#geometry.size) return;
      this.#geometry = { ...this.#geometry, size: grown };
      listener();
    };
    this.#looking = setInterval(() => void look().catch(() => undefined), LOOK).unref();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#looking);
    this.#watch.end();
    clearTimeout(this.#timer);
    await Promise.allSettled([...this.#running].map(({ done }) => done));
    try {
      if (!this.geometry.readOnly) await this.#file.datasync();
    } catch (error) {
      this.#fail(error);
    } finally {
      await this.#file.close();
    }
  }

  async #tryToPunch(offset: number, length: number): Promise<boolean> {
    if (!this.#canPunch) return false;
    try {
      await this.#holes.punch(offset, length);
      return true;
    } catch (error) {
      if (!this.#canPunch) return false;
      this.#canPunch = false;
      const stays = `${this.#path}: discarded space stays allocated, as zeroes`;
      this.#warn(`${stays}: no holes can be punched here (${messageOf(error)}).`);
      return false;
    }
  }

  /** Runs `action` after all earlier calls that touch its range. */
  async #inTurn(offset: number, length: number, action: () => Promise<void>): Promise<void> {
    const { grain } = this.#bytes;
    const from = Math.floor(offset / grain) * grain;
    const to = Math.ceil((offset + length) / grain) * grain;
    const earlier = [...this.#running].filter((other) => other.from < to && from < other.to).map(({ done }) => done);
    const done = (earlier.length > 0 ? Promise.allSettled(earlier).then(action) : action()).catch((error: unknown) =>
      this.#fail(error),
    );
    const running = { from, to, done };
    this.#running.add(running);
    try {
      await done;
    } finally {
      this.#running.delete(running);
    }
  }

  #measureSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#measure().catch(() => {});
    }, 100);
  }

  async #measure(): Promise<void> {
    const { blocks } = await this.#file.stat().catch((error: unknown) => this.#fail(error));
    if (blocks * 512 === this.#allocated) return;
    this.#allocated = blocks * 512;
    this.#watch.touch();
  }

  #fail(error: unknown): never {
    throw error instanceof BlockError ? error : fileError(this.#path, error);
  }

  #check(offset: number, length: number, write: boolean): void {
    this.#checkOpen();
    checkRange(this.geometry, offset, length);
    if (write) checkWritable(this.geometry);
  }

  #checkOpen(): void {
    if (this.#closed) throw new BlockError('closed', 'This disk is closed.');
  }
}

/** A raw file that a throw-away overlay lies over. It is read in place. */
export async function fileBase(path: string, options: Pick<RawFileOptions, 'noCache'> = {}): Promise<BaseImage> {
  const backend = await RawFileBackend.open({ ...options, path, readOnly: true });
  const { size } = backend.geometry;
  return {
    size,
    identity: `file:${path}:${size}`,
    read: (offset, target) => backend.read(offset, target),
    isHole: () => false,
    close: () => backend.close(),
  };
}
