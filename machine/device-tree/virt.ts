/**
 * The device tree of the board: the tree of QEMU's `virt` machine, less what the board does not have (flash, fw-cfg,
 * the platform bus, I/O ports). Bindings are those of the Linux kernel's Documentation/devicetree/bindings.
 *
 *   /memory@80000000  /chosen  /aliases  /poweroff  /reboot
 *   /cpus/cpu@N/interrupt-controller
 *   /soc/  test@100000  rtc@101000  clint@2000000  plic@c000000  serial@10000000  virtio_mmio@10001000...  pci@30000000
 */
import { RAM_BASE } from '../../core/shared/memory-map.ts';
import { cells, wide, writeDeviceTree, type DeviceNode, type PropertyValue, type Reservation } from './fdt.ts';

/** A window of guest-physical addresses. */
export interface Window {
  readonly base: number;
  readonly size: number;
}

/** Where the devices of `virt` stand, and their interrupt sources. */
export const VIRT = {
  test: { base: 0x10_0000, size: 0x1000 },
  rtc: { base: 0x10_1000, size: 0x1000, irq: 11 },
  clint: { base: 0x200_0000, size: 0x1_0000 },
  sswi: { base: 0x2f0_0000, size: 0x4000 },
  plic: { base: 0xc00_0000, size: 0x60_0000, sources: 0x5f },
  serial: { base: 0x1000_0000, size: 0x100, irq: 10, clock: 3_686_400 },
  /** Slot n stands `stride` further up than slot 0, and has interrupt `irq + n`. */
  virtioMmio: { base: 0x1000_1000, size: 0x1000, stride: 0x1000, irq: 1, slots: 8 },
  pciEcam: { base: 0x3000_0000, size: 0x1000_0000 },
  pciMmio: { base: 0x4000_0000, size: 0x4000_0000 },
  /** INTA of slot 0; pin and slot are added, modulo 4. */
  pciIrq: 32,
} as const;

/** What the tree says of a machine. */
export interface BoardDescription {
  readonly harts: number;
  readonly ramBytes: number;
  readonly isa: IsaDescription;
  /** 32 bytes or more of fresh randomness for the guest's generator. */
  readonly rngSeed?: Uint8Array;
  readonly bootargs?: string;
  /** More properties of /chosen. */
  readonly chosen?: Readonly<Record<string, string>>;
  readonly initrd?: Window;
  /** Console before the guest's drivers, as a path of the tree. Default: the serial port. */
  readonly stdoutPath?: string;
  /** Parts of RAM that the guest must leave alone. */
  readonly reservations?: readonly Reservation[];
  /** Slots of virtio-mmio that exist. Default: all 8. */
  readonly virtioMmioSlots?: number;
  /** False leaves PCI out. */
  readonly pci?: boolean;
}

/** What is implemented, from the table of instructions. */
export interface IsaDescription {
  /** Extensions in canonical order and lower case, the single letters of the base first: `i`, `m`, ..., `zicsr`. */
  readonly extensions: readonly string[];
  readonly mmu: 'sv39' | 'sv48' | 'sv57';
}

const TIMEBASE_FREQUENCY = 10_000_000;
/** Bytes of the blocks of cbo.clean, cbo.flush, cbo.inval and cbo.zero. */
const CACHE_BLOCK = 64;

/** Interrupts of a hart's own controller: the numbers of `mip`. */
const HartInterrupt = { MSI: 3, MTI: 7, SEI: 9, MEI: 11 } as const;

/** The blob for a board. */
export function virtDeviceTree(board: BoardDescription): Uint8Array<ArrayBuffer> {
  return writeDeviceTree(virtTree(board), { reservations: board.reservations ?? [] });
}

/** `riscv,isa`: `rv64imafdc_zicsr_...`. */
export function isaString({ extensions }: IsaDescription): string {
  const letters = extensions.filter((name) => name.length === 1);
  return ['rv64' + letters.join(''), ...extensions.filter((name) => name.length > 1)].join('_');
}

/** Phandles: what other nodes point at. */
const PLIC_PHANDLE = 1;
const TEST_PHANDLE = 2;
const cpuPhandle = (hart: number): number => 16 + 2 * hart;
const cpuInterruptsPhandle = (hart: number): number => 17 + 2 * hart;

const serialName = `serial@${hex(VIRT.serial.base)}`;

function virtTree(board: BoardDescription): DeviceNode {
  return {
    properties: {
      '#address-cells': cells(2),
      '#size-cells': cells(2),
      compatible: 'riscv-virtio',
      model: 'riscv-virtio,tabhyve',
    },
    children: {
      aliases: { properties: { serial0: `/soc/${serialName}` } },
      chosen: chosen(board),
      poweroff: syscon('syscon-poweroff', 0x5555),
      reboot: syscon('syscon-reboot', 0x7777),
      [`memory@${hex(RAM_BASE)}`]: {
        properties: { device_type: 'memory', reg: reg({ base: RAM_BASE, size: board.ramBytes }) },
      },
      cpus: cpus(board),
      soc: soc(board),
    },
  };
}

function chosen(board: BoardDescription): DeviceNode {
  const { bootargs, initrd, rngSeed, stdoutPath = `/soc/${serialName}` } = board;
  const properties: Record<string, PropertyValue> = { 'stdout-path': stdoutPath, ...board.chosen };
  if (bootargs !== undefined) properties['bootargs'] = bootargs;
  if (rngSeed !== undefined) properties['rng-seed'] = rngSeed;
  if (initrd !== undefined) {
    properties['linux,initrd-start'] = cells(...wide(initrd.base));
    properties['linux,initrd-end'] = cells(...wide(initrd.base + initrd.size));
  }
  return { properties };
}

/** Stops or restarts the machine by writing `value` to the test finisher. */
function syscon(compatible: string, value: number): DeviceNode {
  return { properties: { compatible, regmap: cells(TEST_PHANDLE), offset: cells(0), value: cells(value) } };
}

function cpus({ harts, isa }: BoardDescription): DeviceNode {
  const children: Record<string, DeviceNode> = {};
  const cores: Record<string, DeviceNode> = {};
  for (let hart = 0; hart < harts; hart++) {
    children[`cpu@${hex(hart)}`] = cpu(hart, isa);
    cores[`core${hart}`] = { properties: { cpu: cells(cpuPhandle(hart)) } };
  }
  children['cpu-map'] = { properties: {}, children: { cluster0: { properties: {}, children: cores } } };
  return {
    properties: {
      '#address-cells': cells(1),
      '#size-cells': cells(0),
      'timebase-frequency': cells(TIMEBASE_FREQUENCY),
    },
    children,
  };
}

function cpu(hart: number, isa: IsaDescription): DeviceNode {
  const blocks: Record<string, PropertyValue> = {};
  for (const extension of ['zicbom', 'zicbop', 'zicboz']) {
    if (isa.extensions.includes(extension)) blocks[`riscv,${extension.slice(2)}-block-size`] = cells(CACHE_BLOCK);
  }
  return {
    properties: {
      phandle: cells(cpuPhandle(hart)),
      device_type: 'cpu',
      reg: cells(hart),
      status: 'okay',
      compatible: 'riscv',
      'riscv,isa': isaString(isa),
      'riscv,isa-base': 'rv64i',
      'riscv,isa-extensions': isa.extensions,
      'mmu-type': `riscv,${isa.mmu}`,
      ...blocks,
    },
    children: {
      'interrupt-controller': {
        properties: {
          '#interrupt-cells': cells(1),
          'interrupt-controller': true,
          compatible: 'riscv,cpu-intc',
          phandle: cells(cpuInterruptsPhandle(hart)),
        },
      },
    },
  };
}

function soc({ harts, virtioMmioSlots = VIRT.virtioMmio.slots, pci = true }: BoardDescription): DeviceNode {
  const children: Record<string, DeviceNode> = {};
  const add = (name: string, window: Window, properties: Record<string, PropertyValue>): void => {
    children[`${name}@${hex(window.base)}`] = { properties: { ...properties, reg: reg(window) } };
  };
  const wiresTo = (...interrupts: number[]): PropertyValue =>
    cells(
      ...Array.from({ length: harts }, (_, hart) =>
        interrupts.map((interrupt) => [cpuInterruptsPhandle(hart), interrupt]),
      ).flat(2),
    );

  add('test', VIRT.test, { phandle: cells(TEST_PHANDLE), compatible: ['sifive,test1', 'sifive,test0', 'syscon'] });
  add('rtc', VIRT.rtc, { compatible: 'google,goldfish-rtc', ...interrupt(VIRT.rtc.irq) });
  add('clint', VIRT.clint, {
    compatible: ['sifive,clint0', 'riscv,clint0'],
    'interrupts-extended': wiresTo(HartInterrupt.MSI, HartInterrupt.MTI),
  });
  add('plic', VIRT.plic, {
    phandle: cells(PLIC_PHANDLE),
    compatible: ['sifive,plic-1.0.0', 'riscv,plic0'],
    '#address-cells': cells(0),
    '#interrupt-cells': cells(1),
    'interrupt-controller': true,
    'interrupts-extended': wiresTo(HartInterrupt.MEI, HartInterrupt.SEI),
    'riscv,ndev': cells(VIRT.plic.sources),
  });
  add('serial', VIRT.serial, {
    compatible: 'ns16550a',
    'clock-frequency': cells(VIRT.serial.clock),
    ...interrupt(VIRT.serial.irq),
  });
  const { base, size, stride, irq } = VIRT.virtioMmio;
  for (let slot = 0; slot < virtioMmioSlots; slot++) {
    const window = { base: base + slot * stride, size };
    add('virtio_mmio', window, { compatible: 'virtio,mmio', ...interrupt(irq + slot) });
  }
  if (pci) add('pci', VIRT.pciEcam, pciHost());
  return {
    properties: { '#address-cells': cells(2), '#size-cells': cells(2), compatible: 'simple-bus', ranges: true },
    children,
  };
}

/** `pci-host-ecam-generic`, IEEE 1275 bus binding: addresses are (space, high, low). */
function pciHost(): Record<string, PropertyValue> {
  const MEMORY_32 = 0x0200_0000;
  const { base, size } = VIRT.pciMmio;
  return {
    compatible: 'pci-host-ecam-generic',
    device_type: 'pci',
    'linux,pci-domain': cells(0),
    'bus-range': cells(0, 0xff),
    'dma-coherent': true,
    '#address-cells': cells(3),
    '#size-cells': cells(2),
    '#interrupt-cells': cells(1),
    ranges: cells(MEMORY_32, ...wide(base), ...wide(base), ...wide(size)),
    // The slot's low two bits and the pin: four slots show the swizzle of all 32.
    'interrupt-map-mask': cells(3 << 11, 0, 0, 7),
    'interrupt-map': cells(
      ...Array.from({ length: 16 }, (_, i) => {
        const [slot, pin] = [i >> 2, (i & 3) + 1];
        return [slot << 11, 0, 0, pin, PLIC_PHANDLE, pciInterrupt(slot, pin)];
      }).flat(),
    ),
  };
}

/** The interrupt source that pin INTA to INTD (1 to 4) of a PCI slot is wired to. */
export function pciInterrupt(slot: number, pin: number): number {
  return VIRT.pciIrq + ((slot + pin - 1) & 3);
}

function interrupt(source: number): Record<string, PropertyValue> {
  return { 'interrupt-parent': cells(PLIC_PHANDLE), interrupts: cells(source) };
}

function reg({ base, size }: Window): PropertyValue {
  return cells(...wide(base), ...wide(size));
}

function hex(value: number): string {
  return value.toString(16);
}
