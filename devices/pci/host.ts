/**
 * The PCI Express host: configuration space by ECAM (PCI Express Base 4.0, 7.2.2 "PCI Express Enhanced Configuration
 * Access Mechanism"), the window in which BARs live, and the four INTx wires.
 *
 *   ECAM offset:  27..20 bus   19..15 device   14..12 function   11..0 register
 *
 * There is one bus, 0, with the host bridge as device 0. Every thread makes its own host and functions, in the same
 * order, over the same structures; all of it may run on any thread.
 */
import { withLock } from '../../core/shared/lock.ts';
import type { DeviceAllocator } from '../../core/shared/memory-map.ts';
import { array, atomic32, struct, u32, type ViewOf } from '../../core/shared/struct.ts';
import type { AccessWidth, InterruptLine, RegisterDevice } from '../device.ts';
import type { Identity } from './config-space.ts';
import { PciFunction, type FunctionParts } from './function.ts';

/** Bytes of ECAM: 256 buses. */
const ECAM_SIZE = 256 * 2 ** 20;
const DEVICES = 32;
const FUNCTION_SIZE = 4096;
export const INTX_LINES = 4;

const HostState = struct('PciHost', {
  /**
   * Taken after a device's own lock, before the interrupt controller's. Guards the functions' configuration and the
   * levels of the wires. BARs are looked at without it: who moves one while it is in use gets either place.
   */
  lock: atomic32,
  /** The devices that assert each wire, a bit for each. */
  asserting: array(u32, INTX_LINES),
});

/** The wire of `pin` (0 for INTA#) of the device with number `device`: each slot is turned by one. */
export function intxLine(device: number, pin: number): number {
  return (device + pin) % INTX_LINES;
}

/** As in QEMU's generic PCI Express host, which every driver knows. */
const HOST_BRIDGE: Identity = {
  vendorId: 0x1b36,
  deviceId: 0x0008,
  revision: 0,
  classCode: 0x06_00_00,
  subsystemVendorId: 0x1af4,
  subsystemId: 0x1100,
  interruptPin: 0,
  bars: [],
  capabilities: [],
};

/** Where the board has put the host. */
export interface PciHostParts {
  readonly allocator: DeviceAllocator;
  /** The four wires into the interrupt controller, level-triggered, shared by the devices. */
  readonly lines: readonly InterruptLine[];
  /** Guest-physical address and size of the window for BARs. */
  readonly windowBase: number;
  readonly windowSize: number;
}

export class PciHost {
  /** The configuration space, at the board's ECAM address. */
  readonly ecam: RegisterDevice;
  /** The window for BARs, at `windowBase`. */
  readonly window: RegisterDevice;
  readonly #parts: PciHostParts;
  readonly #state: ViewOf<typeof HostState>;
  readonly #functions: (PciFunction | undefined)[] = new Array<undefined>(DEVICES).fill(undefined);

  constructor(parts: PciHostParts) {
    this.#parts = parts;
    this.#state = parts.allocator.allocate(HostState);
    this.add(0, { identity: HOST_BRIDGE, bars: [] });
    this.ecam = {
      size: ECAM_SIZE,
      read: (offset, width) => {
        const target = this.#functionAt(offset);
        return target === undefined ? absent(width) : target.readConfig(offset % FUNCTION_SIZE, width);
      },
      write: (offset, width, value) => this.#functionAt(offset)?.writeConfig(offset % FUNCTION_SIZE, width, value),
    };
    this.window = {
      size: parts.windowSize,
      read: (offset, width) => {
        const found = this.#decode(offset);
        return found === undefined ? absent(width) : found.device.read(found.offset, width);
      },
      write: (offset, width, value) => {
        const found = this.#decode(offset);
        found?.device.write(found.offset, width, value);
      },
    };
  }

  /** Puts a function into slot `device`, 1 to 31 (0 is the host bridge). */
  add(device: number, parts: FunctionParts): PciFunction {
    if (this.#functions[device] !== undefined || device >= DEVICES) {
      throw new RangeError(`PCI slot ${device} cannot be used`);
    }
    const added = new PciFunction(parts, {
      allocator: this.#parts.allocator,
      locked: (section) => withLock(this.#state.lock, section),
      drive: (pin, level) => this.#drive(device, pin, level),
    });
    this.#functions[device] = added;
    return added;
  }

  /** As power-on: BARs, command registers and wires. */
  reset(): void {
    for (const each of this.#functions) each?.reset();
  }

  #functionAt(offset: number): PciFunction | undefined {
    const slot = Math.floor(offset / FUNCTION_SIZE);
    // Function 0 of a device on bus 0: the slot is the device number times 8.
    return slot % 8 === 0 ? this.#functions[slot / 8] : undefined;
  }

  #decode(offset: number): { device: RegisterDevice; offset: number } | undefined {
    const address = this.#parts.windowBase + offset;
    for (const each of this.#functions) {
      const found = each?.decode(address);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Under the lock: a wire is high while any device asserts it. */
  #drive(device: number, pin: number, level: boolean): void {
    const line = intxLine(device, pin);
    const { asserting } = this.#state;
    if (level) asserting[line] |= 1 << device;
    else asserting[line] &= ~(1 << device);
    this.#parts.lines[line].set(asserting[line] !== 0);
  }
}

/** What a read that nobody answers gives. */
function absent(width: AccessWidth): number {
  return 2 ** (8 * width) - 1;
}
