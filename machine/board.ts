/**
 * The board: which device stands where, with which interrupt.
 *
 * Every thread builds its own board over the same shared memory, from the same description, so that structures are
 * found in the same places. A hart's thread uses the register sides; the machine thread has the queue sides besides
 * (queues.ts). Addresses are those of QEMU's `virt` (device-tree/virt.ts).
 *
 *   PCI   00.0 host bridge   00.1 console   00.2 entropy   00.3... disks
 */
import { Attention, Parked, type HartView } from '../core/shared/hart-state.ts';
import { GuestRam } from '../core/shared/guest-ram.ts';
import {
  controlView,
  DeviceAllocator,
  hartView,
  layOut,
  type ControlView,
  type MachineShape,
  type MemoryMap,
} from '../core/shared/memory-map.ts';
import type { ByteRing } from '../core/shared/byte-ring.ts';
import { doorbell, type Doorbell, type WakePort } from '../core/shared/doorbell.ts';
import { PciHost, INTX_LINES } from '../devices/pci/index.ts';
import { Aclint, AclintState, sswi } from '../devices/platform/aclint.ts';
import { finisher } from '../devices/platform/finisher.ts';
import { Plic, PlicState } from '../devices/platform/plic.ts';
import { Rtc, RtcState } from '../devices/platform/rtc.ts';
import { allocateUart, Uart16550 } from '../devices/platform/uart16550.ts';
import {
  VirtioRegisters,
  virtioBlockType,
  virtioConsoleType,
  virtioEntropyType,
  virtioPci,
} from '../devices/virtio/index.ts';
import { emptyMmioSlot } from '../devices/virtio/mmio-empty.ts';
import { Bus } from './bus.ts';
import { MachineClock } from './clock.ts';
import { VIRT } from './device-tree/virt.ts';
import { endMachine } from './ending.ts';
import { SbiState, type SbiView } from './sbi/state.ts';

/** What all threads must agree on. */
export interface BoardShape extends MachineShape {
  /** Number of virtio-blk disks. */
  readonly disks: number;
}

/** What `Control` begins with: "tabh", and the version of the layout of all that follows. */
export const MAGIC = 0x7461_6268;
export const LAYOUT_VERSION = 3;

/** Bits of the machine thread's doorbell. */
export const Bell = { STOPPED: 0, CONSOLE: 1, ENTROPY: 2, UART: 3, RTC: 4, DISKS: 5 } as const;

export class Board {
  readonly shape: BoardShape;
  readonly map: MemoryMap;
  readonly memory: WebAssembly.Memory;
  readonly control: ControlView;
  readonly harts: readonly HartView[];
  readonly ram: GuestRam;
  readonly clock: MachineClock;
  readonly doorbell: Doorbell;
  readonly bus = new Bus();
  readonly aclint: Aclint;
  readonly plic: Plic;
  readonly rtc: Rtc;
  readonly uart: Uart16550;
  readonly pci: PciHost;
  readonly console: VirtioRegisters<ByteRing>;
  readonly entropy: VirtioRegisters;
  readonly disks: readonly VirtioRegisters[];
  readonly sbi: SbiView;

  /** `port` wakes the machine thread where it cannot wait for a shared word; `log` takes lines about the guest's mistakes. */
  constructor(
    memory: WebAssembly.Memory,
    shape: BoardShape,
    port?: WakePort,
    log: (line: string) => void = () => undefined,
  ) {
    this.shape = shape;
    this.memory = memory;
    this.map = layOut(shape);
    this.control = controlView(memory, this.map);
    this.harts = Array.from({ length: shape.harts }, (_, i) => hartView(memory, this.map, i));
    this.ram = new GuestRam(memory, this.map);
    this.clock = new MachineClock(this.control);
    this.doorbell = doorbell(this.control.doorbell, port);

    const allocator = new DeviceAllocator(memory, this.map);
    const { harts, clock, bus } = this;
    const ring = (bit: number) => (): void => this.doorbell.ring(1 << bit);
    this.aclint = new Aclint(allocator.allocate(AclintState), harts, clock);
    this.plic = new Plic(allocator.allocate(PlicState), harts);
    this.rtc = new Rtc(allocator.allocate(RtcState), clock, this.plic.line(VIRT.rtc.irq), ring(Bell.RTC));
    this.uart = new Uart16550(allocateUart(allocator), this.plic.line(VIRT.serial.irq), {
      output: ring(Bell.UART),
      inputRoom: ring(Bell.UART),
    });
    this.sbi = allocator.allocate(SbiState);
    this.pci = new PciHost({
      allocator,
      lines: Array.from({ length: INTX_LINES }, (_, i) => this.plic.line(VIRT.pciIrq + i)),
      windowBase: VIRT.pciMmio.base,
      windowSize: VIRT.pciMmio.size,
    });
    const parts = (bit: number) => ({ allocator, ram: this.ram, doorbell: this.doorbell, doorbellBit: 1 << bit, log });
    this.console = new VirtioRegisters(virtioConsoleType, parts(Bell.CONSOLE));
    this.entropy = new VirtioRegisters(virtioEntropyType, parts(Bell.ENTROPY));
    const blockType = virtioBlockType(shape.harts);
    this.disks = Array.from({ length: shape.disks }, (_, i) => new VirtioRegisters(blockType, parts(Bell.DISKS + i)));
    [this.console, this.entropy, ...this.disks].forEach((device, i) => virtioPci(device, this.pci, 1 + i));

    bus.place(
      VIRT.test.base,
      finisher((ending) => endMachine(this, ending)),
    );
    bus.place(VIRT.rtc.base, this.rtc);
    bus.place(VIRT.clint.base, this.aclint);
    bus.place(VIRT.sswi.base, sswi(harts));
    bus.place(VIRT.plic.base, this.plic);
    bus.place(VIRT.serial.base, this.uart);
    for (let slot = 0; slot < VIRT.virtioMmio.slots; slot++) {
      bus.place(VIRT.virtioMmio.base + slot * VIRT.virtioMmio.stride, emptyMmioSlot);
    }
    bus.place(VIRT.pciEcam.base, this.pci.ecam);
    bus.place(VIRT.pciMmio.base, this.pci.window);
  }

  /**
   * Makes a memory that was copied from a paused machine this machine's own: what spoke of the threads of the other is
   * made anew. The machine thread does it, before it looks at the doorbell and before harts have threads.
   *
   *   made anew     each hart's `attention`, `parked` and its three words of requests; the doorbell; `codeClaim`
   *   made anew by the hart's thread       TLBs, contexts, decoded pages (caches, see Hart)
   *   made anew by `Machine.resume`     the clock's origin; what stands in the rings (all queues are looked at), the alarm
   *   copied        all else: locks are free, since no thread was inside
   *
   * Throws a RangeError for a memory of another shape.
   */
  adopt(): void {
    const { control, harts, map } = this;
    const fits = control.magic === MAGIC && control.layoutVersion === LAYOUT_VERSION && control.harts === harts.length;
    if (!fits || control.ramBytes !== map.ramBytes || control.ramOffset !== map.ram) {
      throw new RangeError('this memory is not that of a machine of this shape');
    }
    for (const hart of harts) {
      hart.attention.store(Attention.PAUSE);
      hart.parked.store(Parked.NOT);
      for (const word of [hart.requests, hart.requested, hart.acknowledged]) word.store(0);
    }
    control.doorbell.store(0);
    control.codeClaim.store(0);
  }
}
