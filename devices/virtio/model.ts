/**
 * What makes a virtio device the one that it is; neither side knows of transports, registers or threads.
 *
 * A {@link VirtioType} holds the facts that need no back end, so that a hart thread can serve the registers with it
 * alone. A {@link VirtioModel} does the work, on the machine thread.
 */
import type { DeviceAllocator } from '../../core/shared/memory-map.ts';
import type { Reader, Writer } from './chain.ts';
import type { FeatureWords } from './features.ts';

/** The facts of a device type, the same on every thread. */
export interface VirtioType<Own = undefined> {
  /** For messages: `console`. */
  readonly name: string;
  /** virtio 1.2, 5 "Device Types". */
  readonly deviceId: number;
  /** PCI class code, three bytes: base class, sub-class, programming interface. */
  readonly pciClass: number;
  /** The largest size of each queue: powers of 2, at most 32 queues. */
  readonly queueSizes: readonly number[];
  /** Bytes of device-specific configuration. */
  readonly configSize: number;
  /** What of the configuration a driver may write: offset and length of each field. A reset undoes it. */
  readonly writableConfig?: readonly (readonly [offset: number, length: number])[];
  /** The driver's features are settled, so fields that depend on them get their values. Any thread, under the lock. */
  negotiated?(accepted: Readonly<FeatureWords>, config: Uint8Array): void;
  /** Takes what the device needs in shared memory beyond registers and queues. */
  allocate(allocator: DeviceAllocator): Own;
}

/** A buffer that the driver made available: one descriptor chain. */
export interface VirtioRequest {
  /** The device-readable part. To be read inside {@link VirtioModel.handle} only. */
  readonly reader: Reader;
  /** Bytes of the device-writable part. */
  readonly writable: number;
  /**
   * Completes the request: `fill` writes the device-writable part, then the driver is told. False, and `fill` was not
   * called, when a reset or a pause came first. Later calls do nothing.
   */
  complete(fill?: (writer: Writer) => void): boolean;
  /** The request is malformed beyond answering: the device needs a reset. `why` is for the log. */
  refuse(why: string): void;
}

/** What the engine gives a model to work with. */
export interface VirtioHost {
  /** Looks at a queue again, because {@link VirtioModel.ready} has become true. */
  serve(queue: number): void;
  /** True when the driver accepted the feature bit. */
  accepted(feature: number): boolean;
  /** The device-specific configuration as it stands. */
  config(): Uint8Array;
  /** One byte of it. */
  configByte(offset: number): number;
  /** Changes bytes of the device-specific configuration and notifies the driver. */
  changeConfig(offset: number, bytes: Uint8Array): void;
}

/** One device, on the machine thread. */
export interface VirtioModel {
  /** Numbers of the device-specific feature bits that it offers. */
  readonly features: readonly number[];
  /** The device-specific configuration of a new machine. */
  initialConfig(): Uint8Array;
  /** Called once, before anything else. */
  attach(host: VirtioHost): void;
  /** True while it can take one more request from `queue`. */
  ready(queue: number): boolean;
  /**
   * Takes a request. It completes it now or later, in any order, exactly once. What it throws is a bug of ours, except
   * {@link StaleRequest} from the reader, which it lets pass.
   */
  handle(queue: number, request: VirtioRequest): void;
  /** Called when a round of handling is over. */
  served?(): void;
  /** The driver wrote to the device-specific configuration. */
  configWritten?(): void;
  /** The driver has reset the device; requests from before are void. */
  reset?(): void;
  /** Resolves when nothing that it asked of the host can still change anything outside of the guest. */
  settle?(): Promise<void>;
}
