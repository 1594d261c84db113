/**
 * What the page needs of the machine worker besides a machine: the disks of this origin, and the object that the worker
 * exposes through Comlink. Everything here can be posted between threads.
 */

import type { Proceed } from '../devices/block/transfer/proceed.ts';
import type { ImageFormat } from '../devices/image/index.ts';
import type { MachineControl, MachineListener, StoreKind } from './api.ts';

export type { ImageFormat, Proceed };

/** A disk in the browser's store, in use or not. */
export interface DiskEntry {
  readonly id: string;
  /** What the person calls it. */
  readonly name: string;
  /** Its logical size in bytes. What it occupies is known of an open disk only. */
  readonly size: number;
  /** When it was made, in milliseconds since 1970. */
  readonly created: number;
  readonly store: StoreKind;
  /** Where the read-only image came from that it lies over, if it lies over one. */
  readonly baseUrl?: string;
  /** The name of the person's file that it lies over, if it lies over one. */
  readonly baseFile?: string;
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

/** The disks of this origin. Every method rejects with an `Error` whose message is for a person. */
export interface DiskCatalogue {
  /** All disks, in the order in which they were made. Rejects where the browser stores nothing (a private window). */
  list(): Promise<readonly DiskEntry[]>;
  exists(id: string): Promise<boolean>;
  /** Erases a disk and all that is on it. Rejects while a machine, of this tab or another, writes to it. */
  delete(id: string): Promise<void>;
  /**
   * Makes a disk of an image: raw, qcow2, or a raw one that is compressed by gzip or zstd. Unless it is done, nothing is left
   * of it, whatever happens. Rejects with an error of name `AbortError` when it was called off.
   */
  import(file: Blob, fileName: string, options: ImportOptions, proceed: Proceed): Promise<ImportedDisk>;
  /**
   * Writes a disk that no machine has open, whole over its base, to a file. Unless it is done, nothing is left of the file.
   * Rejects with an error of name `AbortError` when it was called off.
   */
  export(id: string, options: ExportOptions, proceed: Proceed): Promise<ExportedDisk>;
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
