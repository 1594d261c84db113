/**
 * What the page needs of the machine worker besides a machine: the disks of this origin, and the object that the worker
 * exposes through Comlink. Everything here can be posted between threads.
 */

import type { StoreKind } from '../devices/block/indexeddb/manifest.ts';
import type { BlockUsage } from '../devices/block/backend.ts';
import type { DiskMap } from '../devices/block/disk-map.ts';
import type { CreateOptions } from '../devices/block/manage/create.ts';
import type { Proceed } from '../devices/block/manage/progress.ts';
import type { ImageFormat } from '../devices/image/index.ts';
import type { MachineControl, MachineListener } from './api.ts';

export type { BlockUsage, CreateOptions, ImageFormat, Proceed };

/** A disk in the browser's store, in use or not. */
export interface DiskEntry {
  readonly id: string;
  /** What the person calls it. */
  readonly name: string;
  /** Its logical size in bytes. What it occupies is known of an open disk only. */
  readonly size: number;
  readonly store: StoreKind;
  /** When it was made, in milliseconds since 1970. */
  readonly created: number;
  /** Where the read-only image came from that it lies over, if it lies over one. */
  readonly baseUrl?: string;
  /** The name of the person's file that it lies over, at the bottom, if it does. */
  readonly baseFile?: string;
  /** The id of the disk of this store that it lies over. */
  readonly over?: string;
  /** Ids of the disks that lie over it: as long as there are any, it can only be read. */
  readonly overlays: readonly string[];
  /**
   * `writing`: a machine, of this tab or another, writes to it, or it is being changed; `reading`: it has to stay as it is,
   * under a machine's disk say. Without it nobody uses it, but maybe readers of a disk in IndexedDB.
   */
  readonly use?: 'writing' | 'reading';
  /** The id of the disk over it whose changes were written into it in part: `commit` that one again. */
  readonly committing?: string;
}

export interface ImportOptions {
  /** What the person calls the disk. */
  readonly name: string;
  readonly store?: StoreKind;
}

/** A disk that was made of an image. */
export interface ImportedDisk extends DiskEntry {
  /** What the person should know of it, a sentence each. */
  readonly warnings: readonly string[];
}

export interface ExportOptions {
  readonly format: ImageFormat;
  /** For messages. */
  readonly fileName: string;
  /** The file that the person chose. Without it, the disk is written to one of the browser's. */
  readonly file?: FileSystemFileHandle;
  /** The person's file that the disk lies over, if it lies over one. */
  readonly base?: Blob;
}

export interface ExportedDisk {
  /** Bytes of the file. */
  readonly size: number;
  /** What was written, where no file was chosen. It is there until the page is closed. */
  readonly file?: File;
}

/**
 * The disks of this origin. Every method rejects with an `Error` whose message is for a person, and when a `Proceed` has
 * said false, with one of the name `AbortError`. What changes a disk rejects while that is in use.
 */
export interface DiskCatalogue {
  /** All disks, in the order in which they were made. Rejects where the browser stores nothing (a private window). */
  list(): Promise<readonly DiskEntry[]>;
  exists(id: string): Promise<boolean>;
  /** What a disk occupies by itself, in use or not. */
  inspect(id: string): Promise<BlockUsage>;
  /**
   * What a disk has where, in at most so many cells, as it was a moment ago if it is in use. `base` is the person's file that it
   * lies over, if it lies over one. Rejects when the image that it lies over cannot be reached.
   */
  map(id: string, cells: number, base?: Blob): Promise<DiskMap>;
  /** Makes an empty disk. */
  create(disk: CreateOptions): Promise<DiskEntry>;
  /**
   * Makes a disk of an image: raw, qcow2, or a raw one that is compressed by gzip or zstd. Cancelled or interrupted, there is
   * none.
   */
  import(file: Blob, fileName: string, options: ImportOptions, proceed: Proceed): Promise<ImportedDisk>;
  /** Writes a disk that no machine writes to, whole over what it lies over, to a file. Cancelled, there is none. */
  export(id: string, options: ExportOptions, proceed: Proceed): Promise<ExportedDisk>;
  /** Erases a disk and all that is on it. Rejects as long as other disks lie over it. */
  delete(id: string): Promise<void>;
  /** Calls it something else. It may be in use. */
  rename(id: string, name: string): Promise<void>;
  /** Makes a disk with the same content, in chunks of its own, over the same base. Cancelled, there is none. */
  clone(id: string, name: string, proceed: Proceed): Promise<DiskEntry>;
  /** Makes an empty disk over this one, to which nothing can be written as long as there are such disks. */
  createOver(id: string, name: string, store?: StoreKind): Promise<DiskEntry>;
  /** Forgets all that was written since the disk was made: what it lies over is seen again, or nothing. */
  reset(id: string): Promise<void>;
  /**
   * Writes what a disk holds into the disk of this store that it lies over, and empties it. Rejects if it lies over an
   * image, or if others lie over that disk. Cancelled or interrupted in the middle, this disk is as before, the other can be
   * read through it only, and `commit` goes on.
   */
  commit(id: string, proceed: Proceed): Promise<void>;
  /** Makes a disk larger, to so many bytes; one that a machine uses is the machine's to resize. */
  resize(id: string, size: number): Promise<void>;
  /** Moves a disk to the other store. Cancelled or interrupted, it is where it was, or is all there. */
  move(id: string, store: StoreKind, proceed: Proceed): Promise<void>;
}

/** What the browser lets this origin store. Zeroes where it does not tell. */
export interface StorageEstimate {
  /** Bytes that the origin occupies; engines follow deletions with some delay. */
  readonly usage: number;
  /** Bytes that it may occupy. */
  readonly quota: number;
  /** True when the browser will not clear it without asking. */
  readonly persistent: boolean;
}

/** What `machine.worker.ts` exposes. A caller of another thread gets a promise of each result. */
export interface MachineHost {
  readonly disks: DiskCatalogue;
  /**
   * Makes a machine that is off. `listener` stays in the caller's thread, behind Comlink's `proxy`; by `page`, of
   * `PageThreads`, the machine asks for its threads.
   */
  createMachine(listener: MachineListener, page: MessagePort): MachineControl | Promise<MachineControl>;
  estimate(): Promise<StorageEstimate>;
}
