import { beforeEach, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { Attention, HartStatus } from '../../core/shared/hart-state.ts';
import { Interrupt } from '../../core/shared/interrupts.ts';
import { SbiError } from './abi.ts';
import { endSuspend, takeStart } from './hsm.ts';
import { PC, RAM_SIZE, sbiMachine } from './testing/machine.ts';

const [BASE, TIME, IPI, RFENCE, HSM] = [0x10, 0x54494d45, 0x735049, 0x52464e43, 0x48534d];
const [SRST, DBCN, PMU] = [0x53525354, 0x4442434e, 0x504d55];
const RAM = 0x8000_0000;
const ALL = -1;

let machine: ReturnType<typeof sbiMachine>;
let call: ReturnType<typeof sbiMachine>['call'];
beforeEach(() => {
  machine = sbiMachine();
  ({ call } = machine);
});
const error = (...args: Parameters<typeof call>) => call(...args).error;

describe('base', () => {
  it('says its version, and what is there', () => {
    expect(call(BASE, 0)).toMatchObject({ error: 0n, value: 0x0200_0000n, outcome: 'resume' });
    for (const id of [BASE, TIME, IPI, RFENCE, HSM, SRST, DBCN, PMU, 0, 8]) {
      expect(call(BASE, 3, id)).toMatchObject({ error: 0n, value: 1n });
    }
    for (const id of [9, 0x535345, -1]) expect(call(BASE, 3, id)).toMatchObject({ error: 0n, value: 0n });
  });

  it('does not support what it does not know', () => {
    expect(error(0x535345, 0)).toBe(SbiError.NOT_SUPPORTED);
    expect(error(BASE, 7)).toBe(SbiError.NOT_SUPPORTED);
    expect(error(BASE, 2n ** 64n - 1n)).toBe(SbiError.NOT_SUPPORTED);
    expect(error(2n ** 32n + BigInt(BASE), 0)).toBe(SbiError.NOT_SUPPORTED);
    expect(machine.harts[0].pc).toBe(PC);
  });
});

describe('timer', () => {
  it('sets stimecmp, and STIP to match', () => {
    expect(error(TIME, 0, 1001)).toBe(0n);
    expect(machine.harts[0].stimecmp).toBe(1001n);
    expect(machine.pending(0, Interrupt.STI)).toBe(false);
    expect(machine.harts[0].attention.load() & Attention.TIMER).not.toBe(0);
    call(TIME, 0, 1000);
    expect(machine.pending(0, Interrupt.STI)).toBe(true);
    call(TIME, 0, -1);
    expect(machine.pending(0, Interrupt.STI)).toBe(false);
  });
});

describe('hart masks', () => {
  it.each<[string, [number, number], number[] | undefined]>([
    ['some', [0b10, 0], [1]],
    ['from a base', [0b1, 1], [1]],
    ['all', [0, ALL], [0, 1]],
    ['none', [0, 77], []],
    ['one that does not exist', [0b101, 0], undefined],
    ['past the end', [0b11, 1], undefined],
    ['around the end', [0b11, ALL - 1], undefined],
  ])('name %s', (_, [mask, base], expected) => {
    const result = error(IPI, 0, mask, base);
    expect(result).toBe(expected === undefined ? SbiError.INVALID_PARAM : 0n);
    const raised = [0, 1].filter((hart) => machine.pending(hart, Interrupt.SSI));
    expect(raised).toEqual(expected ?? []);
  });
});

describe('remote fences', () => {
  it('ask the machine', () => {
    call(RFENCE, 0, 0b11, 0);
    call(RFENCE, 1, 0b10, 0, 0, 0);
    call(RFENCE, 2, 0, ALL, 0x1000, 0x1000, 5);
    expect(machine.log.fences).toEqual([
      { harts: [0, 1], kind: 'fence.i' },
      { harts: [1], kind: 'sfence.vma' },
      { harts: [0, 1], kind: 'sfence.vma' },
    ]);
    expect(error(RFENCE, 0, 0b100, 0)).toBe(SbiError.INVALID_PARAM);
    expect(error(RFENCE, 3, 1, 0)).toBe(SbiError.NOT_SUPPORTED);
    expect(machine.log.fences.length).toBe(3);
  });
});

describe('hart state management', () => {
  const stopHart1 = () => machine.callFrom(1, HSM, 1);

  it('stops a hart and starts it elsewhere', () => {
    expect(stopHart1().outcome).toBe('stop');
    expect(call(HSM, 2, 1)).toMatchObject({ error: 0n, value: BigInt(HartStatus.STOPPED) });
    const [, hart] = machine.harts;
    expect(takeStart(hart, 1)).toBe(false);

    hart.satp = 5n;
    hart.privilege = 3;
    expect(error(HSM, 0, 1, RAM + 0x100, 0xfeed_0000_0001n)).toBe(0n);
    expect(call(HSM, 2, 1).value).toBe(BigInt(HartStatus.START_PENDING));
    expect(hart.attention.load() & Attention.HSM).not.toBe(0);
    expect(error(HSM, 0, 1, RAM + 0x200, 0)).toBe(SbiError.ALREADY_AVAILABLE);

    expect(takeStart(hart, 1)).toBe(true);
    expect(takeStart(hart, 1)).toBe(false);
    expect([hart.pc, hart.privilege, hart.satp, hart.x[10], hart.x[11]]).toEqual([
      BigInt(RAM + 0x100),
      1,
      0n,
      1n,
      0xfeed_0000_0001n,
    ]);
    expect(call(HSM, 2, 1).value).toBe(BigInt(HartStatus.STARTED));
  });

  it('refuses what cannot be', () => {
    stopHart1();
    expect(error(HSM, 0, 2, RAM, 0)).toBe(SbiError.INVALID_PARAM);
    expect(error(HSM, 0, -1, RAM, 0)).toBe(SbiError.INVALID_PARAM);
    expect(error(HSM, 0, 1, 0x1000, 0)).toBe(SbiError.INVALID_ADDRESS);
    expect(error(HSM, 0, 1, RAM + 1, 0)).toBe(SbiError.INVALID_ADDRESS);
    expect(error(HSM, 0, 1, RAM + RAM_SIZE, 0)).toBe(SbiError.INVALID_ADDRESS);
    expect(error(HSM, 0, 0, RAM, 0)).toBe(SbiError.ALREADY_AVAILABLE);
    expect(error(HSM, 2, 2)).toBe(SbiError.INVALID_PARAM);
  });

  it('suspends and keeps everything', () => {
    expect(call(HSM, 3, 0)).toEqual({ error: 0n, value: 0n, outcome: 'wait' });
    expect(machine.harts[0].pc).toBe(PC);
    expect(machine.harts[0].hsmStatus.load()).toBe(HartStatus.SUSPENDED);
    endSuspend(machine.harts[0]);
    expect(machine.harts[0].hsmStatus.load()).toBe(HartStatus.STARTED);
  });

  it('suspends and goes on elsewhere', () => {
    expect(call(HSM, 3, 0x8000_0000, RAM + 0x40, 9)).toEqual({ error: 0n, value: 9n, outcome: 'wait' });
    expect(machine.harts[0].pc).toBe(BigInt(RAM + 0x40));
    expect(error(HSM, 3, 0x8000_0000, 3, 9)).toBe(SbiError.INVALID_ADDRESS);
    for (const type of [1, 0x1000_0000, 0x8000_0001, 0x9000_0000]) {
      expect(error(HSM, 3, type)).toBe(SbiError.INVALID_PARAM);
    }
  });
});

describe('system reset', () => {
  it('ends the machine', () => {
    expect(call(SRST, 0, 0, 0).outcome).toBe('ended');
    call(SRST, 0, 0, 1);
    call(SRST, 0, 1, 0);
    call(SRST, 0, 2, 1);
    expect(machine.log.endings).toEqual([
      { kind: 'pass' },
      { kind: 'fail', code: 1 },
      { kind: 'reset' },
      { kind: 'reset', failure: true },
    ]);
  });

  it('refuses reserved types and reasons', () => {
    for (const [type, reason] of [
      [3, 0],
      [0xf000_0000, 0],
      [0, 2],
      [0, 0xe000_0000],
    ]) {
      expect(error(SRST, 0, type, reason)).toBe(SbiError.INVALID_PARAM);
    }
    expect(machine.log.endings).toEqual([]);
  });
});

describe('debug console', () => {
  it('writes from memory, as much as there is room for', () => {
    machine.env.ram.write(RAM, new TextEncoder().encode('hello'));
    expect(call(DBCN, 0, 5, RAM, 0)).toMatchObject({ error: 0n, value: 5n });
    machine.log.room = 2;
    expect(call(DBCN, 0, 5, RAM, 0)).toMatchObject({ error: 0n, value: 2n });
    expect(call(DBCN, 0, 5, RAM, 0)).toMatchObject({ error: 0n, value: 0n });
    expect(machine.log.output).toBe('hellohe');
  });

  it('reads into memory', () => {
    machine.log.input = new TextEncoder().encode('abc');
    expect(call(DBCN, 1, 2, RAM + 8, 0)).toMatchObject({ error: 0n, value: 2n });
    expect(call(DBCN, 1, 2, RAM + 10, 0)).toMatchObject({ error: 0n, value: 1n });
    expect(machine.env.ram.readU32(RAM + 8)).toBe(0x00636261);
  });

  it('refuses memory that is not there', () => {
    for (const [size, low, high] of [
      [5, 0, 0],
      [5, RAM, 1],
      [5, RAM + RAM_SIZE - 4, 0],
      [-1, RAM, 0],
      [1, -1, 0],
    ]) {
      expect(error(DBCN, 0, size, low, high)).toBe(SbiError.INVALID_PARAM);
      expect(error(DBCN, 1, size, low, high)).toBe(SbiError.INVALID_PARAM);
    }
  });

  it('does a byte again when there is no room', () => {
    machine.log.room = 0;
    expect(call(DBCN, 2, 0x141).outcome).toBe('retry');
    expect(machine.harts[0].pc).toBe(PC - 4n);
    expect(machine.harts[0].x[10]).toBe(0x141n);
    machine.log.room = 1;
    expect(call(DBCN, 2, 0x141)).toMatchObject({ error: 0n, value: 0n, outcome: 'resume' });
    expect(machine.log.output).toBe('A');
  });
});

describe('legacy', () => {
  /** Only a0 is returned. */
  const legacy = (id: number, ...args: number[]) => {
    machine.harts[0].x[11] = 0n;
    return call(id, 99, ...args).error;
  };

  it('has a timer, a console, and an end', () => {
    expect(legacy(0, 5)).toBe(0n);
    expect(machine.harts[0].stimecmp).toBe(5n);
    expect(legacy(1, 0x42)).toBe(0n);
    expect(machine.log.output).toBe('B');
    expect(legacy(2)).toBe(-1n);
    machine.log.input = Uint8Array.of(0x7a);
    expect(legacy(2)).toBe(0x7an);
    expect(call(8, 0).outcome).toBe('ended');
    expect(machine.log.endings).toEqual([{ kind: 'pass' }]);
  });

  it('leaves a1 alone', () => {
    call(1, 0, 0x42, 0x77);
    expect(machine.harts[0].x[11]).toBe(0x77n);
  });

  it('sends and clears interrupts', () => {
    expect(legacy(3)).toBe(0n);
    expect(legacy(4, 0x1000)).toBe(0n);
    expect([0, 1].map((hart) => machine.pending(hart, Interrupt.SSI))).toEqual([false, true]);
    legacy(4, 0);
    expect(legacy(3)).toBe(1n);
    expect(machine.pending(0, Interrupt.SSI)).toBe(false);
  });

  it('fences the harts of a mask, or all', () => {
    legacy(5, 0x1000);
    legacy(6, 0);
    legacy(7, 0x2000);
    expect(machine.log.fences).toEqual([
      { harts: [1], kind: 'fence.i' },
      { harts: [0, 1], kind: 'sfence.vma' },
      { harts: [0, 1], kind: 'sfence.vma' },
    ]);
  });
});

it('survives every call', () => {
  const argument = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.bigInt({ min: 0n, max: 16n }),
    fc.integer({ min: RAM - 4096, max: RAM + RAM_SIZE + 4096 }).map(BigInt),
    fc.constantFrom(BigInt(RAM), 2n ** 64n - 1n, 2n ** 63n),
  );
  const id = fc.oneof(fc.constantFrom(BASE, TIME, IPI, RFENCE, HSM, SRST, DBCN, PMU), fc.nat(15)).map(BigInt);
  const made = fc.tuple(
    fc.nat(1),
    id,
    fc.bigInt({ min: 0n, max: 9n }),
    fc.array(argument, { minLength: 6, maxLength: 6 }),
  );
  fc.assert(
    fc.property(fc.array(made, { maxLength: 20 }), (calls) => {
      const { callFrom, env, harts } = sbiMachine();
      for (const [hart, extension, fid, args] of calls) {
        const { outcome } = callFrom(hart, extension, fid, ...args);
        expect(['resume', 'retry', 'wait', 'stop', 'ended']).toContain(outcome);
        expect(env.state.lock.load()).toBe(0);
        for (const { hsmStatus } of harts) expect(hsmStatus.load()).toBeLessThanOrEqual(HartStatus.SUSPENDED);
      }
    }),
    { numRuns: 500 },
  );
});
