/**
 * Console device (virtio 1.2, 5.3 "Console Device"), with one port and a size.
 */
import { ByteRing, byteRingLayout } from '../../core/shared/byte-ring.ts';
import type { VirtioHost, VirtioModel, VirtioRequest, VirtioType } from './model.ts';

// 5.3.2 Virtqueues
const RECEIVEQ = 0;
const TRANSMITQ = 1;
const QUEUE_SIZE = 128;

// 5.3.3 Feature bits
const VIRTIO_CONSOLE_F_SIZE = 0;

/**
 * 5.3.4 Device configuration layout
 *
 *   0  le16 cols
 *   2  le16 rows
 *   4  le32 max_nr_ports   (no VIRTIO_CONSOLE_F_MULTIPORT: not valid)
 *   8  le32 emerg_wr       (no VIRTIO_CONSOLE_F_EMERG_WRITE: not valid)
 */
const CONFIG_SIZE = 12;

/** Bytes of input that wait for the guest, at most. */
export const CONSOLE_INPUT_CAPACITY = 64 * 1024;
const inputLayout = byteRingLayout(CONSOLE_INPUT_CAPACITY);

/** What every thread knows of a console. Its own part of the shared memory is the ring of input. */
export const virtioConsoleType: VirtioType<ByteRing> = {
  name: 'console',
  deviceId: 3,
  pciClass: 0x07_80_00,
  queueSizes: [QUEUE_SIZE, QUEUE_SIZE],
  configSize: CONFIG_SIZE,
  allocate: (allocator) => new ByteRing(allocator.allocate(inputLayout)),
};

/** What a console needs of its surroundings. */
export interface ConsoleOptions {
  /** `own` of its registers. */
  readonly input: ByteRing;
  /** Size of a new machine's terminal, in characters. */
  readonly columns: number;
  readonly rows: number;
  /** Takes what the guest wrote, in order; the buffer is the receiver's. */
  readonly onOutput: (bytes: Uint8Array<ArrayBuffer>) => void;
  /** Whether more output can be taken; after a "no", {@link VirtioConsole.outputRoom} must be called. Default: always. */
  readonly mayOutput?: () => boolean;
  /** There is room again after {@link VirtioConsole.input} took less than it was given. */
  readonly onInputRoom?: () => void;
}

/** Largest number of bytes that the driver is given in one buffer. */
const INPUT_CHUNK = 4096;

export class VirtioConsole implements VirtioModel {
  readonly features = [VIRTIO_CONSOLE_F_SIZE];
  readonly #options: ConsoleOptions;
  readonly #input: ByteRing;
  #host: VirtioHost | undefined;
  #output: Uint8Array<ArrayBuffer>[] = [];
  #wantsRoom = false;

  constructor(options: ConsoleOptions) {
    this.#options = options;
    this.#input = options.input;
  }

  initialConfig(): Uint8Array {
    return sizeBytes(this.#options.columns, this.#options.rows);
  }

  attach(host: VirtioHost): void {
    this.#host = host;
  }

  /** Types `bytes`. Returns how many were taken; for the rest there is room when `onInputRoom` is called. */
  input(bytes: Uint8Array): number {
    const taken = this.#input.write(bytes);
    if (taken < bytes.length) this.#wantsRoom = true;
    this.#host?.serve(RECEIVEQ);
    return taken;
  }

  /** Output can be taken again. */
  outputRoom(): void {
    this.#host?.serve(TRANSMITQ);
  }

  /** The terminal has another size, in characters: 5.3.6 step 3. */
  resize(columns: number, rows: number): void {
    const bytes = sizeBytes(columns, rows);
    if (this.#host?.config().subarray(0, bytes.length).join() === bytes.join()) return;
    this.#host?.changeConfig(0, bytes);
  }

  // 5.3.6 Device Operation

  ready(queue: number): boolean {
    return queue === TRANSMITQ ? (this.#options.mayOutput?.() ?? true) : this.#input.available > 0;
  }

  handle(queue: number, request: VirtioRequest): void {
    if (queue === TRANSMITQ) this.#transmit(request);
    else this.#receive(request);
  }

  #transmit(request: VirtioRequest): void {
    if (request.writable !== 0) return request.refuse('a device-writable buffer in a transmitq');
    this.#output.push(request.reader.read());
    request.complete();
  }

  #receive(request: VirtioRequest): void {
    if (request.reader.remaining !== 0) return request.refuse('a device-readable buffer in a receiveq');
    request.complete((writer) => writer.write(this.#input.read(Math.min(writer.remaining, INPUT_CHUNK))));
  }

  served(): void {
    const output = this.#output;
    this.#output = [];
    if (output.length > 0) this.#options.onOutput(joined(output));
    if (this.#wantsRoom && this.#input.space > 0) {
      this.#wantsRoom = false;
      this.#options.onInputRoom?.();
    }
  }
}

function sizeBytes(columns: number, rows: number): Uint8Array {
  const bytes = new Uint8Array(4);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, columns, true);
  view.setUint16(2, rows, true);
  return bytes;
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  if (parts.length === 1) return parts[0];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
