import { beforeEach, describe, expect, it } from 'vitest';
import { Rtc, RtcState, type RtcView } from './rtc.ts';
import { fuzzRegisters, TestClock, TestLine, testMachine } from './testing/machine.ts';

const [TIME_LOW, TIME_HIGH, ALARM_LOW, ALARM_HIGH] = [0x00, 0x04, 0x08, 0x0c];
const [IRQ_ENABLED, CLEAR_ALARM, ALARM_STATUS, CLEAR_INTERRUPT] = [0x10, 0x14, 0x18, 0x1c];

let clock: TestClock;
let line: TestLine;
let state: RtcView;
let rtc: Rtc;
let moved: number;

beforeEach(() => {
  clock = new TestClock();
  line = new TestLine();
  moved = 0;
  state = testMachine().allocator.allocate(RtcState);
  rtc = new Rtc(state, clock, line, () => moved++);
});

const low = (time: bigint) => Number(time & 0xffff_ffffn);
const high = (time: bigint) => Number(time >> 32n);

function arm(time: bigint): void {
  rtc.write(ALARM_HIGH, 4, high(time));
  rtc.write(ALARM_LOW, 4, low(time));
  rtc.write(IRQ_ENABLED, 4, 1);
}

describe('Rtc', () => {
  it('reads one moment in two halves', () => {
    clock.wall = 0x1234_ffff_ffffn;
    expect(rtc.read(TIME_LOW, 4)).toBe(0xffff_ffff);
    clock.wall += 1n;
    expect(rtc.read(TIME_HIGH, 4)).toBe(0x1234);
    expect(rtc.read(TIME_LOW, 4)).toBe(0);
    expect(rtc.read(TIME_HIGH, 4)).toBe(0x1235);
  });

  it('can be set, and goes on from there', () => {
    const birthday = 946_684_800_000_000_000n;
    rtc.write(TIME_HIGH, 4, high(birthday));
    rtc.write(TIME_LOW, 4, low(birthday));
    clock.wall += 7n;
    expect(rtc.read(TIME_LOW, 4)).toBe(low(birthday + 7n));
    expect(rtc.read(TIME_HIGH, 4)).toBe(high(birthday));
  });

  it('sounds its alarm once', () => {
    arm(clock.wall + 1000n);
    expect(moved).toBe(1);
    expect(rtc.nextAlarm()).toBe(1000n);
    expect(rtc.read(ALARM_STATUS, 4)).toBe(1);
    clock.wall += 999n;
    rtc.tick();
    expect(line.level).toBe(false);
    clock.wall += 5n;
    expect(rtc.nextAlarm()).toBe(0n);
    rtc.tick();
    expect(line.level).toBe(true);
    expect(rtc.read(ALARM_STATUS, 4)).toBe(0);
    expect(rtc.nextAlarm()).toBeUndefined();
    rtc.write(CLEAR_INTERRUPT, 4, 1);
    expect(line.level).toBe(false);
  });

  it('can be disarmed, silenced and reset', () => {
    arm(clock.wall);
    rtc.write(CLEAR_ALARM, 4, 1);
    rtc.tick();
    expect(line.level).toBe(false);
    arm(clock.wall);
    rtc.tick();
    rtc.write(IRQ_ENABLED, 4, 0);
    expect(line.level).toBe(false);
    rtc.write(IRQ_ENABLED, 4, 1);
    expect(line.level).toBe(true);
    rtc.reset();
    expect(line.level).toBe(false);
  });

  it('survives every access', () => {
    fuzzRegisters(
      () => rtc,
      () => {
        rtc.tick();
        expect([state.irqEnabled, state.alarmArmed, state.interruptPending].every((bit) => bit <= 1)).toBe(true);
      },
    );
  });
});
