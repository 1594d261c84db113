/**
 * virtio over PCI, modern (virtio 1.2, 4.1 "Virtio Over PCI Bus").
 *
 *   BAR 0, 16 KiB:   0x0000  common configuration           BAR 2 and the capability after the last are kept
 *                    0x1000  ISR status                     free for MSI-X
 *                    0x2000  device-specific configuration
 *                    0x3000  notification, 4 bytes for each queue
 */
import type { Capability } from '../pci/config-space.ts';
import type { PciHost } from '../pci/host.ts';
import type { ConfigHook } from '../pci/function.ts';
import type { AccessWidth, RegisterDevice } from '../device.ts';
import { registerTable, type Register } from '../registers.ts';
import { InterruptStatus } from './features.ts';
import type { VirtioRegisters } from './registers.ts';
import type { QueueView } from './state.ts';

// 4.1.2 PCI Device Discovery
const VIRTIO_VENDOR = 0x1af4;
const FIRST_DEVICE_ID = 0x1040;
const REVISION = 1;
const SUBSYSTEM_ID = 0x1100;

const BAR = 0;
const REGION_SIZE = 0x1000;
const BAR_SIZE = 4 * REGION_SIZE;
const NOTIFY_OFF_MULTIPLIER = 4;

// 4.1.4 Virtio Structure PCI Capabilities
const PCI_CAP_ID_VNDR = 0x09;
const VIRTIO_PCI_CAP_COMMON_CFG = 1;
const VIRTIO_PCI_CAP_NOTIFY_CFG = 2;
const VIRTIO_PCI_CAP_ISR_CFG = 3;
const VIRTIO_PCI_CAP_DEVICE_CFG = 4;
const VIRTIO_PCI_CAP_PCI_CFG = 5;

/** Where the fields of `struct virtio_pci_cap` stand that a driver may write in the PCI configuration access one. */
const CapField = { bar: 4, offset: 8, length: 12, pci_cfg_data: 16 } as const;

/** Puts `device` into slot `slot` of `pci`. Every thread does so, in the same order. */
export function virtioPci(device: VirtioRegisters, pci: PciHost, slot: number): void {
  const bar = barRegisters(device);
  const capabilities = [
    capability(VIRTIO_PCI_CAP_COMMON_CFG, 0),
    capability(VIRTIO_PCI_CAP_NOTIFY_CFG, 3, NOTIFY_OFF_MULTIPLIER),
    capability(VIRTIO_PCI_CAP_ISR_CFG, 1),
    ...(device.type.configSize > 0 ? [capability(VIRTIO_PCI_CAP_DEVICE_CFG, 2)] : []),
    configurationAccess(),
  ];
  const added = pci.add(slot, {
    identity: {
      vendorId: VIRTIO_VENDOR,
      deviceId: FIRST_DEVICE_ID + device.type.deviceId,
      revision: REVISION,
      classCode: device.type.pciClass,
      subsystemVendorId: VIRTIO_VENDOR,
      subsystemId: SUBSYSTEM_ID,
      interruptPin: 1,
      bars: [{ index: BAR, size: BAR_SIZE }],
      capabilities,
    },
    bars: [bar],
    hooks: [configurationAccessHook(bar, capabilities.length - 1)],
  });
  device.connect(added.interrupt);
}

function barRegisters(device: VirtioRegisters): RegisterDevice {
  const regions: readonly RegisterDevice[] = [
    registerTable(REGION_SIZE, commonConfiguration(device)),
    registerTable(REGION_SIZE, [isrStatus(device)]),
    {
      size: REGION_SIZE,
      read: (offset, width) => device.readConfig(offset, width),
      write: (offset, width, value) => device.writeConfig(offset, width, value),
    },
    {
      size: REGION_SIZE,
      read: () => 0,
      // 4.1.5.2: the 16-bit queue index, wherever in the structure it is written.
      write: (_offset, _width, value) => device.notify(value & 0xffff),
    },
  ];
  return {
    size: BAR_SIZE,
    read: (offset, width) => regions[Math.floor(offset / REGION_SIZE)].read(offset % REGION_SIZE, width),
    write: (offset, width, value) =>
      regions[Math.floor(offset / REGION_SIZE)].write(offset % REGION_SIZE, width, value),
  };
}

/** 4.1.4.3 Common configuration structure layout. */
function commonConfiguration(device: VirtioRegisters): Register[] {
  const { state } = device;
  const selected = (read: (queue: QueueView) => number) => () => {
    const queue = device.selected;
    return queue === undefined ? 0 : read(queue);
  };
  const area = (name: string, offset: number, of: (queue: QueueView) => Uint32Array): Register => ({
    name,
    offset,
    width: 4,
    count: 2,
    read: (word) => selected((queue) => of(queue)[word])(),
    write: (value, word) => device.configureQueue((queue) => void (of(queue)[word] = value)),
  });
  // There is no MSI-X yet: every vector is refused, which reads as VIRTIO_MSI_NO_VECTOR (4.1.5.1.2.1).
  return [
    {
      name: 'device_feature_select',
      offset: 0x00,
      width: 4,
      read: () => state.deviceFeaturesSel,
      write: (value) => void (state.deviceFeaturesSel = value),
    },
    { name: 'device_feature', offset: 0x04, width: 4, read: () => device.deviceFeatures },
    {
      name: 'driver_feature_select',
      offset: 0x08,
      width: 4,
      read: () => state.driverFeaturesSel,
      write: (value) => void (state.driverFeaturesSel = value),
    },
    {
      name: 'driver_feature',
      offset: 0x0c,
      width: 4,
      read: () => device.driverFeatures,
      write: (value) => device.writeDriverFeatures(value),
    },
    { name: 'config_msix_vector', offset: 0x10, width: 2, read: () => state.msixVector },
    { name: 'num_queues', offset: 0x12, width: 2, read: () => state.queues.length },
    {
      name: 'device_status',
      offset: 0x14,
      width: 1,
      read: () => device.status,
      write: (value) => device.writeStatus(value),
    },
    { name: 'config_generation', offset: 0x15, width: 1, read: () => device.configGeneration },
    {
      name: 'queue_select',
      offset: 0x16,
      width: 2,
      read: () => state.queueSel,
      write: (value) => void (state.queueSel = value),
    },
    {
      name: 'queue_size',
      offset: 0x18,
      width: 2,
      read: selected((queue) => queue.size),
      write: (value) => device.writeQueueSize(value),
    },
    { name: 'queue_msix_vector', offset: 0x1a, width: 2, read: selected((queue) => queue.msixVector) },
    {
      name: 'queue_enable',
      offset: 0x1c,
      width: 2,
      read: selected((queue) => queue.ready),
      write: (value) => (value === 1 ? device.enableQueue() : undefined),
    },
    { name: 'queue_notify_off', offset: 0x1e, width: 2, read: selected(() => state.queueSel) },
    area('queue_desc', 0x20, (queue) => queue.desc),
    area('queue_driver', 0x28, (queue) => queue.driver),
    area('queue_device', 0x30, (queue) => queue.device),
    { name: 'queue_notify_data', offset: 0x38, width: 2, read: selected(() => state.queueSel) },
    {
      name: 'queue_reset',
      offset: 0x3a,
      width: 2,
      // A reset is over when the write returns.
      read: () => 0,
      write: (value) => (value === 1 ? device.resetSelectedQueue() : undefined),
    },
  ];
}

/** 4.1.4.5 ISR status capability: reading it clears it and lowers the interrupt. */
function isrStatus(device: VirtioRegisters): Register {
  const all = InterruptStatus.USED_BUFFER | InterruptStatus.CONFIGURATION_CHANGE;
  return { name: 'ISR status', offset: 0, width: 1, read: () => device.acknowledge(all) };
}

/** `struct virtio_pci_cap` for region `region` of the BAR, with what follows it. */
function capability(type: number, region: number, ...extra: readonly number[]): Capability {
  const bytes = new Uint8Array(16 + 4 * extra.length);
  const view = new DataView(bytes.buffer);
  bytes.set([PCI_CAP_ID_VNDR, 0, bytes.length, type, BAR]);
  view.setUint32(CapField.offset, region * REGION_SIZE, true);
  view.setUint32(CapField.length, REGION_SIZE, true);
  extra.forEach((word, i) => view.setUint32(16 + 4 * i, word, true));
  return { bytes };
}

/** 4.1.4.9 PCI configuration access capability. */
function configurationAccess(): Capability {
  const bytes = new Uint8Array(20);
  bytes.set([PCI_CAP_ID_VNDR, 0, bytes.length, VIRTIO_PCI_CAP_PCI_CFG]);
  const writable = new Uint8Array(20);
  writable[CapField.bar] = 0xff;
  writable.fill(0xff, CapField.offset, CapField.pci_cfg_data);
  return { bytes, writable };
}

/** An access of `pci_cfg_data` is one of the BAR that the capability names; one that it cannot name has no effect. */
function configurationAccessHook(bar: RegisterDevice, index: number): ConfigHook {
  const target = (bytes: Uint8Array): { offset: number; width: AccessWidth } | undefined => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const offset = view.getUint32(CapField.offset, true);
    const width = view.getUint32(CapField.length, true);
    if (bytes[CapField.bar] !== BAR || (width !== 1 && width !== 2 && width !== 4)) return undefined;
    return offset % width === 0 && offset + width <= BAR_SIZE ? { offset, width } : undefined;
  };
  return {
    capability: index,
    offset: CapField.pci_cfg_data,
    size: 4,
    read(bytes, at, width) {
      const access = target(bytes);
      const value = access === undefined ? 0 : bar.read(access.offset, access.width);
      return Math.floor(value / 2 ** (8 * at)) % 2 ** (8 * width);
    },
    write(bytes, at, _width, value) {
      const access = at === 0 ? target(bytes) : undefined;
      if (access !== undefined) bar.write(access.offset, access.width, value);
    },
  };
}
