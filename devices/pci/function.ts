/**
 * One PCI function: its configuration space, its BARs, its interrupt pin.
 */
import type { DeviceAllocator } from '../../core/shared/memory-map.ts';
import type { AccessWidth, InterruptLine, RegisterDevice } from '../device.ts';
import {
  CONFIG_SIZE,
  Command,
  FunctionState,
  Header,
  PciStatus,
  configImage,
  getField,
  putField,
  type ConfigImage,
  type FunctionView,
  type Identity,
} from './config-space.ts';

/** A register of the configuration space that does more than hold bits. */
export interface ConfigHook {
  /** Index of its capability in the identity, and where in the capability it stands. */
  readonly capability: number;
  readonly offset: number;
  readonly size: number;
  /** `capability` is the configuration space from the capability on; `offset` counts from the start of the hook. */
  read(capability: Uint8Array, offset: number, width: AccessWidth): number;
  write(capability: Uint8Array, offset: number, width: AccessWidth, value: number): void;
}

/** What a function is made of. */
export interface FunctionParts {
  readonly identity: Identity;
  /** The registers behind each BAR of the identity, in its order. */
  readonly bars: readonly RegisterDevice[];
  readonly hooks?: readonly ConfigHook[];
}

/** What the host gives a function. */
export interface FunctionHost {
  readonly allocator: DeviceAllocator;
  /** Runs `section` under the host's lock. */
  readonly locked: <T>(section: () => T) => T;
  /** Under the lock: sets the level of `pin`, 0 for INTA#. */
  readonly drive: (pin: number, level: boolean) => void;
}

export class PciFunction {
  /** The function's interrupt pin; what reaches the wire is subject to the command register. */
  readonly interrupt: InterruptLine;
  readonly #parts: FunctionParts;
  readonly #host: FunctionHost;
  readonly #state: FunctionView;
  readonly #image: ConfigImage;

  constructor(parts: FunctionParts, host: FunctionHost) {
    this.#parts = parts;
    this.#host = host;
    this.#image = configImage(parts.identity);
    this.#state = host.allocator.allocate(FunctionState);
    this.interrupt = { set: (level) => host.locked(() => this.#setInterrupt(level)) };
    host.locked(() => {
      if (this.#state.made === 1) return;
      this.#state.config.set(this.#image.initial);
      this.#state.made = 1;
    });
  }

  /** As power-on. */
  reset(): void {
    this.#host.locked(() => {
      this.#state.config.set(this.#image.initial);
      this.#setInterrupt(false);
    });
  }

  /** Reads configuration space; what is not implemented reads 0. */
  readConfig(offset: number, width: AccessWidth): number {
    const { config } = this.#state;
    if (offset + width > CONFIG_SIZE) return 0;
    const found = this.#hookAt(offset, width);
    if (found !== undefined) return found.hook.read(found.capability, found.offset, width);
    return this.#host.locked(() => getField(config, { at: offset, width }));
  }

  /** Writes what of configuration space software can change. */
  writeConfig(offset: number, width: AccessWidth, value: number): void {
    const { config } = this.#state;
    if (offset + width > CONFIG_SIZE) return;
    const found = this.#hookAt(offset, width);
    if (found !== undefined) return found.hook.write(found.capability, found.offset, width, value);
    this.#host.locked(() => {
      for (let i = 0; i < width; i++) {
        const mask = this.#image.writable[offset + i];
        config[offset + i] = (config[offset + i] & ~mask) | ((value >>> (8 * i)) & mask);
      }
      this.#driveWire();
    });
  }

  /** The registers that answer at a guest-physical address, if one of the BARs decodes it. */
  decode(address: number): { device: RegisterDevice; offset: number } | undefined {
    const { config } = this.#state;
    const { bars } = this.#parts.identity;
    if (bars.length === 0 || (getField(config, Header.COMMAND) & Command.MEMORY_SPACE) === 0) return undefined;
    for (let i = 0; i < bars.length; i++) {
      const { index, size } = bars[i];
      const at = Header.BASE_ADDRESS_0.at + 4 * index;
      const low = getField(config, { at, width: 4 }) & ~0xf;
      const base = getField(config, { at: at + 4, width: 4 }) * 2 ** 32 + (low >>> 0);
      if (address >= base && address < base + size) return { device: this.#parts.bars[i], offset: address - base };
    }
    return undefined;
  }

  /** Under the lock. 6.2.3: the status bit shows the level whether or not the command register masks it. */
  #setInterrupt(level: boolean): void {
    const { config } = this.#state;
    const others = getField(config, Header.STATUS) & ~PciStatus.INTERRUPT;
    this.#state.interrupt = level ? 1 : 0;
    putField(config, Header.STATUS, others | (level ? PciStatus.INTERRUPT : 0));
    this.#driveWire();
  }

  #driveWire(): void {
    const { interruptPin } = this.#parts.identity;
    if (interruptPin === 0) return;
    const masked = (getField(this.#state.config, Header.COMMAND) & Command.INTERRUPT_DISABLE) !== 0;
    this.#host.drive(interruptPin - 1, this.#state.interrupt === 1 && !masked);
  }

  #hookAt(offset: number, width: number): { hook: ConfigHook; capability: Uint8Array; offset: number } | undefined {
    for (const hook of this.#parts.hooks ?? []) {
      const at = this.#image.capabilityOffsets[hook.capability];
      const start = at + hook.offset;
      if (offset < start || offset + width > start + hook.size) continue;
      return { hook, capability: this.#state.config.subarray(at), offset: offset - start };
    }
    return undefined;
  }
}
