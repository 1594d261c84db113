import { beforeEach, describe, expect, it } from 'vitest';
import { Attention } from '../../core/shared/hart-state.ts';
import { Interrupt } from '../../core/shared/interrupts.ts';
import { Aclint, AclintState, NEVER, sswi } from './aclint.ts';
import { fuzzRegisters, TestClock, testMachine } from './testing/machine.ts';

const mtimecmp = (hart: number) => 0x4000 + hart * 8;
const MTIME = 0xbff8;

let machine: ReturnType<typeof testMachine>;
let clock: TestClock;
let aclint: Aclint;

beforeEach(() => {
  machine = testMachine();
  clock = new TestClock();
  aclint = new Aclint(machine.allocator.allocate(AclintState), machine.harts, clock, (ticks) => (clock.now = ticks));
  aclint.reset();
});

function write64(offset: number, value: bigint): void {
  aclint.write(offset, 4, Number(value & 0xffff_ffffn));
  aclint.write(offset + 4, 4, Number(value >> 32n));
}

describe('MSWI', () => {
  it('raises and lowers MSIP of the hart that is named', () => {
    aclint.write(4, 4, 0xffff_ffff);
    expect([0, 1].map((hart) => machine.pending(hart, Interrupt.MSI))).toEqual([false, true]);
    expect(machine.attention(1)).toBe(Attention.INTERRUPT);
    expect([aclint.read(0, 4), aclint.read(4, 4), aclint.read(8, 4)]).toEqual([0, 1, 0]);
    aclint.write(4, 4, 0xffff_fffe);
    expect(machine.pending(1, Interrupt.MSI)).toBe(false);
  });
});

describe('MTIMER', () => {
  it('raises MTIP when the deadline has come, by the loop of the hart', () => {
    write64(mtimecmp(1), 0x1_0000_0000n);
    expect(machine.attention(1) & Attention.TIMER).not.toBe(0);
    expect(aclint.nextDeadline(1)).toBe(0x1_0000_0000n);
    expect(aclint.nextDeadline(0)).toBe(NEVER);
    aclint.tick(1, 0xffff_ffffn);
    expect(machine.pending(1, Interrupt.MTI)).toBe(false);
    aclint.tick(1, 0x1_0000_0000n);
    expect(machine.pending(1, Interrupt.MTI)).toBe(true);
    expect(aclint.nextDeadline(1)).toBe(NEVER);
  });

  it('looks at the clock at once when a deadline is written', () => {
    clock.now = 100n;
    write64(mtimecmp(0), 100n);
    expect(machine.pending(0, Interrupt.MTI)).toBe(true);
    write64(mtimecmp(0), 101n);
    expect(machine.pending(0, Interrupt.MTI)).toBe(false);
    expect(aclint.read(mtimecmp(0), 4)).toBe(101);
  });

  it('reads the clock, and sets it', () => {
    clock.now = 0x12_3456_789an;
    expect(aclint.read(MTIME, 4)).toBe(0x3456_789a);
    expect(aclint.read(MTIME + 4, 4)).toBe(0x12);
    write64(MTIME, 5n);
    expect(clock.now).toBe(5n);
    expect(machine.attention(0) & Attention.TIMER).not.toBe(0);
  });

  it('has no deadline after a reset', () => {
    write64(mtimecmp(0), 0n);
    aclint.write(0, 4, 1);
    aclint.reset();
    expect(machine.harts[0].mip.load()).toBe(0);
    expect(aclint.nextDeadline(0)).toBe(NEVER);
  });

  it('survives every access', () => {
    fuzzRegisters(
      () => aclint,
      () => expect(machine.harts[0].mip.load() & ~(1 << Interrupt.MSI) & ~(1 << Interrupt.MTI)).toBe(0),
    );
  });
});

describe('SSWI', () => {
  it('raises SSIP, never lowers it, and reads 0', () => {
    const block = sswi(machine.harts);
    block.write(4, 4, 1);
    block.write(4, 4, 0);
    expect(machine.pending(1, Interrupt.SSI)).toBe(true);
    expect(block.read(4, 4)).toBe(0);
    fuzzRegisters(() => block);
  });
});
