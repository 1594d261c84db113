/** The generated interpreter as an engine of the suite. Also what runs compiled code can extend it. */
import { bareHart, type BareHart } from '../../hart/testing/bare-hart.ts';
import { FIELDS } from '../../reference/registers.ts';
import { Exit, Revoke, type HartView } from '../../shared/hart-state.ts';
import { setInterrupt, type InterruptNumber } from '../../shared/interrupts.ts';
import type { StateField } from '../../isa/emitter.ts';
import { DEVICE, RAM_BASE, type ArchState, type Block, type Engine, type StateChange, type Stop } from './engine.ts';

export class InterpreterEngine implements Engine {
  readonly name: string = 'interpreter';
  readonly ramBytes: number;
  readonly bare: BareHart;
  #device = 0;

  constructor(ramBytes = 4 << 20) {
    this.ramBytes = ramBytes;
    const bus = {
      read: (address: number, width: number) => (address === DEVICE && width === 4 ? this.#device : undefined),
      write: (address: number, width: number, value: number) => {
        if (address === DEVICE && width === 4) this.#device = value >>> 0;
        return address === DEVICE && width === 4;
      },
    };
    this.bare = bareHart(bus, ramBytes);
  }

  get clock(): { now: bigint } {
    return this.bare.clock;
  }

  load(state: StateChange, memory: readonly Block[]): void {
    const { hart, ram } = this.bare;
    this.clock.now = 0n;
    this.#device = 0;
    ram.fill(RAM_BASE, this.ramBytes, 0);
    for (const { address, bytes } of memory) ram.write(address, bytes);
    hart.reset(BigInt(RAM_BASE));
    for (const [index, value] of Object.entries(state.x ?? {})) hart.view.x[Number(index)] = value;
    for (const [index, value] of Object.entries(state.f ?? {})) hart.view.f[Number(index)] = value;
    for (const [index, value] of Object.entries(state.pmpcfg ?? {})) hart.view.pmpcfg[Number(index)] = value;
    for (const [index, value] of Object.entries(state.pmpaddr ?? {})) hart.view.pmpaddr[Number(index)] = value;
    for (const [field, value] of Object.entries(state.fields ?? {})) setField(hart.view, field as StateField, value);
    hart.revoke(Revoke.CODE);
    hart.dropCaches();
  }

  run(instructions: number): Stop {
    const { hart } = this.bare;
    const end = hart.view.instret + BigInt(instructions);
    hart.tickTimer();
    for (let calls = 0; hart.view.instret < end && calls < instructions; calls++) {
      const exit = this.runHart(Number(end - hart.view.instret));
      if (exit === Exit.WFI) return 'wfi';
      if (exit === Exit.WEDGED) return 'budget';
    }
    return 'budget';
  }

  /** Runs the hart once: returns one of `Exit`. */
  protected runHart(budget: number): number {
    return this.bare.hart.run(budget);
  }

  read(): ArchState {
    const { view } = this.bare.hart;
    const fields = Object.fromEntries(FIELDS.map((field) => [field, BigInt(view[field])]));
    return {
      x: [...view.x].slice(0, 32),
      f: [...view.f],
      fields: fields as Record<StateField, bigint>,
      pmpcfg: [...view.pmpcfg],
      pmpaddr: [...view.pmpaddr],
      mhpmcounter: [...view.mhpmcounter],
      mip: BigInt(view.mip.load()),
    };
  }

  memory(address: number, length: number): Uint8Array {
    const { memory, map } = this.bare;
    return new Uint8Array(memory.buffer, map.ram + address - RAM_BASE, length);
  }
  dma(address: number, bytes: Uint8Array): void {
    this.bare.ram.write(address, bytes);
  }
  interrupt(bit: number, level: boolean): void {
    setInterrupt(this.bare.hart.view, bit as InterruptNumber, level);
  }
}

function setField(view: HartView, field: StateField, value: bigint): void {
  if (field === 'privilege' || field === 'fflags' || field === 'frm') view[field] = Number(value);
  else view[field] = value;
}
