/**
 * virtio for the board.
 *
 * On every thread, hart or machine, in the same order (each step takes its place in shared memory):
 *
 *   const registers = new VirtioRegisters(virtioConsoleType, { allocator, ram, doorbell, doorbellBit, log });
 *   virtioPci(registers, pci, slot);                    // or: place virtioMmio(registers, line) in the memory map
 *
 * On the machine thread alone, before a hart runs:
 *
 *   const console = new VirtioConsole({ input: registers.own, columns, rows, onOutput });
 *   const device = new VirtioQueues(registers, console);   // a QueueDevice
 *
 * and from then on `device.serve()` when the doorbell bit was rung. A machine's reset calls `registers.reset()` on one
 * thread. To pause: stop the harts, then await `device.pause()`; the memory may then be copied. `device.resume()`
 * goes on, here or in new objects over the copy.
 */
export { VirtioRegisters, type VirtioParts } from './registers.ts';
export { VirtioQueues } from './queues.ts';
export { virtioMmio } from './mmio.ts';
export { virtioPci } from './pci-transport.ts';
export { VirtioConsole, virtioConsoleType, type ConsoleOptions } from './console.ts';
export { VirtioBlock, virtioBlockType, type BlockOptions } from './block.ts';
export type { BlockTraits } from './block-config.ts';
export { VirtioEntropy, virtioEntropyType, type EntropyOptions } from './entropy.ts';
