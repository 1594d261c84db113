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
  /** What is read. */
  chunks: Uint8Array[];
  /** By slot, what was there when the file was flushed last, of what was written since. */
  #flushed = new Map<number, Uint8Array>();
  /** Slots that the file had then. */
  #flushedSlots: number;
  #crashes = 0;
  /** How many of the next writes find no room. */
  failures = 0;
  /** Called whenever a crash would leave something else from now on, and before what is not durable becomes so. */
  onStep: () => void = () => undefined;

  constructor(chunks: Uint8Array[] = []) {
    this.chunks = chunks;
    this.#flushedSlots = chunks.length;
  }

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
      write: (slot, bytes) => {
        checkWritable();
        if (bytes.length !== CHUNK_SIZE) throw new RangeError('not a chunk');
        if (fails()) throw new BlockError('quota', 'no room');
        while (chunks.length < slot) chunks.push(new Uint8Array(CHUNK_SIZE));
        if (!this.#flushed.has(slot)) {
          this.#flushed.set(slot, chunks[slot] ?? new Uint8Array(CHUNK_SIZE).fill(0xee));
        }
        chunks[slot] = bytes.slice();
        this.onStep();
      },
      truncate: (slots) => {
        checkWritable();
        chunks.length = slots;
        this.#flushedSlots = Math.min(this.#flushedSlots, slots);
        this.onStep();
      },
      flush: () => {
        checkWritable();
        // The worst moment: most is reported that is not durable, if anything is.
        this.onStep();
        this.#flushed.clear();
        this.#flushedSlots = chunks.length;
        this.onStep();
      },
      close: closed,
    };
  }

  /**
   * The file after a crash now, of the tab and of the host: of what was not flushed, every sector is the old or the new one, and
   * of what the file has grown, some is missing.
   */
  image(random: () => number): FakeFile {
    const grown = Math.max(0, this.chunks.length - this.#flushedSlots);
    const slots = this.chunks.length - Math.floor(random() * (grown + 1));
    const chunks = this.chunks.slice(0, slots).map((bytes, slot) => {
      const old = this.#flushed.get(slot);
      if (!old) return bytes;
      const torn = bytes.slice();
      for (let at = 0; at < CHUNK_SIZE; at += SECTOR) {
        if (random() < 0.5) torn.set(old.subarray(at, at + SECTOR), at);
      }
      return torn;
    });
    return new FakeFile(chunks);
  }

  /** It crashes, and can be opened again. What was opened goes on with an array of its own, which nobody sees any more. */
  crash(random: () => number): void {
    this.chunks = this.image(random).chunks;
    this.#flushed = new Map();
    this.#flushedSlots = this.chunks.length;
    this.#crashes++;
    this.isOpen = false;
    this.readers = 0;
  }
}
