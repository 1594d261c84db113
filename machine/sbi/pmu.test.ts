import { beforeEach, describe, expect, it } from 'vitest';
import { SbiError } from './abi.ts';
import { sbiMachine } from './testing/machine.ts';

const PMU = 0x504d55;
const IPI = 0x735049;
const [CONFIG, START, STOP, FW_READ, SET_SHMEM] = [2, 3, 4, 5, 7];
const [SKIP_MATCH, CLEAR_VALUE, AUTO_START] = [1, 2, 4];
const [CYCLES, INSTRUCTIONS, IPI_SENT] = [1, 2, 0xf0006];
const ALL_COUNTERS = 0x3ff;
const SHMEM = 0x8000_1000;

let machine: ReturnType<typeof sbiMachine>;
let call: (fid: number, ...args: (number | bigint)[]) => { error: bigint; value: bigint };
beforeEach(() => {
  machine = sbiMachine();
  call = (fid, ...args) => machine.call(PMU, fid, ...args);
});
/** A counter as `rdcycle` or `rdinstret` reads it. */
const read = (offset: 'mcycleOffset' | 'minstretOffset', bit: bigint): bigint => {
  const [hart] = machine.harts;
  return hart[offset] + ((hart.mcountinhibit & bit) === 0n ? hart.instret : 0n);
};
const instructions = () => read('minstretOffset', 4n);

describe('counters', () => {
  it('are described', () => {
    expect(call(0).value).toBe(10n);
    expect(call(1, 0).value).toBe(0xc00n | (63n << 12n));
    expect(call(1, 1).value).toBe(0xc02n | (63n << 12n));
    expect(call(1, 2).value >> 63n).toBe(1n);
    expect(call(1, 10).error).toBe(SbiError.INVALID_PARAM);
  });

  it('are found by event', () => {
    expect(call(CONFIG, 0, ALL_COUNTERS, 0, CYCLES)).toMatchObject({ error: 0n, value: 0n });
    expect(call(CONFIG, 0, ALL_COUNTERS, 0, INSTRUCTIONS)).toMatchObject({ error: 0n, value: 1n });
    expect(call(CONFIG, 0, ALL_COUNTERS, 0, IPI_SENT)).toMatchObject({ error: 0n, value: 2n });
    expect(call(CONFIG, 0, ALL_COUNTERS, 0, IPI_SENT)).toMatchObject({ error: 0n, value: 3n });
    expect(call(CONFIG, 0, ALL_COUNTERS, 0, CYCLES).error).toBe(SbiError.NOT_SUPPORTED);
    expect(call(CONFIG, 0, ALL_COUNTERS, 0, 3).error).toBe(SbiError.NOT_SUPPORTED);
    expect(call(CONFIG, 0, ALL_COUNTERS, 0, 0xf0000).error).toBe(SbiError.NOT_SUPPORTED);
    expect(call(CONFIG, 9, 3, 0, CYCLES).error).toBe(SbiError.INVALID_PARAM);
    expect(call(CONFIG, 0, 1, 0x100, CYCLES).error).toBe(SbiError.INVALID_PARAM);
  });

  it('count instructions from where they are told to', () => {
    const [hart] = machine.harts;
    hart.instret = 500n;
    call(CONFIG, 0, ALL_COUNTERS, CLEAR_VALUE, INSTRUCTIONS);
    expect(call(START, 1, 1, 1, 1000).error).toBe(0n);
    hart.instret = 530n;
    expect(instructions()).toBe(1030n);
    expect(call(START, 1, 1, 0).error).toBe(SbiError.ALREADY_STARTED);
    expect(call(STOP, 1, 1, 0).error).toBe(0n);
    hart.instret = 900n;
    expect(instructions()).toBe(1030n);
    expect(call(STOP, 1, 1, 0).error).toBe(SbiError.ALREADY_STOPPED);
    call(START, 1, 1, 0);
    hart.instret = 901n;
    expect(instructions()).toBe(1031n);
    expect(read('mcycleOffset', 1n)).toBe(901n);
  });

  it('count what the SBI does', () => {
    expect(call(CONFIG, 0, ALL_COUNTERS, AUTO_START, IPI_SENT).value).toBe(2n);
    machine.call(IPI, 0, 3, 0);
    expect(call(FW_READ, 2).value).toBe(2n);
    call(STOP, 2, 1, 0);
    machine.call(IPI, 0, 3, 0);
    expect(call(FW_READ, 2).value).toBe(2n);
    call(START, 2, 1, 0);
    machine.call(IPI, 0, 1, 0);
    expect(call(FW_READ, 2).value).toBe(3n);
    call(STOP, 2, 1, 1);
    expect(call(FW_READ, 2).value).toBe(3n);
    expect(call(CONFIG, 2, 1, SKIP_MATCH | CLEAR_VALUE, 0)).toMatchObject({ error: 0n, value: 2n });
    expect(call(FW_READ, 2).value).toBe(0n);
    expect(call(FW_READ, 1).error).toBe(SbiError.INVALID_PARAM);
    expect(call(6, 2)).toMatchObject({ error: 0n, value: 0n });
  });
});

describe('snapshots', () => {
  it('write stopped counters to memory, and start them from it', () => {
    call(CONFIG, 0, ALL_COUNTERS, AUTO_START, INSTRUCTIONS);
    expect(call(STOP, 1, 1, 2).error).toBe(SbiError.NO_SHMEM);
    expect(call(START, 1, 1, 2).error).toBe(SbiError.NO_SHMEM);
    expect(call(SET_SHMEM, SHMEM, 0, 0).error).toBe(0n);
    machine.env.ram.fill(SHMEM, 8, 0xff);
    machine.harts[0].instret = 0x1_0000_0005n;
    expect(call(STOP, 0, 2, 2).error).toBe(0n);
    expect(machine.env.ram.readU64(SHMEM)).toBe(0);
    expect(machine.env.ram.readU64(SHMEM + 16)).toBe(0x1_0000_0005);
    machine.env.ram.writeU32(SHMEM + 16, 7);
    call(START, 0, 2, 2);
    machine.harts[0].instret++;
    expect(instructions()).toBe(0x1_0000_0008n);
    expect(call(START, 0, 2, 3).error).toBe(SbiError.INVALID_PARAM);
  });

  it('want a page of RAM', () => {
    expect(call(SET_SHMEM, SHMEM + 8, 0, 0).error).toBe(SbiError.INVALID_PARAM);
    expect(call(SET_SHMEM, SHMEM, 0, 1).error).toBe(SbiError.INVALID_PARAM);
    expect(call(SET_SHMEM, 0x1000, 0, 0).error).toBe(SbiError.INVALID_ADDRESS);
    expect(call(SET_SHMEM, SHMEM, 1, 0).error).toBe(SbiError.INVALID_ADDRESS);
    call(SET_SHMEM, SHMEM, 0, 0);
    expect(call(SET_SHMEM, -1, -1, 0).error).toBe(0n);
    expect(call(STOP, 0, 1, 2).error).toBe(SbiError.NO_SHMEM);
  });
});
