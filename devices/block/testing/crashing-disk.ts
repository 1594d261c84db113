/**
 * A disk of the browser's store, of either kind, that tells at any moment what a crash would leave of it. The machine over it goes on;
 * what was left is a disk of its own.
 */

import type { BaseImage } from '../base.ts';
import type { ChunkStore } from '../chunk-store.ts';
import { IndexedDbStore } from '../indexeddb/indexeddb-store.ts';
import type { StoreKind } from '../indexeddb/manifest.ts';
import { OpfsStore } from '../opfs/opfs-store.ts';
import type { SlotFile } from '../opfs/slot-file.ts';
import { StoreBackend, type CacheLimits } from '../store-backend.ts';
import { CrashingDatabase } from './crashing-database.ts';
import { FakeFile } from './fake-files.ts';

export interface CrashingDiskOptions {
  readonly store: StoreKind;
  /** In bytes. */
  readonly size: number;
  /** What it lies over; opened with each disk. */
  readonly base?: () => Promise<BaseImage>;
  readonly limits?: Partial<CacheLimits>;
  /** Milliseconds of quiet before a file is cut off. */
  readonly compactAfter?: number;
  /** Resolves when the storage device has what the database was to make durable; by default, at once. */
  readonly sync?: () => Promise<void>;
}

const LAYER = '0';

export class CrashingDisk {
  readonly #options: CrashingDiskOptions;
  readonly #database: CrashingDatabase;
  readonly #file: FakeFile;

  constructor(options: CrashingDiskOptions, database?: CrashingDatabase, file = new FakeFile()) {
    this.#options = options;
    this.#database = database ?? new CrashingDatabase(options.sync ?? (async () => undefined));
    this.#file = file;
  }

  /** Called whenever a crash would leave something else from now on. */
  set onStep(listener: () => void) {
    this.#database.onStep = listener;
    this.#file.onStep = listener;
  }

  /** One at a time. */
  async open(): Promise<StoreBackend> {
    const { size, base, limits } = this.#options;
    return StoreBackend.open({ size, store: await this.#openStore(), base: await base?.(), limits });
  }

  /** The disk after a crash now. What may or may not survive, `random` decides. */
  image(random: () => number): CrashingDisk {
    return new CrashingDisk(this.#options, this.#database.image(random), this.#file.image(random));
  }

  async #openStore(): Promise<ChunkStore> {
    const { store, compactAfter = 50 } = this.#options;
    const database = await this.#database.open();
    if (store === 'indexeddb') return new IndexedDbStore({ database, layers: [LAYER] });
    const file: SlotFile = this.#file.open();
    return new OpfsStore({ database, file, layer: LAYER, compactAfter });
  }
}
