/**
 * The machine as the page, the command line and other programs see it. In the page, a `MachineControl` lives in the
 * machine worker behind Comlink; in Node it is used directly. Everything here can be posted between threads.
 */

import type { DiskActivity, DiskMap } from '../devices/block/disk-map.ts';
import type { StoreKind } from '../devices/block/indexeddb/manifest.ts';
import type { DiskRequests } from './disk-requests.ts';

export type { DiskAction, DiskActivity, DiskMap } from '../devices/block/disk-map.ts';
export type { DiskRequests, StoreKind };

/** Where an image's bytes come from. */
export type ImageSource =
  | {
      readonly kind: 'url';
      /** Absolute, or relative to the page. `.gz` and `.zst` are decompressed on the way in. */
      readonly url: string;
      /** Bytes to transfer, for progress; and what they must hash to once decompressed, if known. */
      readonly size?: number;
      /** Bytes once decompressed, if known: spares a copy. */
      readonly rawSize?: number;
      readonly sha256?: string;
    }
  | { readonly kind: 'blob'; readonly blob: Blob; readonly name: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly name: string };

/** A disk of the machine. */
export type DiskSpec =
  /**
   * A disk of the browser's store, made on first use: empty, or over a read-only base image, whose URL it is, as
   * `openHttpBase` takes it. It is as large as the image at least.
   */
  | {
      readonly kind: 'store';
      readonly id: string;
      readonly size: number;
      readonly base?: string;
      /** Where it is kept when it is made. Default: `indexeddb`. */
      readonly store?: StoreKind;
      /** It was chosen among those that there are: none is made in its place. */
      readonly mustExist?: boolean;
      readonly readOnly?: boolean;
      /** Waits for a disk that is in use, in another tab say, until `powerOff`. Without it, that is an error. */
      readonly wait?: boolean;
    }
  /** A person's file, read in place; writes go to a throw-away overlay, or to the overlay disk `overlayId` of the store. */
  | {
      readonly kind: 'file';
      readonly file: Blob;
      readonly name: string;
      readonly overlayId?: string;
      /** The same for the overlay. */
      readonly store?: StoreKind;
      readonly readOnly?: boolean;
      readonly wait?: boolean;
    }
  /** Forgotten with the machine. */
  | { readonly kind: 'memory'; readonly size: number };

/** What to build. Keys and values follow bhyve_config(5) where it has them. */
export interface MachineSpec {
  /** Number of harts, 1 to 8. */
  readonly cpus: number;
  /** Bytes of RAM, a multiple of 2 MiB. */
  readonly memorySize: number;
  /** `sbi`: the kernel starts in S-mode over the built-in SBI; `none`: in M-mode; else a firmware image such as OpenSBI. */
  readonly firmware: 'sbi' | 'none' | ImageSource;
  readonly kernel?: ImageSource;
  readonly initrd?: ImageSource;
  readonly cmdline: string;
  readonly disks: readonly DiskSpec[];
  readonly console: { readonly columns: number; readonly rows: number };
}

/** `off` nothing built yet or powered off; `halted` the guest ended by itself; `crashed` it cannot go on, or we cannot. */
export interface MachineStatus {
  readonly state: 'off' | 'loading' | 'running' | 'paused' | 'halted' | 'crashed';
  /** For a person: why it halted or crashed, and what can be done. */
  readonly reason?: string;
  /** What the guest reported on halting. */
  readonly exitCode?: number;
}

export interface LoadProgress {
  readonly stage: 'kernel' | 'initrd' | 'disk' | 'machine';
  readonly done: number;
  /** 0 when unknown. */
  readonly total: number;
}

export interface DiskFigures {
  readonly id: string;
  readonly size: number;
  readonly chunkSize: number;
  readonly allocatedBytes: number;
  readonly allocatedChunks: number;
  readonly tombstones: number;
  /** What the guest has asked of it since it was opened. */
  readonly requests: Readonly<DiskRequests>;
}

/** What is where on a disk of the machine, and what was done there since this was last told. */
export interface DiskMapUpdate {
  /** Which of the machine's disks. */
  readonly disk: number;
  readonly map: DiskMap;
  readonly activity: DiskActivity;
}

/** Figures of a running machine, about four times a second. */
export interface MachineFigures {
  /** Instructions retired since the start, all harts. */
  readonly instructions: number;
  /** Millions of instructions a second of the last interval, while the guest was not idle. */
  readonly mips: number;
  /** Share of the last interval in which a hart ran guest code, 0 to 1. */
  readonly busy: number;
  readonly memorySize: number;
  /** Bytes of guest RAM that were ever touched, as far as known. */
  readonly memoryTouched: number;
  readonly disks: readonly DiskFigures[];
}

/** What a machine tells whoever made it. */
export interface MachineListener {
  status(status: MachineStatus): void;
  progress(progress: LoadProgress): void;
  /** Output of the guest's console, in order. The guest is held back while promises of it are not settled. */
  console(bytes: Uint8Array): void | Promise<void>;
  figures(figures: MachineFigures): void;
  /** Maps of the disks that somebody watches and that changed, or were used, since the last figures. */
  diskMaps(updates: readonly DiskMapUpdate[]): void;
  /** A failure outside of the guest that a person should know of (quota, network); the guest got an I/O error. */
  trouble(message: string): void;
}

/**
 * Controls one machine. Legal order: (start (pause resume)* (reset | powerOff))*; a call out of order does nothing.
 * Every method rejects with an `Error` whose message is for a person.
 */
export interface MachineControl {
  /** Loads the images and runs. Cancelled by `powerOff`. */
  start(spec: MachineSpec): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Boots again from the start with the same images and disks. */
  reset(): Promise<void>;
  /** Stops at once, as if by the power switch, after the disks' buffers are written. */
  powerOff(): Promise<void>;
  /** Types into the console. Resolves when the guest's queue has taken all of it. */
  input(bytes: Uint8Array): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  /** Makes a disk of the machine larger, to so many bytes, and tells the guest. `id` is as in its figures. */
  resizeDisk(id: string, size: number): Promise<void>;
  /** Has maps of the disks told, in at most so many cells each, up to 4096; 0: none. Legal at any time. */
  watchDisks(cells: number): Promise<void>;
}
