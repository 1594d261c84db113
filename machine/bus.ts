/** The bus: which device stands at a physical address below 4 GiB. */
import type { AccessWidth, RegisterDevice } from '../devices/device.ts';

interface Place {
  readonly base: number;
  readonly end: number;
  readonly device: RegisterDevice;
}

export class Bus {
  #places: Place[] = [];
  /** The place found last: accesses come in runs. */
  #last: Place | undefined;

  /** Puts a device at `base`. Throws when something stands there already. */
  place(base: number, device: RegisterDevice): void {
    const end = base + device.size;
    const other = this.#places.find((place) => base < place.end && place.base < end);
    if (other) throw new RangeError(`two devices at 0x${Math.max(base, other.base).toString(16)}`);
    this.#places.push({ base, end, device });
  }

  /** `undefined` where no device is. */
  read(address: number, width: AccessWidth): number | undefined {
    const place = this.#find(address, width);
    return place?.device.read(address - place.base, width);
  }

  /** False where no device is. */
  write(address: number, width: AccessWidth, value: number): boolean {
    const place = this.#find(address, width);
    place?.device.write(address - place.base, width, value);
    return place !== undefined;
  }

  #find(address: number, width: number): Place | undefined {
    const last = this.#last;
    if (last && address >= last.base && address + width <= last.end) return last;
    const found = this.#places.find((place) => address >= place.base && address + width <= place.end);
    if (found) this.#last = found;
    return found;
  }
}
