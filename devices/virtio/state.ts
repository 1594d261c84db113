/**
 * What a virtio device is, in the shared memory: all that a guest could notice of it, and nothing that belongs to a
 * transport's address map or to a host.
 *
 * Protocol. Every field is read and written under `lock` by whichever thread needs it, except: `notified` (any thread
 * ORs in the bit of a queue and then rings the doorbell; the machine thread exchanges it for 0 before it looks at the
 * queues); `resets` (stored under the lock, loaded by the machine thread without it); and the fields that the machine
 * thread writes once before any hart runs (`made`, `offered`, `sizeMax`, `configDefault`).
 *
 * Locks are taken in this order: a device's, then the PCI host's, then those of the interrupt controller.
 */
import { array, atomic32, struct, u16, u32, u8, type ViewOf } from '../../core/shared/struct.ts';

/** Requests that a queue keeps in flight, at most. */
export const IN_FLIGHT_MAX = 64;
/** Bytes of device-specific configuration that there is room for. */
export const CONFIG_SIZE = 256;

/** One virtqueue (virtio 1.2, 2.7 "Split Virtqueues"). Addresses are guest-physical, low word first. */
export const QueueState = struct('VirtioQueue', {
  /** The largest size that the device takes; fixed. 0: there is no such queue. */
  sizeMax: u32,
  /** As the driver chose it; 0 once it wrote one that is not allowed. */
  size: u32,
  /** Descriptor, driver and device area. They do not change while `ready` is 1, and were checked when it became 1. */
  desc: array(u32, 2),
  driver: array(u32, 2),
  device: array(u32, 2),
  /** `QueueReady` over MMIO, `queue_enable` over PCI. */
  ready: u32,
  /** Vector for `queue_msix_vector`. */
  msixVector: u32,
  /** Free-running 16-bit indices: the next entry of the available ring to take, of the used ring to fill. */
  lastAvail: u32,
  usedIndex: u32,
  /** 1 while VIRTQ_USED_F_NO_NOTIFY stands in the used ring. */
  quiet: u32,
  /** Advanced by every reset of the queue or the device: a request of an older epoch may not touch the guest. */
  epoch: u32,
  /** Heads of the chains that were taken and not completed, in the order in which they were taken. */
  inFlightCount: u32,
  inFlight: array(u16, IN_FLIGHT_MAX),
});
export type QueueView = ViewOf<typeof QueueState>;

/** A device with `queues` virtqueues. */
export function deviceLayout(queues: number) {
  return struct('VirtioDevice', {
    lock: atomic32,
    /** A bit for each queue to look at. */
    notified: atomic32,
    /** Counts device resets. */
    resets: atomic32,
    /** Set to 1 when a driver wrote to the device-specific configuration. */
    configWritten: atomic32,
    /** 1 once the fixed fields are written; so that a copied memory keeps what it has. */
    made: u32,
    offered: array(u32, 2),
    accepted: array(u32, 2),
    deviceFeaturesSel: u32,
    driverFeaturesSel: u32,
    queueSel: u32,
    /** Bits of `Status`, and of `InterruptStatus`. */
    status: u32,
    interruptStatus: u32,
    /** Vector for `config_msix_vector`. */
    msixVector: u32,
    configGeneration: u32,
    /** 1 when the configuration changed and nobody has read it since. */
    configChanged: u32,
    config: array(u8, CONFIG_SIZE),
    /** What a reset puts into the fields of `config` that a driver may write; fixed. */
    configDefault: array(u8, CONFIG_SIZE),
    queues: array(QueueState, queues),
  });
}
export type DeviceView = ViewOf<ReturnType<typeof deviceLayout>>;

/** The address in two words of shared memory, as a number. Garbage above 2^53 is rounded, and is not RAM either way. */
export function addressOf(words: Uint32Array): number {
  return words[1] * 2 ** 32 + words[0];
}
