/**
 * A guest's virtio driver: initialises a device as virtio 1.2, 3.1 says, puts buffers into its rings, and takes them
 * out again.
 *
 *   const driver = new FakeDriver(board);
 *   driver.initialise();
 *   const request = driver.submit([readable(header), writable(512), writable(1)]);
 *   await board.run();
 *   driver.completed(request).bytes
 */
import { RAM_BASE } from '../../../core/shared/memory-map.ts';
import type { GuestRam } from '../../../core/shared/guest-ram.ts';
import { Feature, Status } from '../features.ts';
import type { GuestView } from './fake-board.ts';
import { driverTransport, type DriverTransport } from './transport.ts';

export type Buffer = { readonly readable: Uint8Array } | { readonly writable: number };
export const readable = (bytes: Uint8Array | readonly number[] | string): Buffer => ({
  readable: typeof bytes === 'string' ? new TextEncoder().encode(bytes) : Uint8Array.from(bytes),
});
export const writable = (length: number): Buffer => ({ writable: length });

/** A request in the guest's hands. */
export interface Submitted {
  readonly queue: number;
  readonly head: number;
  /** The device-writable buffers, in order. */
  readonly targets: readonly { readonly address: number; readonly length: number }[];
}

/** A request that the device has used. */
export interface Completed {
  /** The used length. */
  readonly length: number;
  /** All device-writable bytes. */
  readonly bytes: Uint8Array;
}

export interface DriverOptions {
  /** Feature bits to accept if they are offered; all by default. */
  readonly accept?: (bit: number) => boolean;
  readonly queueSize?: number;
  /** Put every chain into an indirect table. */
  readonly indirect?: boolean;
}

export const ALL_BITS: readonly number[] = Array.from({ length: 64 }, (_, bit) => bit);
export const has = (bits: bigint, bit: number): boolean => ((bits >> BigInt(bit)) & 1n) === 1n;

const NEXT = 1;
const WRITE = 2;
const INDIRECT = 4;

/** One ring and what the driver knows of it. */
export interface Ring {
  readonly size: number;
  readonly desc: number;
  readonly driver: number;
  readonly device: number;
  free: number[];
  chains: Map<number, { readonly owned: readonly number[]; readonly request: Submitted }>;
  availIdx: number;
  usedSeen: number;
}

export class FakeDriver {
  readonly transport: DriverTransport;
  readonly ram: GuestRam;
  readonly rings: Ring[] = [];
  features = 0n;
  /** Times that the device asked for a notification and got one. */
  notifications = 0;
  readonly #options: DriverOptions;
  readonly #done = new Map<Submitted, Completed>();
  #next = RAM_BASE + 0x1000;

  constructor(board: GuestView, options: DriverOptions = {}) {
    this.transport = driverTransport(board);
    this.ram = board.ram;
    this.#options = options;
  }

  /** Fresh guest memory. */
  allocate(length: number, align = 16): number {
    this.#next = Math.ceil(this.#next / align) * align;
    const at = this.#next;
    this.#next += length;
    return at;
  }

  /** 3.1.1: steps 1 to 8. Throws when the device refuses the features. */
  initialise(): void {
    const { transport } = this;
    transport.setStatus(0);
    if (transport.status() !== 0) throw new Error('the device does not reset');
    transport.setStatus(Status.ACKNOWLEDGE);
    transport.setStatus(Status.ACKNOWLEDGE | Status.DRIVER);
    const offered = transport.deviceFeatures();
    const accept = this.#options.accept ?? (() => true);
    const chosen = ALL_BITS.filter((bit) => has(offered, bit) && accept(bit));
    this.features = chosen.reduce((bits, bit) => bits | (1n << BigInt(bit)), 0n);
    transport.setDriverFeatures(this.features);
    const ok = Status.ACKNOWLEDGE | Status.DRIVER | Status.FEATURES_OK;
    transport.setStatus(ok);
    if ((transport.status() & Status.FEATURES_OK) === 0) throw new Error('the device refuses the features');
    this.rings.length = 0;
    for (let queue = 0; transport.queueSizeMax(queue) !== 0; queue++) this.enable(queue);
    transport.setStatus(ok | Status.DRIVER_OK);
  }

  /** Gives a queue new rings. */
  enable(queue: number): void {
    const size = this.#options.queueSize ?? this.transport.queueSizeMax(queue);
    const ring: Ring = {
      size,
      desc: this.allocate(16 * size),
      driver: this.allocate(6 + 2 * size),
      device: this.allocate(6 + 8 * size),
      free: Array.from({ length: size }, (_, i) => i),
      chains: new Map(),
      availIdx: 0,
      usedSeen: 0,
    };
    this.ram.fill(ring.desc, 16 * size, 0);
    this.ram.fill(ring.driver, 6 + 2 * size, 0);
    this.ram.fill(ring.device, 6 + 8 * size, 0);
    this.rings[queue] = ring;
    this.transport.enableQueue(queue, ring);
  }

  /** Makes a buffer available, and notifies the device unless it asked not to be. */
  submit(buffers: readonly Buffer[], queue = 0): Submitted {
    const request = this.place(buffers, queue);
    this.offer(request.head, queue);
    if (this.#wantsNotification(this.rings[queue])) {
      this.notifications++;
      this.transport.notify(queue);
    }
    return request;
  }

  /** 2.7.13.1: puts a buffer into descriptors, without making it available. */
  place(buffers: readonly Buffer[], queue = 0): Submitted {
    const ring = this.rings[queue];
    const indirect = this.#options.indirect ?? false;
    const owned = ring.free.splice(0, indirect ? 1 : buffers.length);
    const table = indirect ? this.allocate(16 * buffers.length) : ring.desc;
    const index = (i: number): number => (indirect ? i : owned[i]);
    const targets: { address: number; length: number }[] = [];
    buffers.forEach((buffer, i) => {
      const last = i === buffers.length - 1;
      const bytes = 'readable' in buffer ? buffer.readable : new Uint8Array(buffer.writable).fill(0xee);
      const address = this.allocate(bytes.length, 1);
      this.ram.write(address, bytes);
      if ('writable' in buffer) targets.push({ address, length: bytes.length });
      const flags = ('writable' in buffer ? WRITE : 0) | (last ? 0 : NEXT);
      this.descriptor(table, index(i), address, bytes.length, flags, last ? 0 : index(i + 1));
    });
    if (indirect) this.descriptor(ring.desc, owned[0], table, 16 * buffers.length, INDIRECT, 0);
    const request = { queue, head: owned[0], targets };
    ring.chains.set(owned[0], { owned, request });
    return request;
  }

  /** Writes one descriptor. */
  descriptor(table: number, index: number, address: number, length: number, flags: number, next: number): void {
    const at = table + 16 * index;
    this.ram.writeU32(at, address % 2 ** 32);
    this.ram.writeU32(at + 4, Math.floor(address / 2 ** 32));
    this.ram.writeU32(at + 8, length);
    this.ram.writeU16(at + 12, flags);
    this.ram.writeU16(at + 14, next);
  }

  /** Puts a head into the available ring. */
  offer(head: number, queue = 0): void {
    const ring = this.rings[queue];
    this.ram.writeU16(ring.driver + 4 + 2 * (ring.availIdx % ring.size), head);
    ring.availIdx = (ring.availIdx + 1) & 0xffff;
    this.ram.storeReleaseU16(ring.driver + 2, ring.availIdx);
  }

  #wantsNotification(ring: Ring): boolean {
    if (has(this.features, Feature.VIRTIO_F_EVENT_IDX)) {
      return this.ram.readU16(ring.device + 4 + 8 * ring.size) === ((ring.availIdx - 1) & 0xffff);
    }
    return (this.ram.readU16(ring.device) & 1) === 0;
  }

  /** The used index that the device has published. */
  usedIdx(queue = 0): number {
    return this.ram.readU16(this.rings[queue].device + 2);
  }

  /** 2.7.14: takes the buffers that the device has used. Throws when it gives one back that it did not have. */
  collect(queue = 0): Completed[] {
    const ring = this.rings[queue];
    const taken: Completed[] = [];
    while (ring.usedSeen !== this.usedIdx(queue)) {
      const at = ring.device + 4 + 8 * (ring.usedSeen % ring.size);
      const head = this.ram.readU32(at);
      const chain = ring.chains.get(head);
      if (chain === undefined) throw new Error(`the device used descriptor ${head}, which it does not have`);
      ring.chains.delete(head);
      ring.free.push(...chain.owned);
      const completed = { length: this.ram.readU32(at + 4), bytes: this.bytesOf(chain.request) };
      this.#done.set(chain.request, completed);
      taken.push(completed);
      ring.usedSeen = (ring.usedSeen + 1) & 0xffff;
    }
    if (has(this.features, Feature.VIRTIO_F_EVENT_IDX)) {
      this.ram.storeReleaseU16(ring.driver + 4 + 2 * ring.size, ring.usedSeen);
    }
    return taken;
  }

  /** What stands in the device-writable part of a request. */
  bytesOf(request: Submitted): Uint8Array {
    const parts = request.targets.map(({ address, length }) => {
      const bytes = new Uint8Array(length);
      this.ram.read(address, bytes);
      return [...bytes];
    });
    return Uint8Array.from(parts.flat());
  }

  /** The outcome of a request. Throws when the device still has it. */
  completed(request: Submitted): Completed {
    this.collect(request.queue);
    const outcome = this.#done.get(request);
    if (outcome === undefined) throw new Error('the device has not used the request');
    return outcome;
  }

  /** True when the device needs a reset. */
  get needsReset(): boolean {
    return (this.transport.status() & Status.DEVICE_NEEDS_RESET) !== 0;
  }
}
