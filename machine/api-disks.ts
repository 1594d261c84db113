/**
 * What the page needs of the machine worker besides a machine: the disks of this origin, and the object that the worker
 * exposes through Comlink. Everything here can be posted between threads.
 */

import type { MachineControl, MachineListener } from './api.ts';

/** A disk in the browser's store, in use or not. */
export interface DiskEntry {
  readonly id: string;
  /** What the person calls it. */
  readonly name: string;
  /** Its logical size in bytes. What it occupies is known of an open disk only. */
  readonly size: number;
  /** When it was made, in milliseconds since 1970. */
  readonly created: number;
  /** Where the read-only image came from that it lies over, if it lies over one. */
  readonly baseUrl?: string;
}

/** The disks of this origin. Every method rejects with an `Error` whose message is for a person. */
export interface DiskCatalogue {
  /** All disks, in the order in which they were made. Rejects where the browser stores nothing (a private window). */
  list(): Promise<readonly DiskEntry[]>;
  exists(id: string): Promise<boolean>;
  /** Erases a disk and all that is on it. Rejects while a machine, of this tab or another, writes to it. */
  delete(id: string): Promise<void>;
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
