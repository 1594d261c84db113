/**
 * Guest RAM as devices and the board see it: by guest-physical address, bounds checked, and with the page-state
 * protocol of page-states.ts kept for every write.
 */
import { PAGE_SIZE, RAM_BASE, type MemoryMap } from './memory-map.ts';
import { PageStates } from './page-states.ts';

export class GuestRam {
  /** Bytes of RAM. */
  readonly size: number;
  readonly #bytes: Uint8Array;
  readonly #data: DataView;
  readonly #u8: Uint8Array;
  readonly #u16: Uint16Array;
  readonly #states: PageStates;

  constructor(memory: WebAssembly.Memory, map: MemoryMap) {
    const { buffer } = memory;
    this.size = map.ramBytes;
    this.#bytes = new Uint8Array(buffer, map.ram, map.ramBytes);
    this.#u8 = this.#bytes;
    this.#u16 = new Uint16Array(buffer, map.ram, map.ramBytes / 2);
    this.#data = new DataView(buffer, map.ram, map.ramBytes);
    this.#states = new PageStates(memory, map);
  }

  /** True when all of `[address, address + length)` is RAM. Any number is accepted, 64-bit garbage included. */
  contains(address: number, length: number): boolean {
    return address >= RAM_BASE && length >= 0 && address + length <= RAM_BASE + this.size;
  }

  /** Copies `[address, address + target.length)` out. The range must be RAM ({@link contains}). */
  read(address: number, target: Uint8Array): void {
    const at = this.#at(address, target.length);
    target.set(this.#bytes.subarray(at, at + target.length));
  }

  /** Copies `source` in at `address`. The range must be RAM. */
  write(address: number, source: Uint8Array): void {
    const at = this.#at(address, source.length);
    this.#bytes.set(source, at);
    this.#written(at, source.length);
  }

  /** Fills `length` bytes at `address` with `value`. The range must be RAM. */
  fill(address: number, length: number, value: number): void {
    const at = this.#at(address, length);
    this.#bytes.fill(value, at, at + length);
    this.#written(at, length);
  }

  /** Bytes of the pages that a hart or a device is known to have used; a lower bound, for people. */
  touched(): number {
    return this.#states.used() * PAGE_SIZE;
  }

  readU8(address: number): number {
    return this.#u8[this.#at(address, 1)];
  }
  /** Little-endian, any alignment. */
  readU16(address: number): number {
    return this.#data.getUint16(this.#at(address, 2), true);
  }
  readU32(address: number): number {
    return this.#data.getUint32(this.#at(address, 4), true);
  }
  /** As a number: exact below 2^53, which every valid guest address is; larger ones lose low bits. */
  readU64(address: number): number {
    const at = this.#at(address, 8);
    return this.#data.getUint32(at + 4, true) * 2 ** 32 + this.#data.getUint32(at, true);
  }
  writeU8(address: number, value: number): void {
    const at = this.#at(address, 1);
    this.#u8[at] = value;
    this.#written(at, 1);
  }
  writeU16(address: number, value: number): void {
    const at = this.#at(address, 2);
    this.#data.setUint16(at, value, true);
    this.#written(at, 2);
  }
  writeU32(address: number, value: number): void {
    const at = this.#at(address, 4);
    this.#data.setUint32(at, value, true);
    this.#written(at, 4);
  }

  /** Reads an aligned 16-bit word that another thread writes (a ring index), ordered before all later reads. */
  loadAcquireU16(address: number): number {
    return Atomics.load(this.#u16, this.#at(address, 2) >>> 1);
  }
  /** Writes an aligned 16-bit word that another thread reads, ordered after all earlier writes. */
  storeReleaseU16(address: number, value: number): void {
    const at = this.#at(address, 2);
    Atomics.store(this.#u16, at >>> 1, value);
    this.#written(at, 2);
  }

  #at(address: number, length: number): number {
    if (!this.contains(address, length)) {
      throw new RangeError(`0x${address.toString(16)}+${length} is not in guest RAM`);
    }
    return address - RAM_BASE;
  }

  #written(at: number, length: number): void {
    const last = Math.floor((at + length - 1) / PAGE_SIZE);
    for (let page = Math.floor(at / PAGE_SIZE); page <= last; page++) this.#states.written(page);
  }
}
