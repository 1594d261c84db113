/**
 * The serial port: PC16550D Universal Asynchronous Receiver/Transmitter with FIFOs (National Semiconductor, 1995),
 * section 8 "Registers".
 *
 *        DLAB = 0, read   DLAB = 0, write   DLAB = 1
 *   0    RBR              THR               DLL
 *   1    IER              IER               DLM
 *   2    IIR              FCR
 *   3    LCR      4 MCR      5 LSR      6 MSR      7 SCR
 *
 * A byte written to THR is in the output ring at once; the machine thread takes it out. THRE is clear while the ring
 * has no room for a FIFO's worth, so that a driver that looks loses nothing. Input comes through a ring of its own
 * into the receiver's FIFO as the guest reads: paste can be as long as it likes.
 */
import { ByteRing, byteRingLayout } from '../../core/shared/byte-ring.ts';
import { withLock } from '../../core/shared/lock.ts';
import type { DeviceAllocator } from '../../core/shared/memory-map.ts';
import { array, atomic32, struct, u32, u8, type ViewOf } from '../../core/shared/struct.ts';
import type { AccessWidth, InterruptLine, RegisterDevice } from '../device.ts';
import { registerTable } from '../registers.ts';

const FIFO_SIZE = 16;
const RING_SIZE = 16 * 1024;

const UartState = struct('Uart', {
  /** Taken for every access, and by the machine thread when it moves bytes. */
  lock: atomic32,
  ier: u32,
  /** FCR without its bits that clear. */
  fcr: u32,
  lcr: u32,
  mcr: u32,
  scr: u32,
  dll: u32,
  dlm: u32,
  /** Error bits of LSR, until it is read. */
  lineErrors: u32,
  /** Delta bits of MSR, until it is read. */
  modemDeltas: u32,
  /** The transmitter became empty, and the guest does not know. */
  thrEmptied: u32,
  /** THRE is clear until output is taken. */
  outputBlocked: u32,
  /** The machine thread has more input than there was room for. */
  inputBlocked: u32,
  /** The guest has shown that it takes input: by enabling the receiver's interrupt, or through the SBI. */
  listens: u32,
  /** The receiver's FIFO: bytes, the oldest one's place, and how many. */
  rx: array(u8, FIFO_SIZE),
  rxHead: u32,
  rxCount: u32,
});

/** The port's parts in the shared memory. */
export interface UartMemory {
  readonly state: ViewOf<typeof UartState>;
  readonly output: ByteRing;
  readonly input: ByteRing;
}

/** Takes the port's parts; every thread does so at the same place in its order. */
export function allocateUart(allocator: DeviceAllocator): UartMemory {
  const ring = byteRingLayout(RING_SIZE);
  return {
    state: allocator.allocate(UartState),
    output: new ByteRing(allocator.allocate(ring)),
    input: new ByteRing(allocator.allocate(ring)),
  };
}

/** Rings at the machine thread; called on any thread. */
export interface UartBell {
  /** There is output to take. */
  output(): void;
  /** There is room for input again, after some was refused; or the guest begins to listen. */
  inputRoom(): void;
}

const IER = { ERBFI: 1, ETBEI: 2, ELSI: 4, EDSSI: 8 } as const;
/** IIR: which interrupt is pending, in order of priority (Table IV). */
const IIR = { LINE_STATUS: 0x06, DATA: 0x04, TIMEOUT: 0x0c, THR_EMPTY: 0x02, MODEM_STATUS: 0x00, NONE: 0x01 } as const;
const IIR_FIFOS = 0xc0;
const FCR = { ENABLE: 1, CLEAR_RX: 2, CLEAR_TX: 4 } as const;
/** Bytes in the FIFO at which it interrupts, by bits 7:6 of FCR. */
const TRIGGERS = [1, 4, 8, 14];
const LCR_DLAB = 0x80;
const MCR = { DTR: 1, RTS: 2, OUT1: 4, OUT2: 8, LOOP: 16 } as const;
const LSR = { DR: 0x01, OE: 0x02, THRE: 0x20, TEMT: 0x40 } as const;
const MSR = { CTS: 0x10, DSR: 0x20, RI: 0x40, DCD: 0x80 } as const;

export class Uart16550 implements RegisterDevice {
  readonly size = 0x100;
  readonly #state: UartMemory['state'];
  readonly #output: ByteRing;
  readonly #input: ByteRing;
  readonly #line: InterruptLine;
  readonly #bell: UartBell;
  readonly #registers: RegisterDevice;

  constructor({ state, output, input }: UartMemory, line: InterruptLine, bell: UartBell) {
    this.#state = state;
    this.#output = output;
    this.#input = input;
    this.#line = line;
    this.#bell = bell;
    this.#registers = this.#table();
  }

  read(offset: number, width: AccessWidth): number {
    return this.#locked(() => this.#registers.read(offset, width));
  }

  write(offset: number, width: AccessWidth, value: number): void {
    this.#locked(() => this.#registers.write(offset, width, value));
  }

  /** Machine thread: takes what the guest has written. */
  takeOutput(): Uint8Array<ArrayBuffer> {
    const bytes = this.#output.read();
    this.#locked(() => {
      if (this.#state.outputBlocked === 0 || !this.#isThrEmpty()) return;
      this.#state.outputBlocked = 0;
      this.#state.thrEmptied = 1;
    });
    return bytes;
  }

  /** Machine thread: types `bytes`; returns how many were taken. After fewer than all, `inputRoom` rings. */
  putInput(bytes: Uint8Array): number {
    return this.#locked(() => {
      const taken = this.#input.write(bytes);
      if (taken < bytes.length) this.#state.inputBlocked = 1;
      return taken;
    });
  }

  /** Any thread: sends `bytes` past the registers, for the SBI's debug console; returns how many were taken. */
  send(bytes: Uint8Array): number {
    const taken = this.#locked(() => this.#output.write(bytes));
    this.#bell.output();
    return taken;
  }

  /** Any thread: takes up to `max` bytes of input past the registers, in the order in which they were typed. */
  receive(max: number): Uint8Array {
    return this.#locked(() => {
      this.#hearListener();
      const fromFifo = Array.from({ length: Math.min(max, this.#state.rxCount) }, () => this.#take());
      return Uint8Array.from([...fromFifo, ...this.#input.read(max - fromFifo.length)]);
    });
  }

  /**
   * Whether the guest is known to take input. A driver clears the receiver when it starts, so that what comes before is
   * lost; a guest that polls the registers is never known to.
   */
  get listens(): boolean {
    return this.#state.listens !== 0;
  }

  /** As after power-on. What is in the rings stays: it belongs to the machine thread and to the person. */
  reset(): void {
    this.#locked(() => {
      const state = this.#state;
      state.ier = state.fcr = state.lcr = state.mcr = state.scr = state.dll = state.dlm = 0;
      state.lineErrors = state.modemDeltas = state.thrEmptied = state.rxHead = state.rxCount = state.listens = 0;
    });
  }

  /** Does something that may move bytes and interrupts, then lets them move. */
  #locked<T>(change: () => T): T {
    return withLock(this.#state.lock, () => {
      const result = change();
      this.#refill();
      this.#line.set(this.#interrupt() !== IIR.NONE);
      return result;
    });
  }

  #table(): RegisterDevice {
    const state = this.#state;
    const latched = (): boolean => (state.lcr & LCR_DLAB) !== 0;
    return registerTable(this.size, [
      {
        name: 'RBR/THR/DLL',
        offset: 0,
        width: 1,
        read: () => (latched() ? state.dll : this.#take()),
        write: (value) => {
          if (latched()) state.dll = value;
          else this.#transmit(value);
        },
      },
      {
        name: 'IER/DLM',
        offset: 1,
        width: 1,
        read: () => (latched() ? state.dlm : state.ier),
        write: (value) => {
          if (latched()) state.dlm = value;
          else this.#setIer(value & 0x0f);
        },
      },
      { name: 'IIR/FCR', offset: 2, width: 1, read: () => this.#readIir(), write: (value) => this.#setFcr(value) },
      { name: 'LCR', offset: 3, width: 1, read: () => state.lcr, write: (value) => void (state.lcr = value) },
      { name: 'MCR', offset: 4, width: 1, read: () => state.mcr, write: (value) => this.#setMcr(value & 0x1f) },
      { name: 'LSR', offset: 5, width: 1, read: () => this.#readLsr() },
      { name: 'MSR', offset: 6, width: 1, read: () => this.#readMsr() },
      { name: 'SCR', offset: 7, width: 1, read: () => state.scr, write: (value) => void (state.scr = value) },
    ]);
  }

  // 8.6 "Interrupt Identification Register"

  #interrupt(): number {
    const { ier, lineErrors, rxCount, thrEmptied, modemDeltas } = this.#state;
    if ((ier & IER.ELSI) !== 0 && lineErrors !== 0) return IIR.LINE_STATUS;
    if ((ier & IER.ERBFI) !== 0 && rxCount > 0) return rxCount >= this.#trigger() ? IIR.DATA : IIR.TIMEOUT;
    if ((ier & IER.ETBEI) !== 0 && thrEmptied !== 0) return IIR.THR_EMPTY;
    if ((ier & IER.EDSSI) !== 0 && modemDeltas !== 0) return IIR.MODEM_STATUS;
    return IIR.NONE;
  }

  #readIir(): number {
    const interrupt = this.#interrupt();
    if (interrupt === IIR.THR_EMPTY) this.#state.thrEmptied = 0;
    return this.#hasFifos() ? interrupt | IIR_FIFOS : interrupt;
  }

  #setIer(value: number): void {
    const enabled = value & ~this.#state.ier;
    this.#state.ier = value;
    if ((enabled & IER.ETBEI) !== 0 && this.#isThrEmpty()) this.#state.thrEmptied = 1;
    if ((enabled & IER.ERBFI) !== 0) this.#hearListener();
  }

  #hearListener(): void {
    if (this.#state.listens !== 0) return;
    this.#state.listens = 1;
    this.#bell.inputRoom();
  }

  // 8.5 "FIFO Control Register"

  #hasFifos(): boolean {
    return (this.#state.fcr & FCR.ENABLE) !== 0;
  }

  #trigger(): number {
    return this.#hasFifos() ? TRIGGERS[this.#state.fcr >>> 6] : 1;
  }

  #setFcr(value: number): void {
    const switched = (value ^ this.#state.fcr) & FCR.ENABLE;
    if (switched !== 0 || (value & FCR.CLEAR_RX) !== 0) this.#state.rxCount = 0;
    this.#state.fcr = (value & FCR.ENABLE) === 0 ? 0 : value & ~(FCR.CLEAR_RX | FCR.CLEAR_TX);
  }

  // The transmitter and the receiver

  #isLooped(): boolean {
    return (this.#state.mcr & MCR.LOOP) !== 0;
  }

  #isThrEmpty(): boolean {
    return this.#isLooped() || this.#output.space >= FIFO_SIZE;
  }

  #transmit(byte: number): void {
    if (this.#isLooped()) this.#receive(byte);
    else if (this.#output.writeByte(byte)) this.#bell.output();
    const empty = this.#isThrEmpty();
    this.#state.thrEmptied = Number(empty);
    if (!empty) this.#state.outputBlocked = 1;
  }

  #capacity(): number {
    return this.#hasFifos() ? FIFO_SIZE : 1;
  }

  #receive(byte: number): void {
    const state = this.#state;
    if (state.rxCount >= this.#capacity()) {
      state.lineErrors |= LSR.OE;
      return;
    }
    state.rx[(state.rxHead + state.rxCount) % FIFO_SIZE] = byte;
    state.rxCount++;
  }

  #take(): number {
    const state = this.#state;
    if (state.rxCount === 0) return 0;
    const byte = state.rx[state.rxHead];
    state.rxHead = (state.rxHead + 1) % FIFO_SIZE;
    state.rxCount--;
    return byte;
  }

  /** Moves input from the ring into the FIFO. */
  #refill(): void {
    if (this.#isLooped()) return;
    while (this.#state.rxCount < this.#capacity() && this.#input.available > 0) this.#receive(this.#input.readByte());
    // Half a ring at a time, so that a long paste wakes the machine thread seldom.
    if (this.#state.inputBlocked === 0 || this.#input.space < RING_SIZE / 2) return;
    this.#state.inputBlocked = 0;
    this.#bell.inputRoom();
  }

  // 8.4 "Line Status Register"

  #readLsr(): number {
    const { lineErrors, rxCount } = this.#state;
    this.#state.lineErrors = 0;
    return lineErrors | (rxCount > 0 ? LSR.DR : 0) | (this.#isThrEmpty() ? LSR.THRE | LSR.TEMT : 0);
  }

  // 8.8 "Modem Control Register", 8.9 "Modem Status Register"

  /** The lines into the port: those of a terminal that is there, or in loopback the port's own. */
  #modemLines(mcr: number): number {
    if ((mcr & MCR.LOOP) === 0) return MSR.CTS | MSR.DSR | MSR.DCD;
    return (
      ((mcr & MCR.RTS) !== 0 ? MSR.CTS : 0) |
      ((mcr & MCR.DTR) !== 0 ? MSR.DSR : 0) |
      ((mcr & MCR.OUT1) !== 0 ? MSR.RI : 0) |
      ((mcr & MCR.OUT2) !== 0 ? MSR.DCD : 0)
    );
  }

  #setMcr(value: number): void {
    const before = this.#modemLines(this.#state.mcr);
    const after = this.#modemLines(value);
    // A delta says that a line changed; that of RI says that it fell.
    const changed = (before ^ after) & ~(after & MSR.RI);
    this.#state.mcr = value;
    this.#state.modemDeltas |= changed >>> 4;
  }

  #readMsr(): number {
    const { mcr, modemDeltas } = this.#state;
    this.#state.modemDeltas = 0;
    return this.#modemLines(mcr) | modemDeltas;
  }
}
