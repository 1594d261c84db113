/** What stands where in RAM before the guest starts. Everything is placed first, and written when all of it fits. */
import type { GuestRam } from '../../core/shared/guest-ram.ts';
import { PAGE_SIZE, RAM_BASE } from '../../core/shared/memory-map.ts';
import { BootError } from './errors.ts';

interface Placed {
  readonly name: string;
  readonly address: number;
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly zeroed: boolean;
}

export class Placement {
  readonly #ram: GuestRam;
  readonly #placed: Placed[] = [];

  constructor(ram: GuestRam) {
    this.#ram = ram;
  }

  /**
   * Puts `bytes` at `address` and keeps `size` bytes there for `name`; `zeroed` says whether what is behind `bytes`
   * must be zero. Throws {@link BootError} when it is outside of RAM or something is there.
   */
  put(name: string, address: number, bytes: Uint8Array, { size = bytes.length, zeroed = false } = {}): void {
    if (!this.#ram.contains(address, size)) {
      const [where, mega] = [`0x${address.toString(16)}`, Math.ceil(size / 2 ** 20)];
      const memory = `${this.#ram.size / 2 ** 20} MiB of memory from 0x${RAM_BASE.toString(16)}`;
      throw new BootError('does-not-fit', `${name} takes ${mega} MiB at ${where}, and there are ${memory}`);
    }
    const other = this.#placed.find(
      (placed) => address < placed.address + placed.size && placed.address < address + size,
    );
    if (other !== undefined && size > 0) {
      throw new BootError('does-not-fit', `${name} would overwrite ${other.name}: give the machine more memory`);
    }
    this.#placed.push({ name, address, size, bytes, zeroed });
  }

  /** Puts `bytes` as high as there is room, on a page of its own, and returns the address. */
  putHigh(name: string, bytes: Uint8Array): number {
    const taken = [...this.#placed].sort((a, b) => b.address - a.address);
    let top = RAM_BASE + this.#ram.size;
    for (const { address, size } of [...taken, { address: RAM_BASE, size: 0 }]) {
      const at = Math.floor((top - bytes.length) / PAGE_SIZE) * PAGE_SIZE;
      if (at >= address + size) {
        this.put(name, at, bytes);
        return at;
      }
      top = Math.min(top, address);
    }
    const needed = Math.ceil(bytes.length / 2 ** 20);
    throw new BootError('does-not-fit', `there is no room for ${name} (${needed} MiB): give the machine more memory`);
  }

  /** Writes it all. */
  commit(): void {
    for (const { address, size, bytes, zeroed } of this.#placed) {
      this.#ram.write(address, bytes);
      if (zeroed) this.#zero(address + bytes.length, size - bytes.length);
    }
  }

  /** Makes memory zero where it is not: pages that nobody has touched stay untouched. */
  #zero(address: number, length: number): void {
    for (let at = address; at < address + length;) {
      const page = new Uint8Array(Math.min(PAGE_SIZE - (at % PAGE_SIZE), address + length - at));
      this.#ram.read(at, page);
      if (page.some((byte) => byte !== 0)) this.#ram.fill(at, page.length, 0);
      at += page.length;
    }
  }
}
