/** M, integer multiplication and division (RISC-V unprivileged ISA, chapter "M"). */
import type { Bits, Emitter } from '../emitter.ts';
import { plain, type Extension, type Instruction } from '../instruction.ts';
import { low32 } from './i.ts';

const MOST_NEGATIVE = -(1n << 63n);

const register = (name: string, funct3: string, result: (h: Emitter) => Bits): Instruction =>
  plain(`${name} rd, rs1, rs2`, `0000001 rs2 rs1 ${funct3} rd 0110011`, (h) => (h.rd = result(h)));
const word = (name: string, funct3: string, result: (h: Emitter) => Bits): Instruction =>
  plain(`${name} rd, rs1, rs2`, `0000001 rs2 rs1 ${funct3} rd 0111011`, (h) => (h.rd = result(h).extend32()));

/** The high 64 bits of the unsigned 128-bit product, from four products of 32-bit halves. */
function highProductU(h: Emitter, a: Bits, b: Bits): Bits {
  const aLow = h.let(low32(a));
  const aHigh = h.let(a.shrU(32));
  const bLow = h.let(low32(b));
  const bHigh = h.let(b.shrU(32));
  const middle = h.let(aHigh.mul(bLow).add(aLow.mul(bLow).shrU(32)));
  const other = h.let(aLow.mul(bHigh).add(low32(middle)));
  return aHigh.mul(bHigh).add(middle.shrU(32)).add(other.shrU(32));
}

/** What a negative `a` takes off the unsigned product, seen as a signed one. */
const correction = (a: Bits, b: Bits): Bits => a.shrS(63).and(b);

// Division by zero and overflow have results in RISC-V and trap in WebAssembly, so such divisors are replaced by 1:
// the quotient of the most negative number by 1 is the overflow's result, and its remainder too.
function signed(h: Emitter, a: Bits, b: Bits): { quotient: () => Bits; remainder: () => Bits } {
  const x = h.let(a);
  const y = h.let(b);
  const divisor = h.let(h.select(y.eq(0).or(x.eq(MOST_NEGATIVE).and(y.eq(-1))), 1, y));
  return {
    quotient: () => h.select(y.eq(0), -1, x.divS(divisor)),
    remainder: () => h.select(y.eq(0), x, x.remS(divisor)),
  };
}

function unsigned(h: Emitter, a: Bits, b: Bits): { quotient: () => Bits; remainder: () => Bits } {
  const x = h.let(a);
  const y = h.let(b);
  const divisor = h.let(h.select(y.eq(0), 1, y));
  return {
    quotient: () => h.select(y.eq(0), -1, x.divU(divisor)),
    remainder: () => h.select(y.eq(0), x, x.remU(divisor)),
  };
}

export const M: Extension = {
  name: 'm',
  instructions: [
    register('mul', '000', (h) => h.rs1.mul(h.rs2)),
    register('mulh', '001', (h) => {
      const a = h.let(h.rs1);
      const b = h.let(h.rs2);
      return highProductU(h, a, b).sub(correction(a, b)).sub(correction(b, a));
    }),
    register('mulhsu', '010', (h) => {
      const a = h.let(h.rs1);
      const b = h.let(h.rs2);
      return highProductU(h, a, b).sub(correction(a, b));
    }),
    register('mulhu', '011', (h) => highProductU(h, h.rs1, h.rs2)),
    register('div', '100', (h) => signed(h, h.rs1, h.rs2).quotient()),
    register('divu', '101', (h) => unsigned(h, h.rs1, h.rs2).quotient()),
    register('rem', '110', (h) => signed(h, h.rs1, h.rs2).remainder()),
    register('remu', '111', (h) => unsigned(h, h.rs1, h.rs2).remainder()),
    word('mulw', '000', (h) => h.rs1.mul(h.rs2)),
    word('divw', '100', (h) => signed(h, h.rs1.extend32(), h.rs2.extend32()).quotient()),
    word('divuw', '101', (h) => unsigned(h, low32(h.rs1), low32(h.rs2)).quotient()),
    word('remw', '110', (h) => signed(h, h.rs1.extend32(), h.rs2.extend32()).remainder()),
    word('remuw', '111', (h) => unsigned(h, low32(h.rs1), low32(h.rs2)).remainder()),
  ],
};
