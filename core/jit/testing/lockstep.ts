/** Two harts with the same program, one interpreted and one compiled, which must agree wherever both stop. */
import { expect } from 'vitest';
import { bareHart, type BareHart } from '../../hart/testing/bare-hart.ts';
import { Exit, Revoke, type HartView } from '../../shared/hart-state.ts';
import { CompiledHart, type CompilerOptions } from './compiled-hart.ts';

export const RAM = 0x8000_0000;
/** A device register of 4 bytes, which reads as what was written last. */
export const DEVICE = 0x1000_0000;

const FIELDS = [
  ...(['pc', 'instret', 'privilege', 'fflags', 'frm', 'mstatus', 'mepc', 'mcause', 'mtval', 'scause', 'sepc'] as const),
  ...(['stval', 'reservation', 'reservationValue', 'exception'] as const),
];

export class Lockstep {
  readonly interpreted = withDevice();
  readonly compiled = withDevice();
  readonly runner: CompiledHart;

  constructor(options: CompilerOptions = {}) {
    this.runner = new CompiledHart(this.compiled, options);
  }

  get view(): HartView {
    return this.compiled.hart.view;
  }

  write(address: number, bytes: Uint8Array): void {
    for (const { ram } of this.#both) ram.write(address, bytes);
  }

  /** Changes both harts; caches that depend on registers or on code are dropped. */
  change(change: (view: HartView) => void): void {
    for (const { hart } of this.#both) {
      change(hart.view);
      hart.revoke(Revoke.CODE);
      hart.dropCaches();
    }
  }

  /** Runs both to the next WFI, and compares them. */
  run(budget = 100_000): void {
    expect(this.interpreted.hart.run(budget), 'the interpreter stops').toBe(Exit.WFI);
    expect(this.runner.run(budget), 'the compiled hart stops').toBe(Exit.WFI);
    expect(visible(this.compiled)).toEqual(visible(this.interpreted));
  }

  compareMemory(address: number, length: number): void {
    const [actual, expected] = [this.compiled, this.interpreted].map(({ ram }) => {
      const bytes = Buffer.alloc(length);
      ram.read(address, bytes);
      return bytes;
    });
    if (!actual.equals(expected)) expect(actual.toString('hex')).toBe(expected.toString('hex'));
  }

  get #both(): readonly BareHart[] {
    return [this.interpreted, this.compiled];
  }
}

function withDevice(): BareHart {
  let register = 0;
  return bareHart({
    read: (address, width) => (address === DEVICE && width === 4 ? register : undefined),
    write: (address, width, value) => {
      if (address === DEVICE && width === 4) register = value >>> 0;
      return address === DEVICE && width === 4;
    },
  });
}

function visible({ hart: { view } }: BareHart): Record<string, unknown> {
  const hex = (values: BigUint64Array): string[] => Array.from(values, (value) => value.toString(16));
  const fields = Object.fromEntries(FIELDS.map((field) => [field, view[field].toString(16)]));
  return { x: hex(view.x).slice(0, 32), f: hex(view.f), ...fields };
}
