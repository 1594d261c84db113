/** 64-bit values and conditions as `bigint`s and booleans: the emitter's expressions, computed at once. */
import type { Bits, Cond, Word } from '../isa/emitter.ts';

const WIDTH = 64;

const signed = (bits: bigint): bigint => BigInt.asIntN(WIDTH, bits);

/** A word as an unsigned number. */
export function unsignedOf(word: Word): bigint {
  if (typeof word === 'bigint') return BigInt.asUintN(WIDTH, word);
  if (typeof word === 'number') return BigInt.asUintN(WIDTH, BigInt(word));
  return (word as Value).bits;
}

export class Condition implements Cond {
  readonly holds: boolean;
  constructor(holds: boolean) {
    this.holds = holds;
  }
  and(b: Cond): Condition {
    return new Condition(this.holds && holds(b));
  }
  or(b: Cond): Condition {
    return new Condition(this.holds || holds(b));
  }
  eqz(): Condition {
    return new Condition(!this.holds);
  }
  zext(): Value {
    return new Value(this.holds ? 1n : 0n);
  }
}

export const holds = (condition: Cond): boolean => (condition as Condition).holds;

export class Value implements Bits {
  /** From 0 to 2^64 - 1. */
  readonly bits: bigint;
  /** Takes a number of any size and sign, modulo 2^64. */
  constructor(bits: bigint) {
    this.bits = BigInt.asUintN(WIDTH, bits);
  }

  add(b: Word): Value {
    return new Value(this.bits + unsignedOf(b));
  }
  sub(b: Word): Value {
    return new Value(this.bits - unsignedOf(b));
  }
  mul(b: Word): Value {
    return new Value(this.bits * unsignedOf(b));
  }
  divS(b: Word): Value {
    const quotient = signed(this.bits) / signed(unsignedOf(b));
    if (quotient === 1n << 63n) throw new RangeError('the quotient of a signed division does not fit');
    return new Value(quotient);
  }
  divU(b: Word): Value {
    return new Value(this.bits / unsignedOf(b));
  }
  remS(b: Word): Value {
    return new Value(signed(this.bits) % signed(unsignedOf(b)));
  }
  remU(b: Word): Value {
    return new Value(this.bits % unsignedOf(b));
  }
  and(b: Word): Value {
    return new Value(this.bits & unsignedOf(b));
  }
  or(b: Word): Value {
    return new Value(this.bits | unsignedOf(b));
  }
  xor(b: Word): Value {
    return new Value(this.bits ^ unsignedOf(b));
  }
  shl(b: Word): Value {
    return new Value(this.bits << countOf(b));
  }
  shrS(b: Word): Value {
    return new Value(signed(this.bits) >> countOf(b));
  }
  shrU(b: Word): Value {
    return new Value(this.bits >> countOf(b));
  }
  rotl(b: Word): Value {
    const count = countOf(b);
    return new Value((this.bits << count) | (this.bits >> (64n - count)));
  }
  rotr(b: Word): Value {
    const count = countOf(b);
    return new Value((this.bits >> count) | (this.bits << (64n - count)));
  }
  eq(b: Word): Condition {
    return new Condition(this.bits === unsignedOf(b));
  }
  ne(b: Word): Condition {
    return new Condition(this.bits !== unsignedOf(b));
  }
  ltS(b: Word): Condition {
    return new Condition(signed(this.bits) < signed(unsignedOf(b)));
  }
  ltU(b: Word): Condition {
    return new Condition(this.bits < unsignedOf(b));
  }
  geS(b: Word): Condition {
    return new Condition(signed(this.bits) >= signed(unsignedOf(b)));
  }
  geU(b: Word): Condition {
    return new Condition(this.bits >= unsignedOf(b));
  }
  clz(): Value {
    return new Value(this.bits === 0n ? 64n : BigInt(WIDTH - this.bits.toString(2).length));
  }
  ctz(): Value {
    if (this.bits === 0n) return new Value(64n);
    return new Value(BigInt((this.bits & -this.bits).toString(2).length - 1));
  }
  popcnt(): Value {
    return new Value(BigInt(this.bits.toString(2).replaceAll('0', '').length));
  }
  extend8(): Value {
    return new Value(BigInt.asIntN(8, this.bits));
  }
  extend16(): Value {
    return new Value(BigInt.asIntN(16, this.bits));
  }
  extend32(): Value {
    return new Value(BigInt.asIntN(32, this.bits));
  }
}

const countOf = (word: Word): bigint => unsignedOf(word) & 63n;
