/**
 * PCI Express for the board. On every thread, hart or machine, in the same order:
 *
 *   const pci = new PciHost({ allocator, lines, windowBase: 0x4000_0000, windowSize: 0x4000_0000 });
 *   // pci.ecam at 0x3000_0000, pci.window at windowBase
 *   virtioPci(registers, pci, 1);                      // devices/virtio; slots 1 to 31
 *
 * The device tree's `interrupt-map` follows {@link intxLine}. A machine's reset calls `pci.reset()`.
 */
export { PciHost, intxLine, INTX_LINES, type PciHostParts } from './host.ts';
export type { PciFunction } from './function.ts';
