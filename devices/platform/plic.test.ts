import { beforeEach, describe, expect, it } from 'vitest';
import { Attention } from '../../core/shared/hart-state.ts';
import { Interrupt } from '../../core/shared/interrupts.ts';
import { Plic, PlicState } from './plic.ts';
import { fuzzRegisters, testMachine } from './testing/machine.ts';

const S0 = 1;
const M1 = 2;
const priority = (source: number) => source * 4;
const enable = (context: number, word = 0) => 0x2000 + context * 0x80 + word * 4;
const threshold = (context: number) => 0x20_0000 + context * 0x1000;
const claim = (context: number) => 0x20_0004 + context * 0x1000;

let machine: ReturnType<typeof testMachine>;
let plic: Plic;
const sei = () => machine.pending(0, Interrupt.SEI);

beforeEach(() => {
  machine = testMachine();
  plic = new Plic(machine.allocator.allocate(PlicState), machine.harts);
});

/** Enables sources for hart 0's S-mode at a priority each. */
function enableForS0(priorities: Record<number, number>): void {
  for (const [source, level] of Object.entries(priorities)) {
    plic.write(priority(Number(source)), 4, level);
    const at = enable(S0, Number(source) >>> 5);
    plic.write(at, 4, plic.read(at, 4) | (1 << (Number(source) & 31)));
  }
}

describe('Plic', () => {
  it('raises SEI above the threshold, and says so to the hart', () => {
    enableForS0({ 10: 3 });
    plic.write(threshold(S0), 4, 3);
    plic.line(10).set(true);
    expect(sei()).toBe(false);
    plic.write(threshold(S0), 4, 2);
    expect(sei()).toBe(true);
    expect(machine.attention(0) & Attention.INTERRUPT).not.toBe(0);
    expect(machine.pending(0, Interrupt.MEI)).toBe(false);
    expect(machine.pending(1, Interrupt.SEI)).toBe(false);
  });

  it('gives the highest priority first, and the lowest number among equals', () => {
    enableForS0({ 3: 1, 40: 7, 41: 7, 5: 2 });
    for (const source of [41, 3, 5, 40]) plic.line(source).set(true);
    expect([0, 0, 0, 0, 0].map(() => plic.read(claim(S0), 4))).toEqual([40, 41, 5, 3, 0]);
    expect(sei()).toBe(false);
  });

  it('masks a claimed source until it is completed, and asks again when its level is still high', () => {
    enableForS0({ 10: 1 });
    const line = plic.line(10);
    line.set(true);
    expect(plic.read(0x1000, 4)).toBe(1 << 10);
    expect(plic.read(claim(S0), 4)).toBe(10);
    expect(plic.read(0x1000, 4)).toBe(0);
    line.set(false);
    line.set(true);
    expect(sei()).toBe(false);
    plic.write(claim(S0), 4, 10);
    expect(sei()).toBe(true);
    expect(plic.read(claim(S0), 4)).toBe(10);
    line.set(false);
    plic.write(claim(S0), 4, 10);
    expect(sei()).toBe(false);
  });

  it('keeps a request whose level fell before the claim', () => {
    enableForS0({ 10: 1 });
    plic.line(10).set(true);
    plic.line(10).set(false);
    expect(sei()).toBe(true);
    expect(plic.read(claim(S0), 4)).toBe(10);
  });

  it('ignores the completion of a source that the context does not enable', () => {
    enableForS0({ 10: 1 });
    plic.line(10).set(true);
    plic.read(claim(S0), 4);
    plic.write(claim(M1), 4, 10);
    plic.write(claim(S0), 4, 11);
    plic.write(claim(S0), 4, 0xffff_ffff);
    expect(sei()).toBe(false);
    plic.write(claim(S0), 4, 10);
    expect(sei()).toBe(true);
  });

  it('lets a claim pass that the threshold does not notify of', () => {
    enableForS0({ 10: 1 });
    plic.write(threshold(S0), 4, 7);
    plic.line(10).set(true);
    expect(sei()).toBe(false);
    expect(plic.read(claim(S0), 4)).toBe(10);
  });

  it('serves several contexts: who claims first has it', () => {
    enableForS0({ 33: 1 });
    plic.write(enable(M1, 1), 4, 2);
    plic.line(33).set(true);
    expect([sei(), machine.pending(1, Interrupt.MEI)]).toEqual([true, true]);
    expect(plic.read(claim(M1), 4)).toBe(33);
    expect([sei(), machine.pending(1, Interrupt.MEI)]).toEqual([false, false]);
    expect(plic.read(claim(S0), 4)).toBe(0);
  });

  it('has no source 0, no priority above 7, and no contexts beyond its harts', () => {
    plic.write(priority(0), 4, 5);
    plic.write(priority(1), 4, 0xff);
    plic.write(enable(S0), 4, 0xffff_ffff);
    plic.write(enable(4), 4, 0xffff_ffff);
    expect(plic.read(priority(0), 4)).toBe(0);
    expect(plic.read(priority(1), 4)).toBe(7);
    expect(plic.read(enable(S0), 4)).toBe(0xffff_fffe);
    expect(plic.read(enable(4), 4)).toBe(0);
    expect(() => plic.line(0)).toThrow('sources 1 to 95');
    expect(() => plic.line(96)).toThrow('sources 1 to 95');
  });

  it('is as new after a reset, but for wires that are up', () => {
    enableForS0({ 10: 1, 11: 1 });
    plic.line(10).set(true);
    plic.line(11).set(true);
    plic.read(claim(S0), 4);
    plic.reset();
    expect(sei()).toBe(false);
    expect(plic.read(priority(10), 4)).toBe(0);
    enableForS0({ 10: 1 });
    expect(plic.read(claim(S0), 4)).toBe(10);
  });

  it('survives every access', () => {
    fuzzRegisters(
      () => {
        const { allocator, harts } = testMachine();
        const state = allocator.allocate(PlicState);
        const device = new Plic(state, harts);
        for (const source of [1, 10, 35]) device.line(source).set(true);
        return Object.assign(device, { state });
      },
      ({ state }) => {
        state.pending.forEach((word, i) => expect(word & state.claimed[i]).toBe(0));
        expect(Math.max(...state.priority, ...state.threshold)).toBeLessThanOrEqual(7);
        expect(state.lock.load()).toBe(0);
      },
    );
  });
});
