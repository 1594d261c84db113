/** What integer operations on constants come to, computed when code is built. */
import type { Node } from './expr.ts';
import type { Operator } from './opcodes.ts';

/** A constant, or what the operation leaves as it is: an operand, or the left operand's own left operand. */
export type Folded = number | bigint | 'left' | 'right' | 'inner' | undefined;

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

const LOWER = 0xffff_ffff;

const bitsOf = (op: Operator): number => (op.operands[0] === 'i32' ? 32 : 64);
const isInteger = (op: Operator): boolean => op.operands[0] === 'i32' || op.operands[0] === 'i64';
const inResult = (op: Operator, value: bigint): bigint => BigInt.asIntN(op.result === 'i32' ? 32 : 64, value);

/** What the operation on `a` and `b`, of which one is a constant, comes to; `undefined` if it must be computed. */
export function foldBinary(op: Operator, a: Node, b: Node): Folded {
  if (b.kind !== 'const') {
    return op.commutes && a.kind === 'const' && a.value === op.neutral ? 'right' : undefined;
  }
  if (b.value === op.neutral) return 'left';
  if (a.kind !== 'const') return foldJoined(op, a, b.value);
  return isInteger(op) ? compute(op, a.value, b.value) : undefined;
}

function compute(op: Operator, a: number | bigint, b: number | bigint): Folded {
  const name = op.name.slice(4);
  if (name === 'add' && typeof a === 'number' && typeof b === 'number' && Number.isSafeInteger(a + b)) return a + b;
  const value = BINARY[name]?.(BigInt(a), BigInt(b), bitsOf(op));
  return value === undefined ? undefined : inResult(op, value);
}

/**
 * What an operation on `x | bits` comes to: whether it has no less than these bits, and its lower half where they are all in
 * the upper one. It is how a NaN-boxed number is opened again.
 */
function foldJoined(op: Operator, a: Node, right: number | bigint): Folded {
  if (a.kind !== 'op' || a.op.name !== 'i64.or') return undefined;
  const [x, joined] = a.args;
  if (joined.node.kind !== 'const') return undefined;
  const bits = joined.value;
  if (op.name === 'i64.ge_u' && bits === right && isPure(x.node)) return 1;
  const isLower = op.name === 'i64.and' && right === LOWER && (BigInt(bits) & BigInt(LOWER)) === 0n;
  return isLower && x.node.kind === 'op' && x.node.op.name === 'i64.extend_i32_u' ? 'inner' : undefined;
}

/** Whether an expression is made of locals and constants alone, so that it need not be evaluated. */
function isPure(node: Node): boolean {
  if (node.kind === 'op') return node.args.every((arg) => isPure(arg.node));
  return node.kind === 'const' || node.kind === 'local';
}

/** What the operation on the constant `value` comes to; `undefined` if it must be computed. */
export function foldUnary(op: Operator, value: number | bigint): bigint | undefined {
  const fold = UNARY[op.name];
  return fold && inResult(op, fold(BigInt(value)));
}
