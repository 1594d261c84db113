/**
 * virtio over MMIO, version 2 (virtio 1.2, 4.2.2 "MMIO Device Register Layout").
 *
 *   0x000  control registers, 32 bits each
 *   0x100  device-specific configuration, any width
 */
import type { InterruptLine, RegisterDevice } from '../device.ts';
import { registerTable, type Register } from '../registers.ts';
import type { VirtioRegisters } from './registers.ts';
import type { QueueView } from './state.ts';

/** "virt", and the version that is not legacy. */
const MAGIC = 0x7472_6976;
const VERSION = 2;
/** "tabh". */
const VENDOR = 0x6862_6174;
const CONFIG_OFFSET = 0x100;
const SIZE = 0x1000;

/** The registers of `device` at a place in the memory map, and its interrupt on `line`. Every thread makes its own. */
export function virtioMmio(device: VirtioRegisters, line: InterruptLine): RegisterDevice {
  device.connect(line);
  const control = registerTable(CONFIG_OFFSET, controlRegisters(device));
  return {
    size: SIZE,
    read: (offset, width) =>
      offset < CONFIG_OFFSET ? control.read(offset, width) : device.readConfig(offset - CONFIG_OFFSET, width),
    write: (offset, width, value) =>
      offset < CONFIG_OFFSET
        ? control.write(offset, width, value)
        : device.writeConfig(offset - CONFIG_OFFSET, width, value),
  };
}

function controlRegisters(device: VirtioRegisters): Register[] {
  const { state } = device;
  const width = 4;
  const area = (name: string, offset: number, of: (queue: QueueView) => Uint32Array): Register[] =>
    ['Low', 'High'].map((half, word) => ({
      name: `Queue${name}${half}`,
      offset: offset + 4 * word,
      width,
      write: (value) => device.configureQueue((queue) => void (of(queue)[word] = value)),
    }));
  return [
    { name: 'MagicValue', offset: 0x000, width, read: () => MAGIC },
    { name: 'Version', offset: 0x004, width, read: () => VERSION },
    { name: 'DeviceID', offset: 0x008, width, read: () => device.type.deviceId },
    { name: 'VendorID', offset: 0x00c, width, read: () => VENDOR },
    { name: 'DeviceFeatures', offset: 0x010, width, read: () => device.deviceFeatures },
    { name: 'DeviceFeaturesSel', offset: 0x014, width, write: (value) => void (state.deviceFeaturesSel = value) },
    { name: 'DriverFeatures', offset: 0x020, width, write: (value) => device.writeDriverFeatures(value) },
    { name: 'DriverFeaturesSel', offset: 0x024, width, write: (value) => void (state.driverFeaturesSel = value) },
    { name: 'QueueSel', offset: 0x030, width, write: (value) => void (state.queueSel = value) },
    { name: 'QueueNumMax', offset: 0x034, width, read: () => device.selected?.sizeMax ?? 0 },
    { name: 'QueueNum', offset: 0x038, width, write: (value) => device.writeQueueSize(value) },
    {
      name: 'QueueReady',
      offset: 0x044,
      width,
      read: () => device.selected?.ready ?? 0,
      write: (value) => (value === 1 ? device.enableQueue() : value === 0 ? device.disableQueue() : undefined),
    },
    { name: 'QueueNotify', offset: 0x050, width, write: (value) => device.notify(value) },
    { name: 'InterruptStatus', offset: 0x060, width, read: () => state.interruptStatus },
    { name: 'InterruptACK', offset: 0x064, width, write: (value) => void device.acknowledge(value) },
    {
      name: 'Status',
      offset: 0x070,
      width,
      read: () => device.status,
      write: (value) => device.writeStatus(value),
    },
    ...area('Desc', 0x080, (queue) => queue.desc),
    ...area('Driver', 0x090, (queue) => queue.driver),
    ...area('Device', 0x0a0, (queue) => queue.device),
    { name: 'SHMSel', offset: 0x0ac, width, write: () => undefined },
    // No device has shared memory regions: their length and base read as -1.
    { name: 'SHMLenLow', offset: 0x0b0, width, read: () => 0xffff_ffff },
    { name: 'SHMLenHigh', offset: 0x0b4, width, read: () => 0xffff_ffff },
    { name: 'SHMBaseLow', offset: 0x0b8, width, read: () => 0xffff_ffff },
    { name: 'SHMBaseHigh', offset: 0x0bc, width, read: () => 0xffff_ffff },
    {
      name: 'QueueReset',
      offset: 0x0c0,
      width,
      // A reset is over when the write returns.
      read: () => 0,
      write: (value) => (value === 1 ? device.resetSelectedQueue() : undefined),
    },
    { name: 'ConfigGeneration', offset: 0x0fc, width, read: () => device.configGeneration },
  ];
}
