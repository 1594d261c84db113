/**
 * The file that holds the chunks of a disk: slots of a chunk's size, one behind the other. What is in which, the store knows
 * (opfs-store.ts).
 */

import { BlockError } from '../backend.ts';
import { CHUNK_SIZE } from '../chunks.ts';
import { storeError } from '../indexeddb/database.ts';
import { privateFolder } from './private-folder.ts';

/** Every method throws a `BlockError` only. */
export interface SlotFile {
  /** Whole slots that the file has. */
  readonly slots: number;
  /** The bytes of a slot, in a buffer of their own. */
  read(slot: number): Uint8Array;
  /** Writes a slot, at the file's end at most: then the file grows. Not durable before {@link flush}. */
  write(slot: number, bytes: Uint8Array): void;
  /** Ends the file behind so many slots. */
  truncate(slots: number): void;
  /** Makes durable what was written. */
  flush(): void;
  close(): void;
}

/** What workers have of a file (File System, WHATWG, "FileSystemSyncAccessHandle"); pages, which import types from here, do not. */
interface AccessHandle {
  read(bytes: Uint8Array, options: { readonly at: number }): number;
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}
interface AccessibleFile {
  /** Browsers that do not know of modes take every handle for one that writes, of which a file has one at a time. */
  createSyncAccessHandle(options: { readonly mode: 'readwrite' | 'read-only' }): Promise<AccessHandle>;
}

export interface OpenFileOptions {
  /** So that others may read it at the same time, where the browser can do that. */
  readonly readOnly?: boolean;
}

const FOLDER = 'tabhyve-disks';
/** How often a file is tried that a tab which just ended still holds, and how long between, in milliseconds. */
const TRIES = 20;
const PAUSE = 100;

const NOT_SHARED =
  'The file of this disk is in use, and this browser lets one read it at a time. Close what else uses the disk or one ' +
  'that lies over it, or move the disk to IndexedDB.';
const HELD = 'The file of this disk is in use by a tab that did not let go of it. Close other tabs of this site.';

/** Whether this thread can keep disks in files: a worker of a browser that has the origin private file system. */
const hasFiles = (): boolean =>
  'FileSystemFileHandle' in globalThis && 'createSyncAccessHandle' in FileSystemFileHandle.prototype;

const folder = (): Promise<FileSystemDirectoryHandle> => privateFolder(FOLDER);

/** Opens the file of a disk, and makes it if there is none. Who does so has the disk's lock, shared at least. */
export async function openSlotFile(id: string, { readOnly = false }: OpenFileOptions = {}): Promise<SlotFile> {
  if (!hasFiles()) {
    const message = 'This browser cannot keep a disk in a file (a private window?). Use a newer one, or IndexedDB.';
    throw new BlockError('store', message);
  }
  try {
    const file = await (await folder()).getFileHandle(id, { create: true });
    return new AccessedFile(await accessHandle(file, readOnly));
  } catch (error) {
    throw storeError(error);
  }
}

/** The lock of the disk is ours by now: who still holds the file is a worker that is being ended, or another reader. */
async function accessHandle(file: FileSystemFileHandle, readOnly: boolean): Promise<AccessHandle> {
  const mode = readOnly ? 'read-only' : 'readwrite';
  for (let left = TRIES; ; left--) {
    try {
      return await (file as unknown as AccessibleFile).createSyncAccessHandle({ mode });
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NoModificationAllowedError') throw error;
      if (left === 0) throw new BlockError('locked', readOnly ? NOT_SHARED : HELD, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

/** Deletes the file of a disk, if there is one. */
export async function deleteSlotFile(id: string): Promise<void> {
  if (typeof navigator === 'undefined' || !('storage' in navigator)) return;
  try {
    await (await folder()).removeEntry(id);
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== 'NotFoundError') throw storeError(error);
  }
}

/** Ids of the disks that have a file. None where there are no such files. */
export async function listSlotFiles(): Promise<string[]> {
  if (typeof navigator === 'undefined' || !('storage' in navigator)) return [];
  const ids: string[] = [];
  try {
    for await (const id of (await folder()).keys()) ids.push(id);
  } catch (error) {
    throw storeError(error);
  }
  return ids;
}

class AccessedFile implements SlotFile {
  readonly #handle: AccessHandle;
  #slots: number;

  constructor(handle: AccessHandle) {
    this.#handle = handle;
    this.#slots = Math.floor(handle.getSize() / CHUNK_SIZE);
  }

  get slots(): number {
    return this.#slots;
  }

  read(slot: number): Uint8Array {
    const bytes = new Uint8Array(CHUNK_SIZE);
    const read = this.#do(() => this.#handle.read(bytes, { at: slot * CHUNK_SIZE }));
    if (read === bytes.length) return bytes;
    throw new BlockError('store', 'The file of this disk has lost its end: it was damaged or deleted.');
  }

  write(slot: number, bytes: Uint8Array): void {
    const end = (slot + 1) * CHUNK_SIZE;
    const whole = this.#do(() => {
      const written = this.#handle.write(bytes, { at: slot * CHUNK_SIZE });
      // A file that cannot grow takes a part. In Chromium's private windows it says then that it took all, so its size is asked.
      return written === bytes.length && (slot < this.#slots || this.#handle.getSize() >= end);
    });
    if (!whole) throw storeError(new DOMException('the file took a part', 'QuotaExceededError'));
    this.#slots = Math.max(this.#slots, slot + 1);
  }

  truncate(slots: number): void {
    this.#do(() => this.#handle.truncate(slots * CHUNK_SIZE));
    this.#slots = slots;
  }

  flush(): void {
    this.#do(() => this.#handle.flush());
  }

  close(): void {
    this.#handle.close();
  }

  #do<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw storeError(error);
    }
  }
}
