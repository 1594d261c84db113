/**
 * The register side of a virtio device: what the transports (virtio 1.2, 4 "Virtio Transport Options") have in common,
 * over the structure in shared memory. Any thread may run it, each with an object of its own.
 *
 * Every method takes the device's lock for itself and returns at once: a device reset or a queue reset is over when
 * it returns, because a completion commits under the same lock and looks at the queue's epoch first.
 */
import type { Doorbell } from '../../core/shared/doorbell.ts';
import type { GuestRam } from '../../core/shared/guest-ram.ts';
import { withLock } from '../../core/shared/lock.ts';
import type { DeviceAllocator } from '../../core/shared/memory-map.ts';
import type { AccessWidth, InterruptLine } from '../device.ts';
import { COMMON_FEATURES, Feature, InterruptStatus, Status, addFeature, hasFeature } from './features.ts';
import type { VirtioType } from './model.ts';
import { addressOf, deviceLayout, type DeviceView, type QueueView } from './state.ts';

/** What a device needs of the board, on any thread. */
export interface VirtioParts {
  readonly allocator: DeviceAllocator;
  readonly ram: GuestRam;
  /** Wakes the machine thread, which then calls `serve` of the device whose bit it finds. */
  readonly doorbell: Doorbell;
  /** The device's bit of the doorbell; several devices may share one. */
  readonly doorbellBit: number;
  /** Takes a line about misbehaviour of the guest. Already rate-limited. */
  readonly log?: (line: string) => void;
}

/** The vector that means "none" (virtio 1.2, 4.1.5.1.2 "MSI-X Vector Configuration"). */
const VIRTIO_MSI_NO_VECTOR = 0xffff;

/** What a driver may set in the status field. */
const DRIVER_STATUS = Status.ACKNOWLEDGE | Status.DRIVER | Status.DRIVER_OK | Status.FEATURES_OK | Status.FAILED;

export class VirtioRegisters<Own = unknown> {
  readonly type: VirtioType<Own>;
  readonly state: DeviceView;
  /** What the device has in shared memory beyond its registers and queues. */
  readonly own: Own;
  readonly ram: GuestRam;
  readonly #parts: VirtioParts;
  #line: InterruptLine = { set: () => undefined };
  #complaints = 0;

  /** Takes its place in shared memory: every thread makes the same devices in the same order. */
  constructor(type: VirtioType<Own>, parts: VirtioParts) {
    this.type = type;
    this.ram = parts.ram;
    this.#parts = parts;
    this.state = parts.allocator.allocate(deviceLayout(type.queueSizes.length));
    this.own = type.allocate(parts.allocator);
  }

  /**
   * Writes what is fixed for the device's life, unless a copied memory has it already. The machine thread does it,
   * before any hart runs.
   */
  make(features: readonly number[], config: Uint8Array): void {
    const { state, type } = this;
    if (state.made === 1) return;
    for (const bit of [...COMMON_FEATURES, ...features]) addFeature(state.offered, bit);
    state.config.set(config);
    state.configDefault.set(config);
    type.queueSizes.forEach((size, index) => (state.queues[index].sizeMax = size));
    this.#reset();
    state.made = 1;
  }

  /** Says which wire the device drives; the transport does it. */
  connect(line: InterruptLine): void {
    this.#line = line;
  }

  /** Runs `section` under the device's lock. Not reentrant. */
  locked<T>(section: () => T): T {
    return withLock(this.state.lock, section);
  }

  // 2.1 Device Status Field ------------------------------------------------------------------------------------------

  get status(): number {
    return this.state.status;
  }

  /** Sets the bits of `value`; 0 resets the device. Bits that must not be set yet stay clear. */
  writeStatus(value: number): void {
    const { state } = this;
    let live = false;
    this.locked(() => {
      if (value === 0) return this.#reset();
      let set = value & DRIVER_STATUS & ~state.status;
      if ((set & Status.FEATURES_OK) !== 0 && !this.#featuresAcceptable()) set &= ~Status.FEATURES_OK;
      if (((state.status | set) & Status.FEATURES_OK) === 0) set &= ~Status.DRIVER_OK;
      state.status |= set;
      if ((set & Status.FEATURES_OK) !== 0) this.type.negotiated?.(state.accepted, state.config);
      live = (set & Status.DRIVER_OK) !== 0;
    });
    if (value === 0) this.#ring();
    // Buffers may have been made available before DRIVER_OK, without a notification (3.1.1).
    if (live) this.notifyAll();
  }

  /** 2.2.2: FEATURES_OK is refused unless the accepted bits are a valid subset of the offered ones. */
  #featuresAcceptable(): boolean {
    const { offered, accepted } = this.state;
    const foreign = (accepted[0] & ~offered[0]) | (accepted[1] & ~offered[1]);
    return foreign === 0 && hasFeature(accepted, Feature.VIRTIO_F_VERSION_1);
  }

  /** 2.4 Device Reset; as power-on, but for what the driver cannot change. */
  reset(): void {
    this.locked(() => this.#reset());
    this.#ring();
  }

  #reset(): void {
    const { state } = this;
    state.status = 0;
    state.accepted.fill(0);
    state.deviceFeaturesSel = 0;
    state.driverFeaturesSel = 0;
    state.queueSel = 0;
    state.interruptStatus = 0;
    state.msixVector = VIRTIO_MSI_NO_VECTOR;
    state.notified.store(0);
    for (const queue of state.queues) resetQueue(queue);
    for (const [at, length] of this.type.writableConfig ?? []) {
      state.config.set(state.configDefault.subarray(at, at + length), at);
    }
    state.resets.add(1);
    this.#line.set(false);
  }

  /** The driver broke a rule that the device cannot answer otherwise. Call it under the lock. */
  needsReset(why: string): void {
    const { state } = this;
    if ((state.status & Status.DEVICE_NEEDS_RESET) !== 0) return;
    state.status |= Status.DEVICE_NEEDS_RESET;
    if ((state.status & Status.DRIVER_OK) !== 0) this.raise(InterruptStatus.CONFIGURATION_CHANGE);
    this.#complaints++;
    // The first, second, fourth, eighth ... time: a guest that loops over a mistake does not fill the log.
    if ((this.#complaints & (this.#complaints - 1)) !== 0) return;
    this.#parts.log?.(`virtio-${this.type.name} needs a reset: ${why} (${this.#complaints} so far)`);
  }

  // 2.2 Feature Bits -------------------------------------------------------------------------------------------------

  get deviceFeatures(): number {
    return this.state.offered[this.state.deviceFeaturesSel] ?? 0;
  }

  get driverFeatures(): number {
    return this.state.accepted[this.state.driverFeaturesSel] ?? 0;
  }

  /** Accepts the selected 32 bits; what is not offered is refused when FEATURES_OK is set. */
  writeDriverFeatures(value: number): void {
    this.locked(() => {
      const { state } = this;
      if ((state.status & Status.FEATURES_OK) !== 0) return;
      if (state.driverFeaturesSel < state.accepted.length) state.accepted[state.driverFeaturesSel] = value;
      // No feature is above bit 63: one that is accepted there was not offered, which VERSION_1's absence makes stick.
      else if (value !== 0) state.accepted.fill(0);
    });
  }

  // 2.3 Notifications ------------------------------------------------------------------------------------------------

  /** An available buffer notification. */
  notify(queue: number): void {
    if (queue >= this.state.queues.length) return;
    this.state.notified.or(1 << queue);
    this.#ring();
  }

  /** As if all queues had been notified. */
  notifyAll(): void {
    this.state.notified.or(2 ** this.state.queues.length - 1);
    this.#ring();
  }

  /** Sets a bit of {@link InterruptStatus}. Call it under the lock. */
  raise(bit: number): void {
    this.state.interruptStatus |= bit;
    this.#line.set(true);
  }

  /** Clears bits of the interrupt status; returns those that were set before. */
  acknowledge(bits: number): number {
    return this.locked(() => {
      const before = this.state.interruptStatus;
      this.state.interruptStatus = before & ~bits;
      this.#line.set(this.state.interruptStatus !== 0);
      return before;
    });
  }

  #ring(): void {
    this.#parts.doorbell.ring(this.#parts.doorbellBit);
  }

  // 2.5 Device Configuration Space -----------------------------------------------------------------------------------

  /** Little-endian; 0 outside of the device's configuration. */
  readConfig(offset: number, width: AccessWidth): number {
    const { state, type } = this;
    return this.locked(() => {
      if (state.configChanged === 1) {
        state.configChanged = 0;
        state.configGeneration++;
      }
      let value = 0;
      for (let i = width - 1; i >= 0; i--) {
        value = value * 256 + (offset + i < type.configSize ? state.config[offset + i] : 0);
      }
      return value;
    });
  }

  /** Writes what of it a driver may write. */
  writeConfig(offset: number, width: AccessWidth, value: number): void {
    const { state, type } = this;
    const writable = type.writableConfig?.some(([at, length]) => offset >= at && offset + width <= at + length);
    if (writable !== true) return;
    this.locked(() => {
      for (let i = 0; i < width; i++) state.config[offset + i] = value >>> (8 * i);
      state.configWritten.store(1);
    });
    this.#ring();
  }

  /** The device changes its configuration, and says so to a driver that is there to hear it. */
  changeConfig(offset: number, bytes: Uint8Array): void {
    this.locked(() => {
      const { state } = this;
      state.config.set(bytes, offset);
      state.configChanged = 1;
      if ((state.status & Status.DRIVER_OK) !== 0) this.raise(InterruptStatus.CONFIGURATION_CHANGE);
    });
  }

  /**
   * Changes between two reads whenever what was read between them may be of two versions. It advances when a changed
   * configuration is read (4.1.4.3.1), so that a narrow register cannot wrap unseen.
   */
  get configGeneration(): number {
    return this.state.configGeneration;
  }

  // 2.6 Virtqueues ---------------------------------------------------------------------------------------------------

  /** The queue that `queueSel` names, if there is one. Another hart may write that at any moment: ask once. */
  get selected(): QueueView | undefined {
    return this.state.queues[this.state.queueSel];
  }

  /** Changes a field of the selected queue, which must not be in use. */
  configureQueue(change: (queue: QueueView) => void): void {
    this.locked(() => {
      const queue = this.selected;
      if (queue !== undefined && queue.ready === 0) change(queue);
    });
  }

  /** 2.7: sizes are powers of 2; another, or one above the device's, makes the queue unusable until it is corrected. */
  writeQueueSize(size: number): void {
    this.configureQueue((queue) => {
      const valid = size !== 0 && (size & (size - 1)) === 0 && size <= queue.sizeMax;
      queue.size = valid ? size : 0;
    });
  }

  /** The queue may be used from now on. */
  enableQueue(): void {
    this.configureQueue((queue) => {
      const wrong = misplaced(queue, this.ram);
      queue.ready = 1;
      if (wrong !== undefined) this.needsReset(`queue ${this.state.queueSel}: ${wrong}`);
    });
    if ((this.status & Status.DRIVER_OK) !== 0) this.notify(this.state.queueSel);
  }

  /** The queue is no longer used (`QueueReady` = 0). */
  disableQueue(): void {
    this.locked(() => {
      const queue = this.selected;
      if (queue !== undefined) stopQueue(queue);
    });
  }

  /** 2.6.1 Virtqueue Reset. */
  resetSelectedQueue(): void {
    this.locked(() => {
      const negotiated = hasFeature(this.state.accepted, Feature.VIRTIO_F_RING_RESET);
      const queue = this.selected;
      if (negotiated && queue !== undefined) resetQueue(queue);
    });
  }
}

/** Voids what is in flight and forgets the positions in the rings. */
function stopQueue(queue: QueueView): void {
  queue.ready = 0;
  queue.lastAvail = 0;
  queue.usedIndex = 0;
  queue.quiet = 0;
  queue.inFlightCount = 0;
  queue.epoch++;
}

function resetQueue(queue: QueueView): void {
  stopQueue(queue);
  queue.size = queue.sizeMax;
  queue.msixVector = VIRTIO_MSI_NO_VECTOR;
  for (const area of [queue.desc, queue.driver, queue.device]) area.fill(0);
}

/** What is wrong with the place of a queue's three parts (2.7: sizes and alignments), if anything. */
function misplaced(queue: QueueView, ram: GuestRam): string | undefined {
  const { size } = queue;
  if (size === 0) return 'its size is not a power of 2 within what the device offers';
  const parts = [
    { name: 'descriptor table', area: queue.desc, align: 16, length: 16 * size },
    { name: 'available ring', area: queue.driver, align: 2, length: 6 + 2 * size },
    { name: 'used ring', area: queue.device, align: 4, length: 6 + 8 * size },
  ];
  for (const { name, area, align, length } of parts) {
    const address = addressOf(area);
    if (address % align !== 0) return `its ${name} is not aligned to ${align} bytes`;
    if (!ram.contains(address, length)) return `its ${name} is not in RAM`;
  }
  return undefined;
}
