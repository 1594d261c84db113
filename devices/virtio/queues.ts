/**
 * The queue side of a virtio device: a model with its queues, on the machine thread.
 *
 * A pause lets what changes the outside world finish, abandons the rest where it is recorded, and touches the guest
 * no more; resuming, here or in new objects over a copy of the memory, hands the recorded requests out again.
 */
import type { QueueDevice } from '../device.ts';
import { hasFeature } from './features.ts';
import type { VirtioModel } from './model.ts';
import { SplitQueue } from './queue.ts';
import type { VirtioRegisters } from './registers.ts';

export class VirtioQueues implements QueueDevice {
  readonly #registers: VirtioRegisters;
  readonly #model: VirtioModel;
  readonly #queues: readonly SplitQueue[];
  #resetsSeen: number;
  #paused: boolean;

  /** Joins `model` to the registers of its type; to be made before any hart runs. `paused`: until {@link resume}. */
  constructor(registers: VirtioRegisters, model: VirtioModel, { paused = false } = {}) {
    const { state } = registers;
    this.#paused = paused;
    this.#registers = registers;
    this.#model = model;
    registers.make(model.features, model.initialConfig());
    this.#resetsSeen = state.resets.load();
    this.#queues = registers.type.queueSizes.map((_, index) => new SplitQueue(registers, index, model));
    if (paused) for (const queue of this.#queues) queue.pause();
    model.attach({
      serve: (queue) => {
        this.#queues[queue].serve();
        model.served?.();
      },
      accepted: (feature) => hasFeature(state.accepted, feature),
      configByte: (offset) => state.config[offset],
      config: () => state.config.slice(0, registers.type.configSize),
      changeConfig: (offset, bytes) => registers.changeConfig(offset, bytes),
    });
  }

  serve(): void {
    if (this.#paused) return;
    const { state } = this.#registers;
    const resets = state.resets.load();
    if (resets !== this.#resetsSeen) {
      this.#resetsSeen = resets;
      this.#model.reset?.();
    }
    if (state.configWritten.exchange(0) !== 0) this.#model.configWritten?.();
    const bits = state.notified.exchange(0);
    this.#queues.forEach((queue, index) => {
      if ((bits & (1 << index)) !== 0) queue.serve();
    });
    this.#model.served?.();
  }

  async pause(): Promise<void> {
    this.#paused = true;
    for (const queue of this.#queues) queue.pause();
    await this.#model.settle?.();
    for (const queue of this.#queues) queue.abandon();
  }

  resume(): void {
    this.#paused = false;
    for (const queue of this.#queues) queue.resume();
    this.#registers.notifyAll();
    this.serve();
  }
}
