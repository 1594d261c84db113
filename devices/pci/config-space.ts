/**
 * The configuration space of one PCI function, type 0 header (PCI Local Bus 3.0, 6.1 "Configuration Space
 * Organization").
 *
 *   0x00  vendor ID        device ID            0x2c  subsystem vendor ID   subsystem ID
 *   0x04  command          status               0x30  expansion ROM base
 *   0x08  revision ID      class code           0x34  capabilities pointer
 *   0x0c  cache line, latency, header, BIST     0x38  reserved
 *   0x10  six base address registers            0x3c  interrupt line, pin, Min_Gnt, Max_Lat
 *   0x28  CardBus CIS pointer                   0x40  capabilities, chained
 *
 * The bytes live in shared memory. Which bits of them software can change is a mask, made of the same table on every
 * thread: that gives BAR sizing, since the low bits of a BAR are not writable.
 */
import { array, struct, u32, u8, type ViewOf } from '../../core/shared/struct.ts';

/** Bytes of configuration space that a function has; of the extended space behind it, nothing is there. */
export const CONFIG_SIZE = 256;

/** Offsets and widths of the fields of the header that something here reads or writes. */
export const Header = {
  VENDOR_ID: { at: 0x00, width: 2 },
  DEVICE_ID: { at: 0x02, width: 2 },
  COMMAND: { at: 0x04, width: 2 },
  STATUS: { at: 0x06, width: 2 },
  REVISION_ID: { at: 0x08, width: 1 },
  CLASS_CODE: { at: 0x09, width: 3 },
  CACHE_LINE_SIZE: { at: 0x0c, width: 1 },
  BASE_ADDRESS_0: { at: 0x10, width: 4 },
  SUBSYSTEM_VENDOR_ID: { at: 0x2c, width: 2 },
  SUBSYSTEM_ID: { at: 0x2e, width: 2 },
  CAPABILITIES_POINTER: { at: 0x34, width: 1 },
  INTERRUPT_LINE: { at: 0x3c, width: 1 },
  INTERRUPT_PIN: { at: 0x3d, width: 1 },
} as const;

/** Where capabilities begin. */
const FIRST_CAPABILITY = 0x40;

/** 6.2.2 "Device Control". */
export const Command = { MEMORY_SPACE: 1 << 1, BUS_MASTER: 1 << 2, INTERRUPT_DISABLE: 1 << 10 } as const;
/** 6.2.3 "Device Status". */
export const PciStatus = { INTERRUPT: 1 << 3, CAPABILITIES_LIST: 1 << 4 } as const;

/** 6.2.5.1 "Address Maps": a 64-bit base address register in memory space. */
const BAR_64BIT = 0b100;

/** A 64-bit memory BAR, which takes the place of two registers. */
export interface Bar {
  /** 0, 2 or 4. */
  readonly index: number;
  /** A power of 2, at least 16. */
  readonly size: number;
}

/** A capability: its bytes from the ID on (the pointer to the next is filled in), and which bits software may write. */
export interface Capability {
  readonly bytes: Uint8Array;
  readonly writable?: Uint8Array;
}

/** What a function says of itself. */
export interface Identity {
  readonly vendorId: number;
  readonly deviceId: number;
  readonly revision: number;
  /** Three bytes: base class, sub-class, programming interface. */
  readonly classCode: number;
  readonly subsystemVendorId: number;
  readonly subsystemId: number;
  /** 1 to 4 for INTA# to INTD#, 0 for none. */
  readonly interruptPin: number;
  readonly bars: readonly Bar[];
  readonly capabilities: readonly Capability[];
}

/** A function in shared memory, under the host's lock. */
export const FunctionState = struct('PciFunction', {
  /** 1 once the bytes are written, so that a copied memory keeps what it has. */
  made: u32,
  /** 1 while the device wants its pin asserted, whatever the command register says. */
  interrupt: u32,
  config: array(u8, CONFIG_SIZE),
});
export type FunctionView = ViewOf<typeof FunctionState>;

/** The bytes of a function after reset, the bits of them that software can change, and where its capabilities stand. */
export interface ConfigImage {
  readonly initial: Uint8Array;
  readonly writable: Uint8Array;
  /** Offset of each capability, in the order of the identity's. */
  readonly capabilityOffsets: readonly number[];
}

/** Lays a configuration space out. */
export function configImage(identity: Identity): ConfigImage {
  const initial = new Uint8Array(CONFIG_SIZE);
  const writable = new Uint8Array(CONFIG_SIZE);
  putField(initial, Header.VENDOR_ID, identity.vendorId);
  putField(initial, Header.DEVICE_ID, identity.deviceId);
  putField(initial, Header.REVISION_ID, identity.revision);
  putField(initial, Header.CLASS_CODE, identity.classCode);
  putField(initial, Header.SUBSYSTEM_VENDOR_ID, identity.subsystemVendorId);
  putField(initial, Header.SUBSYSTEM_ID, identity.subsystemId);
  putField(initial, Header.INTERRUPT_PIN, identity.interruptPin);
  putField(writable, Header.COMMAND, Command.MEMORY_SPACE | Command.BUS_MASTER | Command.INTERRUPT_DISABLE);
  putField(writable, Header.CACHE_LINE_SIZE, 0xff);
  putField(writable, Header.INTERRUPT_LINE, 0xff);

  for (const { index, size } of identity.bars) {
    const at = Header.BASE_ADDRESS_0.at + 4 * index;
    putField(initial, { at, width: 4 }, BAR_64BIT);
    putField(writable, { at, width: 4 }, (~(size - 1) & ~0xf) >>> 0);
    putField(writable, { at: at + 4, width: 4 }, 0xffff_ffff);
  }

  let link: number = Header.CAPABILITIES_POINTER.at;
  let next = FIRST_CAPABILITY;
  const capabilityOffsets = identity.capabilities.map((capability) => {
    const at = next;
    initial.set(capability.bytes, at);
    writable.set(capability.writable ?? [], at);
    initial[link] = at;
    link = at + 1;
    initial[link] = 0;
    next = (at + capability.bytes.length + 3) & ~3;
    return at;
  });
  if (capabilityOffsets.length > 0) putField(initial, Header.STATUS, PciStatus.CAPABILITIES_LIST);
  return { initial, writable, capabilityOffsets };
}

interface Field {
  readonly at: number;
  readonly width: number;
}

/** Reads a field of at most 4 bytes, little-endian. */
export function getField(bytes: Uint8Array, { at, width }: Field): number {
  let value = 0;
  for (let i = width - 1; i >= 0; i--) value = value * 256 + bytes[at + i];
  return value;
}

/** Writes a field of at most 4 bytes, little-endian. */
export function putField(bytes: Uint8Array, { at, width }: Field, value: number): void {
  for (let i = 0; i < width; i++) bytes[at + i] = value >>> (8 * i);
}
