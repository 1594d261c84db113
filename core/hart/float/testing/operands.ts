/** Operands for random tests: few are uniform bits, most lie where arithmetic has corners. */

/** Numbers from 0 to 2^32 - 1, the same for the same seed (Marsaglia's xorshift and a Weyl sequence). */
export type Random = () => number;

export function seededRandom(seed: number): Random {
  let state = seed | 1;
  let weyl = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    weyl = (weyl + 0x9e37_79b9) | 0;
    return Math.imul(state ^ (weyl >>> 15), 0x2c1b_3c6d) >>> 0;
  };
}

/** An operand of a kind of number: `f32`, `f64`, or `i64` for a register that is converted. */
export type OperandKind = 'f32' | 'f64' | 'i64';

/** The kind of the operands of a routine, by its name. */
export function operandKind(name: string): OperandKind {
  const kind = name.slice(0, 3);
  return kind === 'f32' || kind === 'f64' ? kind : 'i64';
}

export function randomOperand(random: Random, kind: OperandKind): bigint {
  if (kind === 'i64') return randomInteger(random);
  const [fractionBits, exponentBits] = kind === 'f32' ? [23, 8] : [52, 11];
  const bias = 2 ** (exponentBits - 1) - 1;
  const exponents = [
    ...[0, 0, 1, 2, bias, bias, 2 * bias, 2 * bias, 2 * bias + 1],
    bias + fractionBits,
    bias + (random() % 9) - 4,
    bias + (random() % 9) - 4,
    bias + (random() % (2 * fractionBits)) - fractionBits,
    bias + (random() % 66),
    (bias >> 1) + (random() % 5) - 2,
    bias - fractionBits + (random() % 3),
    random() % (2 * bias + 2),
    random() % (2 * bias + 2),
  ];
  const exponent = exponents[random() % exponents.length];
  const fraction = randomPattern(random, fractionBits);
  const sign = BigInt(random() & 1);
  return (((sign << BigInt(exponentBits)) | BigInt(exponent)) << BigInt(fractionBits)) | fraction;
}

/** Bits with long runs, few ones, few zeros, or nothing special. */
function randomPattern(random: Random, width: number): bigint {
  const bits = (): bigint => BigInt.asUintN(width, (BigInt(random()) << 32n) | BigInt(random()));
  const one = (): bigint => 1n << BigInt(random() % width);
  switch (random() % 9) {
    case 0:
      return 0n;
    case 1:
      return BigInt.asUintN(width, -1n);
    case 2:
      return one();
    case 3:
      return BigInt.asUintN(width, -one());
    case 4:
      return BigInt.asUintN(width, one() | one() | one());
    case 5:
      return BigInt.asUintN(width, one() - one());
    case 6:
      return ((bits() >> BigInt(random() % width)) << BigInt(random() % width)) & BigInt.asUintN(width, -1n);
    default:
      return bits();
  }
}

function randomInteger(random: Random): bigint {
  const pattern = randomPattern(random, 64);
  const width = [64, 64, 54, 53, 33, 32, 31, 25, 24][random() % 9];
  return BigInt.asUintN(64, random() & 1 ? BigInt.asIntN(width, pattern) : BigInt.asUintN(width, pattern));
}

/** Operands of one call, now and then related to each other: equal, opposite, neighbours, or a product nearly cancelled. */
export function randomOperands(random: Random, name: string, count: number): bigint[] {
  const kind = operandKind(name);
  const args = Array.from({ length: count }, () => randomOperand(random, kind));
  if (count < 2 || kind === 'i64') return args;
  const width = kind === 'f32' ? 32 : 64;
  const sign = 1n << BigInt(width - 1);
  const last = count - 1;
  const first = args[0];
  switch (random() % 6) {
    case 0:
      args[last] = first ^ (random() & 1 ? sign : 0n);
      break;
    case 1:
      args[last] = BigInt.asUintN(width, (first ^ (random() & 1 ? sign : 0n)) + BigInt((random() % 5) - 2));
      break;
    case 2:
      if (count === 3) args[2] = nearProduct(kind, first, args[1], random);
      break;
  }
  return args;
}

/** A number near the negated product of two, as the host rounds it. */
function nearProduct(kind: 'f32' | 'f64', a: bigint, b: bigint, random: Random): bigint {
  const view = new DataView(new ArrayBuffer(8));
  const read = (bits: bigint): number => {
    view.setBigUint64(0, kind === 'f32' ? bits << 32n : bits);
    return kind === 'f32' ? view.getFloat32(0) : view.getFloat64(0);
  };
  const product = -read(a) * read(b);
  if (kind === 'f32') view.setFloat32(0, product);
  else view.setFloat64(0, product);
  const bits = kind === 'f32' ? BigInt(view.getUint32(0)) : view.getBigUint64(0);
  return BigInt.asUintN(kind === 'f32' ? 32 : 64, bits + BigInt((random() % 5) - 2));
}

/**
 * The corners of a kind, of both signs: zeros, ends of the subnormal and normal ranges, neighbours of 1, halves, ends of the
 * integer formats, infinities and NaN. `few` leaves out what matters to conversions alone.
 */
export function specialOperands(kind: OperandKind, few = false): bigint[] {
  if (kind === 'i64') {
    const widths = [0n, 1n, 24n, 25n, 31n, 32n, 53n, 54n, 63n];
    const near = widths.flatMap((width) => [-2n, -1n, 0n, 1n, 2n, 3n].map((delta) => (1n << width) + delta));
    const carries = [
      (1n << 63n) - (1n << 9n),
      (1n << 63n) - (1n << 38n),
      (1n << 64n) - (1n << 10n),
      (1n << 64n) - (1n << 39n),
    ];
    return [...near, ...carries].flatMap((value) => [BigInt.asUintN(64, value), BigInt.asUintN(64, -value)]);
  }
  const [fractionBits, exponentBits] = kind === 'f32' ? [23n, 8n] : [52n, 11n];
  const bias = (1n << (exponentBits - 1n)) - 1n;
  const infinity = (2n * bias + 1n) << fractionBits;
  const at = (exponent: bigint, fraction = 0n): bigint => ((bias + exponent) << fractionBits) + fraction;
  const half = 1n << (fractionBits - 1n);
  const core = [
    ...[0n, 1n, half, at(1n - bias) - 1n, at(1n - bias), at(1n - bias, 1n)],
    ...[at(0n) - 1n, at(0n), at(0n, 1n), at(0n, half), infinity - 1n],
    ...[infinity, infinity + half, infinity + 1n],
  ];
  const others = [
    ...[
      2n,
      3n,
      at(-1n) - 1n,
      at(-1n),
      at(-1n, 1n),
      at(1n),
      at(1n, half / 2n),
      at(1n - bias, half),
      infinity + 2n * half - 1n,
    ],
    ...[7n, 8n, 15n, 16n, 30n, 31n, 32n, 62n, 63n, 64n].flatMap((width) => [at(width) - 1n, at(width), at(width, 1n)]),
    ...[fractionBits - 1n, fractionBits, fractionBits + 1n].flatMap((width) => [at(width, 1n), at(width, 3n)]),
    ...(kind === 'f64'
      ? [at(31n) - (1n << 21n), at(31n) - (1n << 20n), at(32n) - (1n << 20n), at(-150n), at(-149n)]
      : []),
    ...(kind === 'f64' ? [at(-127n), at(-126n) - (1n << 28n), at(-126n) - 1n, at(128n) - (1n << 28n), at(128n)] : []),
  ];
  const sign = 1n << (fractionBits + exponentBits);
  return (few ? core : [...core, ...others]).flatMap((bits) => [bits, bits | sign]);
}

/** All calls of a routine with special operands, in all rounding modes. */
export function* specialCalls(name: string, arity: number): Generator<{ args: bigint[]; rm: number }> {
  const values = specialOperands(operandKind(name), arity > 1);
  const combinations = (count: number): bigint[][] =>
    count === 0 ? [[]] : combinations(count - 1).flatMap((head) => values.map((value) => [...head, value]));
  for (const args of combinations(arity)) {
    for (let rm = 0; rm < 5; rm++) yield { args, rm };
  }
}
