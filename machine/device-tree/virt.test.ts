import { describe, expect, it } from 'vitest';
import { findNode, readCells, readDeviceTree, readTexts } from './read.ts';
import { isaString, pciInterrupt, VIRT, virtDeviceTree, type BoardDescription } from './virt.ts';

const board: BoardDescription = {
  harts: 2,
  ramBytes: 3 * 2 ** 30,
  isa: { extensions: ['i', 'm', 'a', 'f', 'd', 'c', 'zicbom', 'zicboz', 'zicsr', 'sstc'], mmu: 'sv57' },
  bootargs: 'console=hvc0',
  initrd: { base: 0x1_2000_0000, size: 0x1000 },
  rngSeed: new Uint8Array(32).fill(7),
};
const node = (path: string, of: BoardDescription = board) => findNode(readDeviceTree(virtDeviceTree(of)).root, path);

describe('virtDeviceTree', () => {
  it('describes memory and what the boot loader hands over', () => {
    expect(readCells(node('/memory@80000000'), 'reg')).toEqual([0, 0x8000_0000, 0, 0xc000_0000]);
    expect(readTexts(node('/chosen'), 'bootargs')).toEqual(['console=hvc0']);
    expect(readTexts(node('/chosen'), 'stdout-path')).toEqual(['/soc/serial@10000000']);
    expect(readCells(node('/chosen'), 'linux,initrd-start')).toEqual([1, 0x2000_0000]);
    expect(readCells(node('/chosen'), 'linux,initrd-end')).toEqual([1, 0x2000_1000]);
    expect(node('/chosen')?.properties.get('rng-seed')).toEqual(new Uint8Array(32).fill(7));
  });

  it('hands over more properties of /chosen', () => {
    const script = 'echo one\necho two\n';
    expect(readTexts(node('/chosen', { ...board, chosen: { 'tabhyve,exec': script } }), 'tabhyve,exec')).toEqual([
      script,
    ]);
  });

  it('describes each hart', () => {
    expect(readCells(node('/cpus'), 'timebase-frequency')).toEqual([10_000_000]);
    const cpu = node('/cpus/cpu@1');
    expect(readCells(cpu, 'reg')).toEqual([1]);
    expect(readTexts(cpu, 'riscv,isa')).toEqual(['rv64imafdc_zicbom_zicboz_zicsr_sstc']);
    expect(readTexts(cpu, 'riscv,isa-base')).toEqual(['rv64i']);
    expect(readTexts(cpu, 'riscv,isa-extensions')).toEqual(board.isa.extensions);
    expect(readTexts(cpu, 'mmu-type')).toEqual(['riscv,sv57']);
    expect(readCells(cpu, 'riscv,cbom-block-size')).toEqual([64]);
    expect(readCells(cpu, 'riscv,cboz-block-size')).toEqual([64]);
    expect(readCells(cpu, 'riscv,cbop-block-size')).toEqual([]);
    expect(node('/cpus/cpu@2')).toBeUndefined();
    expect(isaString({ extensions: ['i'], mmu: 'sv39' })).toBe('rv64i');
  });

  it('wires interrupt controllers to the harts, and devices to the PLIC', () => {
    const wire = (hart: number) => readCells(node(`/cpus/cpu@${hart}/interrupt-controller`), 'phandle')[0];
    const plic = node('/soc/plic@c000000');
    expect(readCells(plic, 'interrupts-extended')).toEqual([wire(0), 11, wire(0), 9, wire(1), 11, wire(1), 9]);
    expect(readCells(node('/soc/clint@2000000'), 'interrupts-extended')).toEqual([
      wire(0),
      3,
      wire(0),
      7,
      wire(1),
      3,
      wire(1),
      7,
    ]);
    expect(readCells(plic, 'riscv,ndev')).toEqual([0x5f]);
    for (const [path, irq] of [
      ['serial@10000000', 10],
      ['rtc@101000', 11],
      ['virtio_mmio@10008000', 8],
    ] as const) {
      expect(readCells(node(`/soc/${path}`), 'interrupts')).toEqual([irq]);
      expect(readCells(node(`/soc/${path}`), 'interrupt-parent')).toEqual(readCells(plic, 'phandle'));
    }
  });

  it('describes PCI with all interrupts swizzled', () => {
    const pci = node('/soc/pci@30000000');
    expect(readCells(pci, 'ranges')).toEqual([0x0200_0000, 0, 0x4000_0000, 0, 0x4000_0000, 0, 0x4000_0000]);
    const mask = readCells(pci, 'interrupt-map-mask');
    const map = readCells(pci, 'interrupt-map');
    for (let slot = 0; slot < 32; slot++) {
      for (let pin = 1; pin <= 4; pin++) {
        const entry = Array.from({ length: map.length / 6 }, (_, i) => map.slice(i * 6, i * 6 + 6)).find(
          ([space, , , entryPin]) => space === ((slot << 11) & mask[0]) && entryPin === (pin & mask[3]),
        );
        expect(entry?.[5]).toBe(pciInterrupt(slot, pin));
        expect(pciInterrupt(slot, pin)).toBe(32 + ((slot + pin - 1) % 4));
      }
    }
  });

  it('stops and restarts through the finisher', () => {
    const test = readCells(node('/soc/test@100000'), 'phandle');
    expect(readCells(node('/poweroff'), 'regmap')).toEqual(test);
    expect(readCells(node('/poweroff'), 'value')).toEqual([0x5555]);
    expect(readCells(node('/reboot'), 'value')).toEqual([0x7777]);
  });

  it('leaves out what the board has not, and reserves what is taken', () => {
    const bare = { ...board, pci: false, virtioMmioSlots: 1, reservations: [{ address: 0x8000_0000n, size: 0x1000n }] };
    expect(node('/soc/pci@30000000', bare)).toBeUndefined();
    expect(node('/soc/virtio_mmio@10002000', bare)).toBeUndefined();
    expect(readDeviceTree(virtDeviceTree(bare)).reservations).toEqual(bare.reservations);
  });

  it('has no two devices in one place', () => {
    const { virtioMmio, pciIrq: _, ...rest } = VIRT;
    const mmio = { base: virtioMmio.base, size: virtioMmio.stride * virtioMmio.slots };
    const windows = [...Object.values(rest), mmio].sort((a, b) => a.base - b.base);
    windows.reduce((below, window) => {
      expect(window.base).toBeGreaterThanOrEqual(below.base + below.size);
      return window;
    });
  });
});
