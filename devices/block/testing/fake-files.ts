/** Files of slots in memory, which lose on demand what was not flushed, sector by sector. */

import { BlockError, SECTOR } from '../backend.ts';
import { CHUNK_SIZE } from '../chunks.ts';
import type { DiskFiles } from '../disk-host.ts';
import type { OpenFileOptions, SlotFile } from '../opfs/slot-file.ts';

export class FakeFiles implements DiskFiles {
  readonly files = new Map<string, FakeFile>();

  async open(id: string, { readOnly = false }: OpenFileOptions = {}): Promise<SlotFile> {
    const file = this.files.get(id) ?? new FakeFile();
    if (file.isOpen || (file.readers > 0 && !readOnly)) throw new BlockError('store', `the file ${id} is open`);
    this.files.set(id, file);
    return file.open(readOnly);
  }
  async delete(id: string): Promise<void> {
    const file = this.files.get(id);
    if (file && (file.isOpen || file.readers > 0)) throw new BlockError('store', `the file ${id} is open`);
    this.files.delete(id);
  }
  async list(): Promise<string[]> {
    return [...this.files.keys()];
  }
}

export class FakeFile {
  /** For writing. */
  isOpen = false;
  readers = 0;
  /** What is read, and what is there after a crash at the worst. */
  chunks: Uint8Array[] = [];
  #safe = new Map<number, Uint8Array>();
  #crashes = 0;
  /** How many of the next writes find no room. */
  failures = 0;

  open(readOnly = false): SlotFile {
    if (readOnly) this.readers++;
    else this.isOpen = true;
    const opened = this.#crashes;
    let mine = true;
    const check = (): void => {
      if (!mine || opened !== this.#crashes) throw new BlockError('closed', 'the file is closed');
    };
    const checkWritable = (): void => {
      check();
      if (readOnly) throw new BlockError('read-only', 'the file is open read-only');
    };
    const { chunks } = this;
    const safe = this.#safe;
    const closed = (): void => {
      if (!mine || opened !== this.#crashes) return;
      mine = false;
      if (readOnly) this.readers--;
      else this.isOpen = false;
    };
    const fails = (): boolean => this.failures > 0 && this.failures-- > 0;
    return {
      get slots() {
        return chunks.length;
      },
      read(slot) {
        check();
        const bytes = chunks[slot];
        if (!bytes) throw new BlockError('store', `slot ${slot} is behind the file's end`);
        return bytes.slice();
      },
      write(slot, bytes) {
        checkWritable();
        if (bytes.length !== CHUNK_SIZE) throw new RangeError('not a chunk');
        if (fails()) throw new BlockError('quota', 'no room');
        while (chunks.length < slot) chunks.push(new Uint8Array(CHUNK_SIZE));
        if (!safe.has(slot)) safe.set(slot, chunks[slot] ?? new Uint8Array(CHUNK_SIZE).fill(0xee));
        chunks[slot] = bytes.slice();
      },
      truncate(slots) {
        checkWritable();
        chunks.length = slots;
      },
      flush() {
        checkWritable();
        safe.clear();
      },
      close: closed,
    };
  }

  /** The tab ends, and the host: of what was not flushed, every sector is the old or the new one. */
  crash(random: () => number): void {
    for (const [slot, old] of this.#safe) {
      const bytes = this.chunks[slot]?.slice();
      if (!bytes) continue;
      for (let at = 0; at < CHUNK_SIZE; at += SECTOR) {
        if (random() < 0.5) bytes.set(old.subarray(at, at + SECTOR), at);
      }
      this.chunks[slot] = bytes;
    }
    const { chunks } = this;
    // What was opened goes on with an array of its own, which nobody sees any more.
    this.chunks = [...chunks];
    this.#safe = new Map();
    this.#crashes++;
    this.isOpen = false;
    this.readers = 0;
  }
}
