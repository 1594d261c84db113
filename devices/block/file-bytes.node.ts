/** The bytes of a file on the host: through the host's cache, or past it. */

import { constants, open, type FileHandle } from 'node:fs/promises';
import { BlockError } from './backend.ts';

/** A file of which bytes are read and written in place. */
export interface FileBytes {
  /** Calls that are under way at once must not touch the same block of so many bytes, unless all of them read. */
  readonly grain: number;
  /** Fills `target` from `offset`. Beyond the end of the file, which someone may have cut short, are zeroes. */
  read(offset: number, target: Uint8Array): Promise<void>;
  write(offset: number, data: Uint8Array): Promise<void>;
}

/** Through the host's cache. */
export class CachedFile implements FileBytes {
  readonly grain = 1;
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  read(offset: number, target: Uint8Array): Promise<void> {
    return readAll(this.#file, offset, target);
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length;) {
      at += (await this.#file.write(data, at, data.length - at, offset + at)).bytesWritten;
    }
  }
}

/** What offsets, lengths and memory are multiples of: at least what any common file system asks for. */
const BLOCK = 4096;
/** Pieces that are read or written at once, as many as Node has threads for files. */
const PIECES = 4;
const PIECE = 1024 * 1024;

/** For {@link DirectFile}: opens a file past the host's cache. Rejects with BlockError, or as `open` does. */
export async function openDirect(path: string, flags: number): Promise<FileHandle> {
  const { O_DIRECT } = constants as Partial<typeof constants>;
  if (O_DIRECT === undefined) {
    throw new BlockError('store', `${path}: only on Linux can the host's cache be passed by: leave out nocache.`);
  }
  return open(path, flags | O_DIRECT, 0o666).catch((cause: unknown) => refuse(path, cause));
}

/**
 * Past the host's cache (open(2), O_DIRECT). The host takes whole blocks only, from memory that begins at one, so bytes go by
 * pieces of a WebAssembly memory, which engines place on whole pages. With a part of a block its rest is read and written.
 */
export class DirectFile implements FileBytes {
  readonly grain = BLOCK;
  readonly #file: FileHandle;
  readonly #free: Memory[];
  readonly #waiting: ((memory: Memory) => void)[] = [];

  /** `size`, of the file, in bytes. Rejects with BlockError if the host does not take what this does. */
  static async over(file: FileHandle, path: string, size: number): Promise<DirectFile> {
    if (size % BLOCK !== 0) {
      const advice = `make it larger (truncate -s %${BLOCK} ${path}), or leave out nocache`;
      throw new BlockError(
        'range',
        `${path} has ${size} bytes, and nocache needs whole blocks of ${BLOCK}: ${advice}.`,
      );
    }
    const direct = new DirectFile(file);
    await direct.read(0, new Uint8Array(1)).catch((cause: unknown) => refuse(path, cause));
    return direct;
  }

  private constructor(file: FileHandle) {
    this.#file = file;
    const pages = (PIECES * PIECE) / 65536;
    const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.#free = Array.from({ length: PIECES }, (_, i) => new Uint8Array(buffer, i * PIECE, PIECE));
  }

  async read(offset: number, target: Uint8Array): Promise<void> {
    await this.#inPieces(offset, target.length, async ({ blocks, from, at, start, length }) => {
      await readAll(this.#file, from, blocks);
      target.set(blocks.subarray(start, start + length), at);
    });
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    await this.#inPieces(offset, data.length, async ({ blocks, from, at, start, length }) => {
      const last = blocks.length - BLOCK;
      const isCut = start + length < blocks.length;
      if (start > 0 || (isCut && last === 0)) await readAll(this.#file, from, blocks.subarray(0, BLOCK));
      if (isCut && last > 0) await readAll(this.#file, from + last, blocks.subarray(last));
      blocks.set(data.subarray(at, at + length), start);
      for (let written = 0; written < blocks.length;) {
        const rest = blocks.length - written;
        const { bytesWritten } = await this.#file.write(blocks, written, rest, from + written);
        if (bytesWritten < BLOCK) throw new Error(`wrote ${bytesWritten} of ${rest} bytes`);
        written += bytesWritten - (bytesWritten % BLOCK);
      }
    });
  }

  /** One piece after the other: whole blocks around what is wanted. */
  async #inPieces(offset: number, length: number, action: (piece: Piece) => Promise<void>): Promise<void> {
    for (let at = 0; at < length;) {
      const start = (offset + at) % BLOCK;
      const from = offset + at - start;
      const part = Math.min(length - at, PIECE - start);
      const memory = this.#free.pop() ?? (await new Promise<Memory>((resolve) => this.#waiting.push(resolve)));
      try {
        const blocks = memory.subarray(0, Math.ceil((start + part) / BLOCK) * BLOCK);
        await action({ blocks, from, at, start, length: part });
      } finally {
        const next = this.#waiting.shift();
        if (next) next(memory);
        else this.#free.push(memory);
      }
      at += part;
    }
  }
}

type Memory = Uint8Array<ArrayBuffer>;

interface Piece {
  /** Memory for the blocks from `from`. */
  readonly blocks: Memory;
  readonly from: number;
  /** Which part of the call it is: `length` bytes from `at` of the caller's, at `start` of the blocks. */
  readonly at: number;
  readonly start: number;
  readonly length: number;
}

async function readAll(file: FileHandle, offset: number, target: Uint8Array): Promise<void> {
  for (let at = 0; at < target.length;) {
    const { bytesRead } = await file.read(target, at, target.length - at, offset + at);
    if (bytesRead === 0) target.fill(0, (at = target.length));
    at += bytesRead;
  }
}

function refuse(path: string, cause: unknown): never {
  if ((cause as NodeJS.ErrnoException).code !== 'EINVAL') throw cause;
  const message = `${path} lies where the host's cache cannot be passed by: leave out nocache, or move it to another file system.`;
  throw new BlockError('store', message, { cause });
}
