/**
 * The split virtqueue (virtio 1.2, 2.7 "Split Virtqueues"), device's side, on the machine thread.
 *
 *   driver area (available ring)                     device area (used ring)
 *   0        le16 flags                              0        le16 flags
 *   2        le16 idx        ← driver                2        le16 idx        ← device
 *   4        le16 ring[size]                         4        { le32 id, le32 len } ring[size]
 *   4+2*size le16 used_event ← driver                4+8*size le16 avail_event ← device
 *
 * A request is taken (`pop`) and completed (`#complete`) under the device's lock, with the epoch checked. Between the
 * two, its head stands in the shared memory, so that another engine over a copy of that memory can take it up.
 *
 * Ordering (2.7.13.3, 2.7.14). Device: store `avail_event` or clear NO_NOTIFY, then load `idx` again; driver: store
 * `idx`, then load those. Device: store used `idx`, then load `used_event` or `flags`; driver: store those, then load
 * used `idx`. All of these are sequentially consistent accesses, so one side at least sees the other.
 */
import type { GuestRam } from '../../core/shared/guest-ram.ts';
import { Reader, StaleRequest, Writer, walkChain, type Chain } from './chain.ts';
import { Feature, InterruptStatus, Status, hasFeature } from './features.ts';
import type { VirtioModel, VirtioRequest } from './model.ts';
import type { VirtioRegisters } from './registers.ts';
import { IN_FLIGHT_MAX, addressOf, type QueueView } from './state.ts';

const VIRTQ_AVAIL_F_NO_INTERRUPT = 1;
const VIRTQ_USED_F_NO_NOTIFY = 1;

/** Requests handled in one round, so that one queue does not starve the machine thread. */
const ROUND = 256;

/** Distance from `from` to `to` in free-running 16-bit indices. */
const distance = (to: number, from: number): number => (to - from) & 0xffff;

export class SplitQueue {
  readonly #registers: VirtioRegisters;
  readonly #model: VirtioModel;
  readonly #index: number;
  readonly #state: QueueView;
  readonly #ram: GuestRam;
  /** Advanced by a pause: requests that it abandoned are void here, and stay recorded. */
  #incarnation = 0;
  #serving = false;
  #paused = false;

  constructor(registers: VirtioRegisters, index: number, model: VirtioModel) {
    this.#registers = registers;
    this.#model = model;
    this.#index = index;
    this.#state = registers.state.queues[index];
    this.#ram = registers.ram;
  }

  /** Hands requests to the model while there are any and it can take them. */
  serve(): void {
    if (this.#serving || this.#paused) return;
    this.#serving = true;
    try {
      let round = ROUND;
      while (this.#model.ready(this.#index)) {
        if (round-- === 0) return this.#registers.notify(this.#index);
        const request = this.#pop();
        if (request === undefined) return;
        this.#hand(request);
      }
    } finally {
      this.#serving = false;
    }
  }

  /** Takes no more requests. Completions still commit. */
  pause(): void {
    this.#paused = true;
  }

  /** Voids the requests that are in flight, which stay recorded. */
  abandon(): void {
    this.#incarnation++;
  }

  /** Hands the recorded requests to the model again, in the order in which they were taken, and before any new one. */
  resume(): void {
    this.#paused = false;
    this.#serving = true;
    try {
      for (const head of [...this.#recorded]) {
        const request = this.#registers.locked(() =>
          this.#live() && this.#recorded.includes(head) ? this.#request(head) : undefined,
        );
        if (request !== undefined) this.#hand(request);
      }
    } finally {
      this.#serving = false;
    }
  }

  /** Heads of the requests in flight. */
  get #recorded(): Uint16Array {
    return this.#state.inFlight.subarray(0, this.#state.inFlightCount);
  }

  #hand(request: VirtioRequest): void {
    try {
      this.#model.handle(this.#index, request);
    } catch (error) {
      if (!(error instanceof StaleRequest)) throw error;
    }
  }

  /** Under the lock: the queue may be used (2.1.2 "Device Requirements: Device Status Field"). */
  #live(): boolean {
    const { status } = this.#registers.state;
    const stopped = Status.DEVICE_NEEDS_RESET | Status.FAILED;
    return (status & Status.DRIVER_OK) !== 0 && (status & stopped) === 0 && this.#state.ready === 1;
  }

  /** Takes the next request off the available ring, or undefined when there is none to be had now. */
  #pop(): VirtioRequest | undefined {
    return this.#registers.locked(() => {
      const queue = this.#state;
      if (!this.#live() || queue.inFlightCount === IN_FLIGHT_MAX) return undefined;
      const waiting = this.#waiting();
      if (waiting === 0) return undefined;
      if (waiting > queue.size) return this.#wrong(`${waiting} entries in an available ring of ${queue.size}`);
      const head = this.#ram.readU16(addressOf(queue.driver) + 4 + 2 * (queue.lastAvail % queue.size));
      if (this.#recorded.includes(head)) {
        return this.#wrong(`descriptor ${head} was made available twice`);
      }
      const request = this.#request(head);
      if (request === undefined) return undefined;
      queue.inFlight[queue.inFlightCount++] = head;
      queue.lastAvail = (queue.lastAvail + 1) & 0xffff;
      return request;
    });
  }

  /** Entries of the available ring that were not taken. When there are none, notifications are on afterwards. */
  #waiting(): number {
    const queue = this.#state;
    const idx = addressOf(queue.driver) + 2;
    const waiting = distance(this.#ram.loadAcquireU16(idx), queue.lastAvail);
    if (waiting !== 0) {
      this.#suppressNotifications();
      return waiting;
    }
    this.#enableNotifications();
    return distance(this.#ram.loadAcquireU16(idx), queue.lastAvail);
  }

  /** 2.7.10 Available Buffer Notification Suppression; with EVENT_IDX an `avail_event` left behind does it. */
  #suppressNotifications(): void {
    if (this.#accepted(Feature.VIRTIO_F_EVENT_IDX) || this.#state.quiet === 1) return;
    this.#ram.storeReleaseU16(addressOf(this.#state.device), VIRTQ_USED_F_NO_NOTIFY);
    this.#state.quiet = 1;
  }

  #enableNotifications(): void {
    const queue = this.#state;
    const used = addressOf(queue.device);
    if (this.#accepted(Feature.VIRTIO_F_EVENT_IDX)) {
      this.#ram.storeReleaseU16(used + 4 + 8 * queue.size, queue.lastAvail);
    } else if (queue.quiet === 1) {
      this.#ram.storeReleaseU16(used, 0);
      queue.quiet = 0;
    }
  }

  /** The request whose chain begins at `head`, or undefined when the chain is wrong. */
  #request(head: number): VirtioRequest | undefined {
    const queue = this.#state;
    const chain = walkChain(this.#ram, {
      table: addressOf(queue.desc),
      size: queue.size,
      head,
      limit: queue.sizeMax,
      indirect: this.#accepted(Feature.VIRTIO_F_INDIRECT_DESC),
    });
    if (typeof chain === 'string') return this.#wrong(chain);
    const { epoch } = queue;
    const incarnation = this.#incarnation;
    const current = (): boolean => queue.epoch === epoch && this.#incarnation === incarnation;
    const guarded = (section: () => void): boolean =>
      this.#registers.locked(() => {
        if (!current()) return false;
        section();
        return true;
      });
    let open = true;
    return {
      reader: new Reader(this.#ram, chain.readable, guarded),
      writable: chain.writable.total,
      complete: (fill) => {
        if (!open) return false;
        open = false;
        const committed = guarded(() => this.#complete(head, chain, fill));
        // The model may have been held up by what was in flight.
        this.serve();
        return committed;
      },
      refuse: (why) => {
        if (open) guarded(() => this.#wrong(why));
        open = false;
      },
    };
  }

  /** 2.7.8 The Virtqueue Used Ring. */
  #complete(head: number, chain: Chain, fill: ((writer: Writer) => void) | undefined): void {
    const queue = this.#state;
    const ram = this.#ram;
    const writer = new Writer(ram, chain.writable);
    fill?.(writer);
    const used = addressOf(queue.device);
    const entry = used + 4 + 8 * (queue.usedIndex % queue.size);
    ram.writeU32(entry, head);
    ram.writeU32(entry + 4, writer.written);
    const before = queue.usedIndex;
    queue.usedIndex = (before + 1) & 0xffff;
    ram.storeReleaseU16(used + 2, queue.usedIndex);
    const at = this.#recorded.indexOf(head);
    queue.inFlight.copyWithin(at, at + 1, queue.inFlightCount);
    queue.inFlightCount--;
    if (this.#wantsInterrupt(before)) this.#registers.raise(InterruptStatus.USED_BUFFER);
  }

  /** 2.7.7 Used Buffer Notification Suppression: does the driver want to hear of the entry at index `used`? */
  #wantsInterrupt(used: number): boolean {
    const driver = addressOf(this.#state.driver);
    if (this.#accepted(Feature.VIRTIO_F_EVENT_IDX)) {
      return this.#ram.loadAcquireU16(driver + 4 + 2 * this.#state.size) === used;
    }
    return (this.#ram.loadAcquireU16(driver) & VIRTQ_AVAIL_F_NO_INTERRUPT) === 0;
  }

  #accepted(feature: number): boolean {
    return hasFeature(this.#registers.state.accepted, feature);
  }

  /** Under the lock: the driver broke a rule. */
  #wrong(why: string): undefined {
    this.#registers.needsReset(`queue ${this.#index}: ${why}`);
  }
}
