/** The reference model as an engine of the suite. */
import { ReferenceHart } from '../../reference/model.ts';
import type { StateField } from '../../isa/emitter.ts';
import { DEVICE, RAM_BASE, type ArchState, type Block, type Engine, type StateChange, type Stop } from './engine.ts';

export class ReferenceEngine implements Engine {
  readonly name = 'reference';
  readonly ramBytes: number;
  readonly clock = {
    now: 0n,
    ticks(): bigint {
      return this.now;
    },
  };
  #hart: ReferenceHart;
  #device = 0;

  constructor(ramBytes = 4 << 20) {
    this.ramBytes = ramBytes;
    this.#hart = this.#create();
  }

  load(state: StateChange, memory: readonly Block[]): void {
    this.clock.now = 0n;
    this.#device = 0;
    this.#hart = this.#create();
    this.#hart.fields.pc = BigInt(RAM_BASE);
    for (const [index, value] of Object.entries(state.x ?? {})) this.#hart.x[Number(index)] = value;
    for (const [index, value] of Object.entries(state.f ?? {})) this.#hart.f[Number(index)] = value;
    const { pmpcfg, pmpaddr } = this.#hart.arrays;
    for (const [index, value] of Object.entries(state.pmpcfg ?? {})) pmpcfg[Number(index)] = value;
    for (const [index, value] of Object.entries(state.pmpaddr ?? {})) pmpaddr[Number(index)] = value;
    for (const [field, value] of Object.entries(state.fields ?? {})) this.#hart.fields[field as StateField] = value;
    for (const { address, bytes } of memory) this.dma(address, bytes);
  }

  run(instructions: number): Stop {
    this.#hart.tickTimer();
    for (let left = instructions; left > 0; left--) {
      if (this.#hart.step() === 'waiting') return 'wfi';
    }
    return 'budget';
  }

  read(): ArchState {
    const { x, f, fields, arrays, mip } = this.#hart;
    const { pmpcfg, pmpaddr, mhpmcounter } = arrays;
    return { x: [...x], f: [...f], fields: { ...fields }, pmpcfg, pmpaddr, mhpmcounter, mip };
  }

  memory(address: number, length: number): Uint8Array {
    return this.#hart.memory.physical.ram.subarray(address - RAM_BASE, address - RAM_BASE + length);
  }
  dma(address: number, bytes: Uint8Array): void {
    this.#hart.memory.physical.ram.set(bytes, address - RAM_BASE);
  }
  interrupt(bit: number, level: boolean): void {
    this.#hart.changeMip(1n << BigInt(bit), BigInt(level) << BigInt(bit));
  }

  #create(): ReferenceHart {
    const devices = {
      read: (address: number, width: number) => (address === DEVICE && width === 4 ? this.#device : undefined),
      write: (address: number, width: number, value: number) => {
        if (address === DEVICE && width === 4) this.#device = value;
        return address === DEVICE && width === 4;
      },
    };
    return new ReferenceHart({ ramBase: BigInt(RAM_BASE), ramBytes: this.ramBytes, devices, clock: this.clock });
  }
}
