/** A browser that dies after so many operations: from then on nothing that ran in it has any effect. */

import { IDBFactory } from 'fake-indexeddb';
import { BlockError } from '../backend.ts';
import type { DiskHost } from '../disk-host.ts';
import { LocalLocks } from '../locks.ts';
import type { SlotFile } from '../opfs/slot-file.ts';
import { FakeFiles } from './fake-files.ts';

/** What outlives the browser. */
export class MortalHost {
  readonly #factory = new IDBFactory();
  readonly #files = new FakeFiles();
  #life = new Life();
  #seed = 1;

  /** The browser that runs now. It dies at its `operations`th access to what is stored; default: never. */
  run(operations = Infinity): DiskHost {
    const life = (this.#life = new Life(operations));
    let time = 0;
    return {
      factory: this.#mortalFactory(life),
      locks: new LocalLocks(),
      now: () => ++time,
      files: {
        open: async (id, options) => {
          life.spend();
          return mortalFile(await this.#files.open(id, options), life);
        },
        delete: async (id) => {
          life.spend();
          await this.#files.delete(id);
        },
        list: () => this.#files.list(),
      },
    };
  }

  /** Whether it died by itself. */
  get isDead(): boolean {
    return this.#life.dead;
  }

  /** Kills what runs: of what was not flushed to files, any sectors are lost. */
  kill(): void {
    this.#life.die();
    for (const file of this.#files.files.values()) {
      file.crash(() => ((this.#seed = (this.#seed * 16807) % 2147483647) % 1000) / 1000);
    }
  }

  /** Names of the databases and of the files. */
  async stored(): Promise<string[]> {
    const databases = await this.#factory.databases();
    return [...databases.map(({ name }) => name ?? ''), ...this.#files.files.keys()].sort();
  }

  #mortalFactory(life: Life): IDBFactory {
    const open = this.#factory.open.bind(this.#factory);
    const deleteDatabase = this.#factory.deleteDatabase.bind(this.#factory);
    return {
      databases: () => this.#factory.databases(),
      cmp: (first: unknown, second: unknown) => this.#factory.cmp(first, second),
      open: (...args: Parameters<typeof open>) => {
        life.spend();
        const request = open(...args);
        request.addEventListener('success', () => life.adopt(request.result));
        return request;
      },
      deleteDatabase: (name: string) => {
        life.spend();
        return deleteDatabase(name);
      },
    };
  }
}

class Life {
  dead = false;
  #left: number;
  #databases: IDBDatabase[] = [];

  constructor(operations = Infinity) {
    this.#left = operations;
  }

  /** Accesses what is stored. */
  spend(): void {
    if (!this.dead && this.#left-- <= 0) this.die();
    this.check();
  }

  check(): void {
    if (this.dead) throw new BlockError('closed', 'the browser has died');
  }

  adopt(database: IDBDatabase): void {
    if (this.dead) return database.close();
    this.#databases.push(database);
    const transaction = database.transaction.bind(database);
    database.transaction = (...args: Parameters<typeof transaction>) => {
      if (args[1] === 'readwrite') this.spend();
      return transaction(...args);
    };
  }

  die(): void {
    this.dead = true;
    for (const database of this.#databases) database.close();
  }
}

function mortalFile(file: SlotFile, life: Life): SlotFile {
  return {
    get slots() {
      return file.slots;
    },
    read: (slot) => file.read(slot),
    write: (slot, bytes) => {
      // Chunks are many, and what happens between any two of them is the same.
      if (slot % 5 === 0) life.spend();
      life.check();
      file.write(slot, bytes);
    },
    truncate: (slots) => {
      life.spend();
      file.truncate(slots);
    },
    flush: () => {
      life.spend();
      file.flush();
    },
    close: () => file.close(),
  };
}
