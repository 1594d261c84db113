/**
 * A hart that resets its device again and again while requests are in flight, and takes its memory back as soon as the
 * reset has returned. Loaded as a thread, with a {@link ResettingHart} as its data; posts {@link Outcome}.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { doorbell } from '../../../core/shared/doorbell.ts';
import { GuestRam } from '../../../core/shared/guest-ram.ts';
import { DeviceAllocator, RAM_BASE, controlView, type MemoryMap } from '../../../core/shared/memory-map.ts';
import { PciHost } from '../../pci/host.ts';
import { virtioEntropyType } from '../entropy.ts';
import { virtioMmio } from '../mmio.ts';
import { VirtioRegisters } from '../registers.ts';
import { WINDOW_BASE } from './fake-board.ts';
import { FakeDriver, writable } from './fake-driver.ts';

export interface ResettingHart {
  readonly memory: WebAssembly.Memory;
  readonly map: MemoryMap;
  readonly rounds: number;
}

export interface Outcome {
  /** Requests that were completed before the reset came. */
  readonly completed: number;
  /** Rounds in which something wrote to memory that was the guest's own again. */
  readonly violations: number;
}

const REQUESTS = 16;
const CANARY = 0xab;

function run({ memory, map, rounds }: ResettingHart): Outcome {
  const ram = new GuestRam(memory, map);
  const allocator = new DeviceAllocator(memory, map);
  const bell = doorbell(controlView(memory, map).doorbell);
  const registers = new VirtioRegisters(virtioEntropyType, { allocator, ram, doorbell: bell, doorbellBit: 1 });
  const line = { set: (): void => undefined };
  const lines = [line, line, line, line];
  const pci = new PciHost({ allocator, lines, windowBase: WINDOW_BASE, windowSize: 2 ** 30 });
  const mmio = virtioMmio(registers, line);
  let completed = 0;
  let violations = 0;
  for (let round = 0; round < rounds; round++) {
    const driver = new FakeDriver({ transport: 'mmio', ram, mmio, pci });
    driver.initialise();
    for (let i = 0; i < REQUESTS; i++) driver.submit([writable(2048)]);
    spin((round % 50) * 10);
    driver.transport.setStatus(0);
    completed += driver.collect().length;
    const length = driver.allocate(1) - RAM_BASE;
    ram.fill(RAM_BASE, length, CANARY);
    spin(100);
    const bytes = new Uint8Array(length);
    ram.read(RAM_BASE, bytes);
    if (bytes.some((byte) => byte !== CANARY)) violations++;
  }
  return { completed, violations };
}

function spin(microseconds: number): void {
  const end = performance.now() + microseconds / 1000;
  while (performance.now() < end);
}

parentPort?.postMessage(run(workerData as ResettingHart));
