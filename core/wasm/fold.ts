/** What integer operations on constants come to, computed when code is built. */
import type { Node } from './expr.ts';
import type { Operator } from './opcodes.ts';

/** A constant, or what the operation leaves as it is: an operand, or the left operand's own left operand. */
export type Folded = bigint | 'left' | 'right' | 'inner' | undefined;

type Binary = (a: bigint, b: bigint, bits: number) => bigint;
const unsigned = (a: bigint, bits: number): bigint => BigInt.asUintN(bits, a);
const count = (b: bigint, bits: number): bigint => b & BigInt(bits - 1);
const rotl = (a: bigint, b: bigint, bits: number): bigint => {
  const by = count(b, bits);
  return (unsigned(a, bits) << by) | (unsigned(a, bits) >> (BigInt(bits) - by));
};

/** Operands are signed; results are cut to the operation's type. Division is not here, since it may trap. */
const BINARY: Readonly<Record<string, Binary>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b, bits) => a << count(b, bits),
  shr_s: (a, b, bits) => a >> count(b, bits),
  shr_u: (a, b, bits) => unsigned(a, bits) >> count(b, bits),
  rotl,
  rotr: (a, b, bits) => rotl(a, BigInt(bits) - count(b, bits), bits),
  eq: (a, b) => BigInt(a === b),
  ne: (a, b) => BigInt(a !== b),
  lt_s: (a, b) => BigInt(a < b),
  lt_u: (a, b, bits) => BigInt(unsigned(a, bits) < unsigned(b, bits)),
  gt_s: (a, b) => BigInt(a > b),
  gt_u: (a, b, bits) => BigInt(unsigned(a, bits) > unsigned(b, bits)),
  le_s: (a, b) => BigInt(a <= b),
  le_u: (a, b, bits) => BigInt(unsigned(a, bits) <= unsigned(b, bits)),
  ge_s: (a, b) => BigInt(a >= b),
  ge_u: (a, b, bits) => BigInt(unsigned(a, bits) >= unsigned(b, bits)),
};

const UNARY: Readonly<Record<string, (a: bigint) => bigint>> = {
  'i32.eqz': (a) => BigInt(a === 0n),
  'i64.eqz': (a) => BigInt(a === 0n),
  'i32.wrap_i64': (a) => a,
  'i64.extend_i32_s': (a) => a,
  'i64.extend_i32_u': (a) => BigInt.asUintN(32, a),
  'i32.extend8_s': (a) => BigInt.asIntN(8, a),
  'i32.extend16_s': (a) => BigInt.asIntN(16, a),
  'i64.extend8_s': (a) => BigInt.asIntN(8, a),
  'i64.extend16_s': (a) => BigInt.asIntN(16, a),
  'i64.extend32_s': (a) => BigInt.asIntN(32, a),
};

/** Operations that leave the other operand as it is when the right, or either, is this. */
const NEUTRAL_RIGHT: Readonly<Record<string, bigint>> = { sub: 0n, shl: 0n, shr_s: 0n, shr_u: 0n, rotl: 0n, rotr: 0n };
const NEUTRAL: Readonly<Record<string, bigint>> = { add: 0n, or: 0n, xor: 0n, and: -1n, mul: 1n };

const LOWER = 0xffff_ffffn;

const bitsOf = (op: Operator): number => (op.operands[0] === 'i32' ? 32 : 64);
const isInteger = (op: Operator): boolean => op.operands[0] === 'i32' || op.operands[0] === 'i64';
const inResult = (op: Operator, value: bigint): bigint => BigInt.asIntN(op.result === 'i32' ? 32 : 64, value);

/** What the operation on `a` and `b` comes to; `undefined` if it must be computed. */
export function foldBinary(op: Operator, a: Node, b: Node): Folded {
  if ((a.kind !== 'const' && b.kind !== 'const') || !isInteger(op)) return undefined;
  const name = op.name.slice(4);
  if (b.kind === 'const') {
    const right = BigInt(b.value);
    if (right === NEUTRAL_RIGHT[name] || right === NEUTRAL[name]) return 'left';
    if (a.kind !== 'const') return foldJoined(op, a, right);
    const value = BINARY[name]?.(BigInt(a.value), right, bitsOf(op));
    return value === undefined ? undefined : inResult(op, value);
  }
  return a.kind === 'const' && BigInt(a.value) === NEUTRAL[name] ? 'right' : undefined;
}

/**
 * What an operation on `x | bits` comes to: whether it has no less than these bits, and its lower half where they are all in
 * the upper one. It is how a NaN-boxed number is opened again.
 */
function foldJoined(op: Operator, a: Node, right: bigint): Folded {
  if (a.kind !== 'op' || a.op.name !== 'i64.or') return undefined;
  const [x, joined] = a.args;
  if (joined.node.kind !== 'const') return undefined;
  const bits = BigInt(joined.node.value);
  if (op.name === 'i64.ge_u' && bits === right && isPure(x.node)) return 1n;
  const isLower = op.name === 'i64.and' && right === LOWER && (bits & LOWER) === 0n;
  return isLower && x.node.kind === 'op' && x.node.op.name === 'i64.extend_i32_u' ? 'inner' : undefined;
}

/** Whether an expression is made of locals and constants alone, so that it need not be evaluated. */
function isPure(node: Node): boolean {
  if (node.kind === 'op') return node.args.every((arg) => isPure(arg.node));
  return node.kind === 'const' || node.kind === 'local';
}

/** What the operation on `a` comes to; `undefined` if it must be computed. */
export function foldUnary(op: Operator, a: Node): bigint | undefined {
  if (a.kind !== 'const') return undefined;
  const fold = UNARY[op.name];
  return fold && inResult(op, fold(BigInt(a.value)));
}
