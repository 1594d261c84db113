/**
 * A slow model of RISC-V's F and D arithmetic for tests: every finite number is an exact fraction of two `bigint`s, every
 * operation is exact, and one function rounds (IEEE 754-2019, section 4.3; RISC-V unprivileged, "F" and "D").
 */

export interface FloatOutcome {
  readonly value: bigint;
  /** `fflags` that the operation raises: NX 1, UF 2, OF 4, DZ 8, NV 16. */
  readonly flags: number;
}

interface Shape {
  /** Bits of precision, the hidden one included. */
  readonly precision: bigint;
  readonly exponentBits: bigint;
}

/** A datum of a format (IEEE 754-2019, table 3.1): ±n/d, infinity, or NaN. Zero is n = 0. */
type Datum =
  | { readonly kind: 'number'; readonly negative: boolean; readonly n: bigint; readonly d: bigint }
  | { readonly kind: 'infinity'; readonly negative: boolean }
  | { readonly kind: 'nan'; readonly signalling: boolean };

const NX = 1;
const UF = 2;
const OF = 4;
const DZ = 8;
const NV = 16;

const SHAPES: Readonly<Record<string, Shape>> = {
  f32: { precision: 24n, exponentBits: 8n },
  f64: { precision: 53n, exponentBits: 11n },
};
const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
  u32: [0n, 2n ** 32n - 1n],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
};

/**
 * What the routine `name` (as in core/hart/float) gives for operands as unsigned bit patterns; `rm` is 0 RNE, 1 RTZ, 2 RDN,
 * 3 RUP, 4 RMM. Throws for a name that does not exist.
 */
export function floatReference(name: string, args: readonly bigint[], rm: number): FloatOutcome {
  const conversion = /^([fiu]\d\d)_to_([fiu]\d\d)$/.exec(name);
  if (conversion) return convert(conversion[1], conversion[2], args[0], rm);
  const [, shapeName = '', operation = ''] = /^(f\d\d)_(\w+)$/.exec(name) ?? [];
  const shape = SHAPES[shapeName];
  if (!shape) throw new RangeError(`no routine is called ${name}`);
  const data = args.map((bits) => decode(shape, bits));
  const [a, b, c] = data as [Datum, Datum, Datum];
  switch (operation) {
    case 'add':
      return sum(shape, a, b, rm);
    case 'sub':
      return sum(shape, a, negated(b), rm);
    case 'mul':
      return product(shape, a, b, rm);
    case 'div':
      return quotient(shape, a, b, rm);
    case 'sqrt':
      return squareRoot(shape, a, rm);
    case 'madd':
      return fused(shape, a, b, c, rm);
    case 'eq':
    case 'lt':
    case 'le':
      return compare(operation, a, b);
    case 'min':
    case 'max':
      return extreme(shape, operation, args, a, b);
    case 'class':
      return { value: 1n << classOf(shape, a), flags: 0 };
    default:
      throw new RangeError(`no routine is called ${name}`);
  }
}

function decode({ precision, exponentBits }: Shape, bits: bigint): Datum {
  const fractionBits = precision - 1n;
  const fraction = bits % 2n ** fractionBits;
  const field = (bits / 2n ** fractionBits) % 2n ** exponentBits;
  const negative = bits >= 2n ** (fractionBits + exponentBits);
  const top = 2n ** exponentBits - 1n;
  if (field === top) {
    if (fraction === 0n) return { kind: 'infinity', negative };
    return { kind: 'nan', signalling: fraction < 2n ** (fractionBits - 1n) };
  }
  const hidden = field === 0n ? 0n : 2n ** fractionBits;
  const scale = (field === 0n ? 1n : field) - (top - 1n) / 2n - fractionBits;
  return { kind: 'number', negative, ...scaled(hidden + fraction, 1n, scale) };
}

/** n/d * 2^scale. */
function scaled(n: bigint, d: bigint, scale: bigint): { n: bigint; d: bigint } {
  return scale >= 0n ? { n: n * 2n ** scale, d } : { n, d: d * 2n ** -scale };
}

function encodeInfinity({ precision, exponentBits }: Shape, negative: boolean): bigint {
  return (2n ** exponentBits * (negative ? 2n : 1n) - 1n) * 2n ** (precision - 1n);
}

function encodeZero({ precision, exponentBits }: Shape, negative: boolean): bigint {
  return negative ? 2n ** (precision - 1n + exponentBits) : 0n;
}

function quietNaN(shape: Shape, flags: number): FloatOutcome {
  return { value: encodeInfinity(shape, false) + 2n ** (shape.precision - 2n), flags };
}

function infinite(shape: Shape, negative: boolean, flags = 0): FloatOutcome {
  return { value: encodeInfinity(shape, negative), flags };
}

/** n/d as an integer, rounded; and whether it was one. */
function roundToInteger(negative: boolean, n: bigint, d: bigint, rm: number): { integer: bigint; exact: boolean } {
  const floor = n / d;
  const rest = n % d;
  if (rest === 0n) return { integer: floor, exact: true };
  const comparedToHalf = 2n * rest - d;
  const up = [
    comparedToHalf > 0n || (comparedToHalf === 0n && floor % 2n === 1n),
    false,
    negative,
    !negative,
    comparedToHalf >= 0n,
  ][rm];
  return { integer: up ? floor + 1n : floor, exact: false };
}

/** The greatest e with 2^e <= n/d. */
function exponentOf(n: bigint, d: bigint): bigint {
  const guess = BigInt(n.toString(2).length - d.toString(2).length);
  const power = scaled(1n, 1n, guess);
  return n * power.d >= d * power.n ? guess : guess - 1n;
}

/** ±n/d in the format. */
function round(shape: Shape, negative: boolean, n: bigint, d: bigint, rm: number): FloatOutcome {
  const sign = encodeZero(shape, negative);
  if (n === 0n) return { value: sign, flags: 0 };
  const { precision, exponentBits } = shape;
  const bias = 2n ** (exponentBits - 1n) - 1n;
  const least = 1n - bias;
  const exponent = exponentOf(n, d);
  /** n/d in units of the last place of numbers with this exponent, rounded. */
  const inUnits = (of: bigint): { integer: bigint; exact: boolean } => {
    const units = scaled(n, d, precision - 1n - of);
    return roundToInteger(negative, units.n, units.d, rm);
  };
  const placed = exponent < least ? least : exponent;
  const { integer, exact } = inUnits(placed);
  let flags = exact ? 0 : NX;
  // Tiny: rounded as if the exponent had no lower bound, it would still be less than the least normal number.
  if (!exact && exponent < least && exponentOf(inUnits(exponent).integer, 1n) + exponent - (precision - 1n) < least) {
    flags |= UF;
  }
  if (integer >= 2n ** precision ? placed + 1n > bias : placed > bias) {
    const staysFinite = rm === 1 || (rm === 2 && !negative) || (rm === 3 && negative);
    return { value: encodeInfinity(shape, negative) - (staysFinite ? 1n : 0n), flags: OF | NX };
  }
  // Numbers of one sign are ordered as their bits are, so a carry into the next exponent needs no case of its own.
  const field = (placed - least) * 2n ** (precision - 1n);
  return { value: sign + field + integer, flags };
}

function nanOutcome(shape: Shape, data: readonly Datum[]): FloatOutcome | undefined {
  const nans = data.filter((datum) => datum.kind === 'nan');
  if (nans.length === 0) return undefined;
  return quietNaN(shape, nans.some((nan) => nan.signalling) ? NV : 0);
}

function negated(a: Datum): Datum {
  return a.kind === 'nan' ? a : { ...a, negative: !a.negative };
}

function isZero(a: Datum): boolean {
  return a.kind === 'number' && a.n === 0n;
}

function sum(shape: Shape, a: Datum, b: Datum, rm: number): FloatOutcome {
  if (a.kind === 'nan' || b.kind === 'nan') return nanOutcome(shape, [a, b]) as FloatOutcome;
  if (a.kind === 'infinity') {
    if (b.kind === 'infinity' && a.negative !== b.negative) return quietNaN(shape, NV);
    return infinite(shape, a.negative);
  }
  if (b.kind === 'infinity') return infinite(shape, b.negative);
  const n = (a.negative ? -a.n : a.n) * b.d + (b.negative ? -b.n : b.n) * a.d;
  if (n === 0n) {
    const negative = a.negative === b.negative ? a.negative : rm === 2;
    return { value: encodeZero(shape, negative), flags: 0 };
  }
  return round(shape, n < 0n, n < 0n ? -n : n, a.d * b.d, rm);
}

/** a * b exactly, for operands that are no NaN; `undefined` where that is invalid. */
function exactProduct(a: Datum, b: Datum): Datum | undefined {
  if (a.kind === 'nan' || b.kind === 'nan') return undefined;
  const negative = a.negative !== b.negative;
  if (a.kind === 'number' && b.kind === 'number') return { kind: 'number', negative, n: a.n * b.n, d: a.d * b.d };
  return isZero(a) || isZero(b) ? undefined : { kind: 'infinity', negative };
}

function product(shape: Shape, a: Datum, b: Datum, rm: number): FloatOutcome {
  const nan = nanOutcome(shape, [a, b]);
  if (nan) return nan;
  const exact = exactProduct(a, b);
  if (exact?.kind === 'number') return round(shape, exact.negative, exact.n, exact.d, rm);
  return exact?.kind === 'infinity' ? infinite(shape, exact.negative) : quietNaN(shape, NV);
}

function quotient(shape: Shape, a: Datum, b: Datum, rm: number): FloatOutcome {
  if (a.kind === 'nan' || b.kind === 'nan') return nanOutcome(shape, [a, b]) as FloatOutcome;
  const negative = a.negative !== b.negative;
  if (a.kind === 'infinity') return b.kind === 'infinity' ? quietNaN(shape, NV) : infinite(shape, negative);
  if (b.kind === 'infinity') return { value: encodeZero(shape, negative), flags: 0 };
  if (b.n === 0n) return a.n === 0n ? quietNaN(shape, NV) : infinite(shape, negative, DZ);
  return round(shape, negative, a.n * b.d, a.d * b.n, rm);
}

function squareRoot(shape: Shape, a: Datum, rm: number): FloatOutcome {
  if (a.kind === 'nan') return nanOutcome(shape, [a]) as FloatOutcome;
  if (isZero(a)) return { value: encodeZero(shape, a.negative), flags: 0 };
  if (a.negative) return quietNaN(shape, NV);
  if (a.kind === 'infinity') return infinite(shape, false);
  // sqrt(n/d) = sqrt(n*d)/d, in steps so fine that none lies in the way of rounding; what is no step counts as half one.
  const fineness = 2n ** (shape.precision * 4n);
  const square = a.n * a.d * fineness * fineness;
  const root = integerRoot(square);
  const twice = 2n * root + (root * root === square ? 0n : 1n);
  return round(shape, false, twice, 2n * a.d * fineness, rm);
}

/** The greatest integer whose square is at most `square`, by Newton's iteration. */
function integerRoot(square: bigint): bigint {
  let x = 2n ** BigInt(Math.ceil(square.toString(2).length / 2));
  for (;;) {
    const next = (x + square / x) / 2n;
    if (next >= x) return x;
    x = next;
  }
}

function fused(shape: Shape, a: Datum, b: Datum, c: Datum, rm: number): FloatOutcome {
  const isInvalid = (a.kind === 'infinity' && isZero(b)) || (isZero(a) && b.kind === 'infinity');
  const nan = nanOutcome(shape, [a, b, c]);
  if (nan) return isInvalid ? quietNaN(shape, NV) : nan;
  const exact = exactProduct(a, b);
  return exact ? sum(shape, exact, c, rm) : quietNaN(shape, NV);
}

/** Less than 0, 0, or greater, as a is to b; operands are no NaN. Zeros are equal. */
function order(a: Datum, b: Datum): number {
  const rank = (x: Datum): number => (x.kind === 'infinity' ? (x.negative ? -1 : 1) : 0);
  if (a.kind !== 'number' || b.kind !== 'number') return rank(a) - rank(b);
  const difference = (a.negative ? -a.n : a.n) * b.d - (b.negative ? -b.n : b.n) * a.d;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function compare(relation: 'eq' | 'lt' | 'le', a: Datum, b: Datum): FloatOutcome {
  if (a.kind === 'nan' || b.kind === 'nan') {
    const signalling = [a, b].some((x) => x.kind === 'nan' && x.signalling);
    return { value: 0n, flags: relation !== 'eq' || signalling ? NV : 0 };
  }
  const ordered = order(a, b);
  const holds = { eq: ordered === 0, lt: ordered < 0, le: ordered <= 0 }[relation];
  return { value: holds ? 1n : 0n, flags: 0 };
}

function extreme(shape: Shape, which: 'min' | 'max', args: readonly bigint[], a: Datum, b: Datum): FloatOutcome {
  const [aBits, bBits] = args as [bigint, bigint];
  const flags = nanOutcome(shape, [a, b])?.flags ?? 0;
  if (a.kind === 'nan' && b.kind === 'nan') return quietNaN(shape, flags);
  if (a.kind === 'nan') return { value: bBits, flags };
  if (b.kind === 'nan') return { value: aBits, flags };
  const ordered = order(a, b) || (a.negative ? -1 : 1) - (b.negative ? -1 : 1);
  return { value: ordered < 0 === (which === 'min') ? aBits : bBits, flags };
}

function classOf({ exponentBits }: Shape, a: Datum): bigint {
  if (a.kind === 'nan') return a.signalling ? 8n : 9n;
  if (a.kind === 'infinity') return a.negative ? 0n : 7n;
  if (a.n === 0n) return a.negative ? 3n : 4n;
  const isNormal = exponentOf(a.n, a.d) >= 2n - 2n ** (exponentBits - 1n);
  if (isNormal) return a.negative ? 1n : 6n;
  return a.negative ? 2n : 5n;
}

function convert(from: string, to: string, bits: bigint, rm: number): FloatOutcome {
  const source = SHAPES[from];
  const target = SHAPES[to];
  if (!source) return fromInteger(from, target, bits, rm);
  const a = decode(source, bits);
  if (!target) return toInteger(a, to, rm);
  if (a.kind === 'nan') return nanOutcome(target, [a]) as FloatOutcome;
  if (a.kind === 'infinity') return infinite(target, a.negative);
  return round(target, a.negative, a.n, a.d, rm);
}

function fromInteger(from: string, target: Shape, register: bigint, rm: number): FloatOutcome {
  const width = Number(from.slice(1));
  const integer = from.startsWith('i') ? BigInt.asIntN(width, register) : BigInt.asUintN(width, register);
  return round(target, integer < 0n, integer < 0n ? -integer : integer, 1n, rm);
}

function toInteger(a: Datum, to: string, rm: number): FloatOutcome {
  const [least, greatest] = RANGES[to];
  const inRegister = (integer: bigint, flags: number): FloatOutcome => {
    const extended = to.endsWith('32') ? BigInt.asIntN(32, integer) : integer;
    return { value: BigInt.asUintN(64, extended), flags };
  };
  if (a.kind === 'nan') return inRegister(greatest, NV);
  if (a.kind === 'infinity') return inRegister(a.negative ? least : greatest, NV);
  const { integer, exact } = roundToInteger(a.negative, a.n, a.d, rm);
  const signed = a.negative ? -integer : integer;
  if (signed < least) return inRegister(least, NV);
  if (signed > greatest) return inRegister(greatest, NV);
  return inRegister(signed, exact ? 0 : NX);
}
