/**
 * The bits that every virtio device shares: device status (virtio 1.2, 2.1 "Device Status Field") and the feature
 * bits of queues and negotiation (virtio 1.2, 6 "Reserved Feature Bits").
 */

/** Bits of the device status field. */
export const Status = {
  ACKNOWLEDGE: 1,
  DRIVER: 2,
  DRIVER_OK: 4,
  FEATURES_OK: 8,
  DEVICE_NEEDS_RESET: 64,
  FAILED: 128,
} as const;

/** Bits of the interrupt status (`InterruptStatus` over MMIO, `ISR status` over PCI). */
export const InterruptStatus = { USED_BUFFER: 1, CONFIGURATION_CHANGE: 2 } as const;

/** Numbers of the feature bits that do not belong to a device type. */
export const Feature = {
  VIRTIO_F_INDIRECT_DESC: 28,
  VIRTIO_F_EVENT_IDX: 29,
  VIRTIO_F_VERSION_1: 32,
  VIRTIO_F_RING_RESET: 40,
} as const;

/** What the queue engine and the transports offer for every device. */
export const COMMON_FEATURES: readonly number[] = Object.values(Feature);

/** A set of feature bits as two 32-bit words, low word first; in shared memory or not. */
export type FeatureWords = { [word: number]: number };

/** True when feature bit `bit` is in `words`. */
export function hasFeature(words: Readonly<FeatureWords>, bit: number): boolean {
  return ((words[bit >>> 5] >>> (bit & 31)) & 1) !== 0;
}

/** Adds feature bit `bit` to `words`. */
export function addFeature(words: FeatureWords, bit: number): void {
  words[bit >>> 5] |= 1 << (bit & 31);
}
