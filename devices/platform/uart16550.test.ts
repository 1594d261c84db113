import { beforeEach, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { fuzzRegisters, TestLine, testMachine } from './testing/machine.ts';
import { allocateUart, Uart16550, type UartMemory } from './uart16550.ts';

const [DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR] = [0, 1, 2, 3, 4, 5, 6, 7];
const FCR = IIR;
const [DR, OE, THRE] = [0x01, 0x02, 0x20];
const [NONE, LINE_STATUS, RECEIVED, TIMEOUT, THR_EMPTY, MODEM] = [0x01, 0x06, 0x04, 0x0c, 0x02, 0x00];
const LOOP = 0x10;

let memory: UartMemory;
let line: TestLine;
let uart: Uart16550;
let rings: { output: number; inputRoom: number };

beforeEach(() => {
  memory = allocateUart(testMachine().allocator);
  line = new TestLine();
  rings = { output: 0, inputRoom: 0 };
  uart = new Uart16550(memory, line, { output: () => rings.output++, inputRoom: () => rings.inputRoom++ });
});

const read = (register: number) => uart.read(register, 1);
const write = (register: number, value: number) => uart.write(register, 1, value);
const type = (text: string) => uart.putInput(new TextEncoder().encode(text));
const output = () => new TextDecoder().decode(uart.takeOutput());
const interrupt = () => read(IIR) & 0x0f;

describe('whether the guest listens', () => {
  it('shows when it enables the interrupt of the receiver, once', () => {
    expect(uart.listens).toBe(false);
    write(IER, 2);
    expect(uart.listens).toBe(false);
    write(IER, 3);
    expect([uart.listens, rings.inputRoom]).toEqual([true, 1]);
    write(IER, 0);
    write(IER, 1);
    expect([uart.listens, rings.inputRoom]).toEqual([true, 1]);
    uart.reset();
    expect(uart.listens).toBe(false);
  });

  it('shows when it asks for input through the SBI', () => {
    expect(uart.receive(4)).toHaveLength(0);
    expect([uart.listens, rings.inputRoom]).toEqual([true, 1]);
  });
});

describe('the transmitter', () => {
  it('hands bytes to the machine thread', () => {
    expect(read(LSR)).toBe(0x60);
    for (const char of 'hi') write(DATA, char.charCodeAt(0));
    expect(rings.output).toBe(2);
    expect(output()).toBe('hi');
  });

  it('interrupts when it is enabled and when it has emptied; reading IIR or writing THR answers', () => {
    write(IER, 2);
    expect(line.level).toBe(true);
    expect(interrupt()).toBe(THR_EMPTY);
    expect(line.level).toBe(false);
    expect(interrupt()).toBe(NONE);
    write(DATA, 0x41);
    expect(line.level).toBe(true);
    write(IER, 0);
    expect(line.level).toBe(false);
  });

  it('holds a driver back that looks at LSR, and loses nothing', () => {
    write(FCR, 1);
    write(IER, 2);
    let sent = 0;
    while ((read(LSR) & THRE) !== 0) {
      for (let i = 0; i < 16; i++) write(DATA, sent++ & 0xff);
    }
    expect(sent).toBe(16 * 1024);
    read(IIR);
    expect(line.level).toBe(false);
    expect(uart.takeOutput().every((byte, i) => byte === (i & 0xff))).toBe(true);
    expect(line.level).toBe(true);
    expect(read(LSR) & THRE).toBe(THRE);
    // A driver that does not look overruns, and the port survives.
    for (let i = 0; i < 20_000; i++) write(DATA, 1);
    expect(uart.takeOutput().length).toBe(16 * 1024);
  });
});

describe('the receiver', () => {
  it('gives bytes one by one without FIFOs', () => {
    write(IER, 1);
    expect(type('ab')).toBe(2);
    expect(line.level).toBe(true);
    expect(read(IIR)).toBe(RECEIVED);
    expect(read(LSR) & DR).toBe(DR);
    expect([read(DATA), read(DATA)]).toEqual([0x61, 0x62]);
    expect(line.level).toBe(false);
    expect([read(LSR) & DR, read(DATA)]).toEqual([0, 0]);
  });

  it('says whether the FIFO has reached its trigger', () => {
    write(FCR, 0x81);
    write(IER, 1);
    type('1234567');
    expect(read(IIR)).toBe(0xc0 | TIMEOUT);
    type('8');
    expect(read(IIR)).toBe(0xc0 | RECEIVED);
    read(DATA);
    expect(read(IIR)).toBe(0xc0 | TIMEOUT);
  });

  it('forgets what is in the FIFO when told to, and nothing else', () => {
    write(FCR, 1);
    type('0123456789abcdefgh');
    write(FCR, 3);
    expect(String.fromCharCode(read(DATA))).toBe('g');
  });

  it('takes a paste of any length', () => {
    write(FCR, 1);
    const paste = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) & 0xff);
    let typed = 0;
    const received: number[] = [];
    while (received.length < paste.length) {
      typed += uart.putInput(paste.subarray(typed));
      const before = rings.inputRoom;
      while ((read(LSR) & DR) !== 0) received.push(read(DATA));
      if (typed < paste.length) expect(rings.inputRoom).toBe(before + 1);
    }
    expect(Uint8Array.from(received)).toEqual(paste);
    expect(read(LSR) & OE).toBe(0);
  });
});

describe('past the registers', () => {
  it('sends and receives in the same order as the registers do', () => {
    write(DATA, 0x41);
    expect(uart.send(new TextEncoder().encode('BC'))).toBe(2);
    expect(rings.output).toBe(2);
    expect(output()).toBe('ABC');
    expect(uart.send(new Uint8Array(20_000))).toBe(16 * 1024);
    type('xyz');
    expect(new TextDecoder().decode(uart.receive(2))).toBe('xy');
    expect(String.fromCharCode(read(DATA))).toBe('z');
    expect(uart.receive(5).length).toBe(0);
  });
});

describe('interrupts', () => {
  it('come in order of priority', () => {
    write(MCR, LOOP);
    write(IER, 0x0f);
    write(DATA, 1);
    write(DATA, 2);
    expect(interrupt()).toBe(LINE_STATUS);
    expect(read(LSR) & OE).toBe(OE);
    expect(interrupt()).toBe(RECEIVED);
    read(DATA);
    expect(interrupt()).toBe(THR_EMPTY);
    expect(interrupt()).toBe(MODEM);
    read(MSR);
    expect(interrupt()).toBe(NONE);
    expect(line.level).toBe(false);
  });
});

describe('loopback', () => {
  it('feeds the transmitter to the receiver, and the outputs to the inputs', () => {
    expect(read(MSR)).toBe(0xb0);
    type('x');
    read(DATA);
    write(MCR, LOOP | 0x0f);
    read(MSR);
    write(MCR, LOOP | 0x0a);
    expect(read(MSR) & 0xf0).toBe(0x90);
    write(DATA, 0x55);
    type('y');
    expect(read(DATA)).toBe(0x55);
    expect(read(LSR) & DR).toBe(0);
    write(MCR, 0);
    expect(read(DATA)).toBe(0x79);
    expect(output()).toBe('');
  });

  it('notes changed inputs, of RI only the fall', () => {
    write(MCR, LOOP);
    read(MSR);
    write(MCR, LOOP | 0x06);
    expect(read(MSR)).toBe(0x50 | 0x01);
    write(MCR, LOOP);
    expect(read(MSR)).toBe(0x05);
    expect(read(MSR)).toBe(0);
  });
});

describe('the other registers', () => {
  it('keep what is written, the divisor behind DLAB', () => {
    write(SCR, 0xa5);
    write(LCR, 0x83);
    write(DATA, 2);
    write(IER, 1);
    expect([read(DATA), read(IER)]).toEqual([2, 1]);
    write(LCR, 0x03);
    expect([read(SCR), read(IER), read(LCR)]).toEqual([0xa5, 0, 3]);
    expect(output()).toBe('');
    uart.reset();
    expect([read(SCR), read(LCR)]).toEqual([0, 0]);
  });

  it('survive every access', () => {
    fuzzRegisters(
      () => uart,
      () => {
        const { state } = memory;
        expect(state.rxCount).toBeLessThanOrEqual(16);
        expect(state.rxHead).toBeLessThan(16);
        expect(state.lock.load()).toBe(0);
      },
    );
  });

  it('lose nothing that is typed and read with FIFOs on', () => {
    const step = fc.oneof(fc.string({ minLength: 1 }), fc.nat(20));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const port = new Uart16550(allocateUart(testMachine().allocator), line, {
          output: () => undefined,
          inputRoom: () => undefined,
        });
        port.write(FCR, 1, 1);
        const typed: number[] = [];
        const received: number[] = [];
        const drain = (count: number): void => {
          for (let i = 0; i < count && (port.read(LSR, 1) & DR) !== 0; i++) received.push(port.read(DATA, 1));
        };
        for (const each of steps) {
          if (typeof each === 'number') drain(each);
          else {
            const bytes = new TextEncoder().encode(each);
            typed.push(...bytes);
            port.putInput(bytes);
          }
        }
        drain(Infinity);
        expect(received).toEqual(typed);
      }),
    );
  });
});
