/** A virtio-mmio slot without a device (virtio 1.2, 4.2.3.1.1: a DeviceID of 0 is to be ignored by the driver). */
import type { RegisterDevice } from '../device.ts';
import { registerTable } from '../registers.ts';

const MAGIC = 0x7472_6976;
const VERSION = 2;

export const emptyMmioSlot: RegisterDevice = registerTable(0x1000, [
  { name: 'MagicValue', offset: 0x000, width: 4, read: () => MAGIC },
  { name: 'Version', offset: 0x004, width: 4, read: () => VERSION },
  { name: 'DeviceID', offset: 0x008, width: 4, read: () => 0 },
  { name: 'VendorID', offset: 0x00c, width: 4, read: () => 0 },
]);
