/**
 * The person's terminal: output of both consoles in the order in which it comes, input to the one that the guest uses.
 * A guest uses the UART until its virtio console has said something. A kernel's drivers clear the UART's receiver as they
 * start, so that for one that is patient, input waits until it listens.
 *
 * Output flows as fast as its receiver takes it: while more than {@link OUTPUT_MAX} bytes are on the way, the guest's
 * queue and the UART are left alone, and the guest waits.
 */
import { ConsoleFlag } from '../core/shared/memory-map.ts';
import type { Uart16550 } from '../devices/platform/uart16550.ts';
import type { VirtioConsole } from '../devices/virtio/index.ts';

/** Takes output; who wants to hold the guest back returns a promise that settles when it has dealt with it. */
export type OutputReceiver = (bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>;

const OUTPUT_MAX = 256 * 1024;

interface Pending {
  readonly bytes: Uint8Array;
  at: number;
  readonly done: () => void;
}

/** What the terminal remembers, in the shared memory: `Control`. */
export interface TerminalState {
  /** Bits of {@link ConsoleFlag}. */
  console: number;
}

export class Terminal {
  readonly #state: TerminalState;
  readonly #uart: Uart16550;
  readonly #onOutput: OutputReceiver;
  #console: VirtioConsole | undefined;
  readonly #pending: Pending[] = [];
  /** Bytes of output that the receiver has not dealt with. */
  #outstanding = 0;

  constructor(state: TerminalState, uart: Uart16550, onOutput: OutputReceiver) {
    this.#state = state;
    this.#uart = uart;
    this.#onOutput = onOutput;
  }

  connect(console: VirtioConsole): void {
    this.#console = console;
  }

  output(from: 'uart' | 'virtio', bytes: Uint8Array<ArrayBuffer>): void {
    if (bytes.length === 0) return;
    if (from === 'virtio' && !this.#has(ConsoleFlag.VIRTIO)) {
      this.#state.console |= ConsoleFlag.VIRTIO;
      this.drain();
    }
    const dealtWith = this.#onOutput(bytes);
    if (dealtWith === undefined) return;
    this.#outstanding += bytes.length;
    const settled = (): void => this.#received(bytes.length);
    dealtWith.then(settled, settled);
  }

  /** Whether the receiver can be given more output now. */
  get hasRoom(): boolean {
    return this.#outstanding <= OUTPUT_MAX;
  }

  #received(length: number): void {
    const wasFull = !this.hasRoom;
    this.#outstanding -= length;
    if (!wasFull || !this.hasRoom) return;
    this.#console?.outputRoom();
    this.serveUart();
  }

  serveUart(): void {
    if (this.hasRoom) this.output('uart', this.#uart.takeOutput());
    this.drain();
  }

  /** What the guest has written and nobody has taken yet; for the end. */
  flush(): void {
    this.output('uart', this.#uart.takeOutput());
  }

  /** Types `bytes`; resolves when the guest's queue has taken all of them. */
  input(bytes: Uint8Array): Promise<void> {
    return new Promise((done) => {
      this.#pending.push({ bytes, at: 0, done });
      this.drain();
    });
  }

  resize(columns: number, rows: number): void {
    this.#console?.resize(columns, rows);
  }

  /** Says whether input may wait until the guest is known to take it. */
  setPatient(patient: boolean): void {
    if (patient) this.#state.console |= ConsoleFlag.PATIENT;
    else this.#state.console &= ~ConsoleFlag.PATIENT;
  }

  #has(flag: number): boolean {
    return (this.#state.console & flag) !== 0;
  }

  /** Hands on what waits, as far as there is room. */
  drain(): void {
    const virtio = this.#has(ConsoleFlag.VIRTIO);
    if (!virtio && this.#has(ConsoleFlag.PATIENT) && !this.#uart.listens) return;
    for (;;) {
      const next = this.#pending[0];
      if (next === undefined) return;
      const rest = next.bytes.subarray(next.at);
      next.at += virtio ? (this.#console?.input(rest) ?? 0) : this.#uart.putInput(rest);
      if (next.at < next.bytes.length) return;
      this.#pending.shift();
      next.done();
    }
  }
}
