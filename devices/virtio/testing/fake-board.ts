/**
 * A board for device tests: a small machine's memory, a doorbell that is answered by `run`, and both transports.
 */
import { layOut, createMemory, DeviceAllocator, type MemoryMap } from '../../../core/shared/memory-map.ts';
import { GuestRam } from '../../../core/shared/guest-ram.ts';
import { PciHost } from '../../pci/host.ts';
import type { InterruptLine, QueueDevice, RegisterDevice } from '../../device.ts';
import { virtioMmio } from '../mmio.ts';
import type { VirtioModel, VirtioType } from '../model.ts';
import { virtioPci } from '../pci-transport.ts';
import { VirtioQueues } from '../queues.ts';
import { VirtioRegisters } from '../registers.ts';

export type TransportName = 'mmio' | 'pci';
export const TRANSPORTS: readonly TransportName[] = ['mmio', 'pci'];

/** A wire whose level can be read. */
export class Wire implements InterruptLine {
  level = false;
  set(level: boolean): void {
    this.level = level;
  }
}

export const WINDOW_BASE = 0x4000_0000;
/** The slot that a board puts its device in; its INTA# is wire 2 then. */
export const SLOT = 2;

/** What a driver sees of a board. */
export interface GuestView {
  readonly transport: TransportName;
  readonly ram: GuestRam;
  readonly mmio: RegisterDevice;
  readonly pci: PciHost;
}

/** A machine with one virtio device, seen by a machine thread and by what a hart thread would have. */
export class FakeBoard<Model extends VirtioModel = VirtioModel, Own = unknown> implements GuestView {
  readonly transport: TransportName;
  readonly map: MemoryMap = layOut({ harts: 1, ramBytes: 16 << 20 });
  readonly memory: WebAssembly.Memory;
  readonly ram: GuestRam;
  readonly wires = [new Wire(), new Wire(), new Wire(), new Wire()];
  readonly log: string[] = [];
  readonly model: Model;
  readonly device: QueueDevice;
  /** The registers as the machine thread has them, and as a hart thread has them. */
  readonly registers: VirtioRegisters<Own>;
  readonly hart: VirtioRegisters<Own>;
  /** As a hart thread has them. */
  readonly mmio: RegisterDevice;
  readonly pci: PciHost;
  #rung = false;

  /** A new machine, or one over the bytes of another's memory. */
  constructor(transport: TransportName, type: VirtioType<Own>, makeModel: (own: Own) => Model, bytes?: Uint8Array) {
    this.transport = transport;
    this.memory = createMemory(this.map);
    if (bytes !== undefined) new Uint8Array(this.memory.buffer).set(bytes);
    this.ram = new GuestRam(this.memory, this.map);
    const machine = this.#thread(type);
    this.registers = machine.registers;
    this.model = makeModel(machine.registers.own);
    this.device = new VirtioQueues(machine.registers, this.model);
    const hart = this.#thread(type);
    this.hart = hart.registers;
    this.mmio = hart.mmio;
    this.pci = hart.pci;
  }

  #thread(type: VirtioType<Own>): { registers: VirtioRegisters<Own>; mmio: RegisterDevice; pci: PciHost } {
    const allocator = new DeviceAllocator(this.memory, this.map);
    const registers = new VirtioRegisters(type, {
      allocator,
      ram: this.ram,
      doorbell: { ring: () => (this.#rung = true) },
      doorbellBit: 1,
      log: (line) => this.log.push(line),
    });
    const pci = new PciHost({ allocator, lines: this.wires, windowBase: WINDOW_BASE, windowSize: 2 ** 30 });
    // The last to connect is where the interrupt goes.
    if (this.transport === 'mmio') return { registers, pci, mmio: virtioMmio(registers, this.wires[SLOT]) };
    virtioPci(registers, pci, SLOT);
    return { registers, pci, mmio: { size: 0, read: () => 0, write: () => undefined } };
  }

  /** The interrupt of the device. */
  get wire(): Wire {
    return this.wires[SLOT];
  }

  /** Answers the doorbell until nothing rings, letting promises settle in between. */
  async run(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      if (this.#rung) {
        this.#rung = false;
        this.device.serve();
        quiet = 0;
      }
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  /** The whole memory, as another machine would be given it. */
  copy(): Uint8Array {
    return new Uint8Array(this.memory.buffer).slice();
  }
}
