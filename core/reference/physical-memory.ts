/** What is behind physical addresses: RAM in one piece, and device registers elsewhere. */

export type Width = 1 | 2 | 4 | 8;

/** Device registers by physical address; `undefined` or false where there is none. */
export interface Devices {
  read(address: number, width: 1 | 2 | 4): number | undefined;
  write(address: number, width: 1 | 2 | 4, value: number): boolean;
}

export class PhysicalMemory {
  readonly ram: Uint8Array;
  readonly #base: bigint;
  readonly #view: DataView;
  readonly #devices: Devices;

  constructor(base: bigint, bytes: number, devices: Devices) {
    this.ram = new Uint8Array(bytes);
    this.#base = base;
    this.#view = new DataView(this.ram.buffer);
    this.#devices = devices;
  }

  isRam(address: bigint): boolean {
    return address >= this.#base && address < this.#base + BigInt(this.ram.length);
  }

  /** Reads an aligned datum, or bytes that one page of RAM holds; `undefined` where nothing answers. */
  read(address: bigint, width: Width): bigint | undefined {
    if (this.isRam(address)) {
      let value = 0n;
      const at = Number(address - this.#base);
      for (let i = width - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.ram[at + i]);
      return value;
    }
    if (!isDevice(address, width)) return undefined;
    const at = Number(address);
    if (width < 8) return bigOrNothing(this.#devices.read(at, width as 4));
    const low = bigOrNothing(this.#devices.read(at, 4));
    const high = bigOrNothing(this.#devices.read(at + 4, 4));
    return low === undefined || high === undefined ? undefined : low | (high << 32n);
  }

  /** Writes what {@link read} reads; false where nothing answers. */
  write(address: bigint, width: Width, value: bigint): boolean {
    if (this.isRam(address)) {
      const at = Number(address - this.#base);
      for (let i = 0; i < width; i++) this.#view.setUint8(at + i, Number((value >> BigInt(8 * i)) & 0xffn));
      return true;
    }
    if (!isDevice(address, width)) return false;
    const at = Number(address);
    const low = Number(BigInt.asUintN(Math.min(width, 4) * 8, value));
    if (width < 8) return this.#devices.write(at, width as 4, low);
    return this.#devices.write(at, 4, low) && this.#devices.write(at + 4, 4, Number(value >> 32n));
  }
}

/** Devices stand below 4 GiB and take aligned accesses alone. */
const isDevice = (address: bigint, width: Width): boolean => address < 1n << 32n && address % BigInt(width) === 0n;

const bigOrNothing = (value: number | undefined): bigint | undefined =>
  value === undefined ? undefined : BigInt(value >>> 0);
