/** CSR definitions where engines cannot show them: what other threads do meanwhile. */
import { expect, test } from 'vitest';
import { Registers } from '../reference/registers.ts';
import { Condition, Value } from '../reference/value.ts';
import { Interrupt } from '../shared/interrupts.ts';
import { accessCsr, csrs, type Csr } from './csr.ts';

const SEIP = 1n << BigInt(Interrupt.SEI);
const SSIP = 1n << BigInt(Interrupt.SSI);
const csr = (name: string): Csr => csrs.find((candidate) => candidate.name === name) as Csr;

/** Registers whose external interrupt is lowered right after each look at `mip`. */
class Racing extends Registers {
  override readMip(): Value {
    const before = super.readMip();
    this.mip &= ~SEIP;
    return before;
  }
}

test('an interrupt that is lowered while software changes another bit of mip stays low', () => {
  const registers = new Racing({ ticks: () => 0n });
  registers.mip = SEIP;
  const old = accessCsr(registers, csr('mip'), new Condition(true), (value) => value.or(SSIP));
  expect((old as Value).bits).toBe(SEIP);
  expect(registers.mip).toBe(SSIP);
});

test('software sets and clears the bits of mip that it may', () => {
  const registers = new Registers({ ticks: () => 0n });
  const write = (value: bigint): bigint => {
    accessCsr(registers, csr('mip'), new Condition(true), () => new Value(value));
    return registers.mip;
  };
  expect([write(-1n), write(0n), write(SEIP), write(SSIP)]).toEqual([0x222n, 0n, SEIP, SSIP]);
});
