/**
 * The binary interchange formats (IEEE 754-2019, section 3.4 "Binary interchange format encodings") as bit patterns
 * in an `i64`, and small pieces of code that take them apart.
 *
 *    63/31        62..52 / 30..23             51..0 / 22..0
 *   ┌──────┬──────────────────────────┬─────────────────────────┐
 *   │ sign │ exponent + bias          │ fraction                │   binary32 stands in the low half of the i64,
 *   └──────┴──────────────────────────┴─────────────────────────┘   the high half is zero
 */
import type { Expr } from '../../wasm/expr.ts';
import type { FunctionBuilder } from '../../wasm/function.ts';
import { belowOnes } from '../../wasm/lanes.ts';

export interface FloatFormat {
  readonly name: 'f32' | 'f64';
  readonly fractionBits: number;
  readonly bias: number;
  /** The exponents of normal numbers, unbiased. */
  readonly minExponent: number;
  readonly maxExponent: number;
  /** The exponent field's greatest value: infinities and NaN. */
  readonly maxBiased: number;
  /** Bit number of the sign. */
  readonly signBit: number;
  readonly sign: bigint;
  /** All bits but the sign. */
  readonly magnitude: bigint;
  readonly fraction: bigint;
  readonly infinity: bigint;
  /** The fraction's first bit, clear in a signalling NaN. */
  readonly quiet: bigint;
  /** RISC-V unprivileged, "NaN Generation and Propagation". */
  readonly canonicalNaN: bigint;
}

function format(name: 'f32' | 'f64', fractionBits: number, exponentBits: number): FloatFormat {
  const signBit = fractionBits + exponentBits;
  const maxBiased = 2 ** exponentBits - 1;
  const bias = maxBiased >> 1;
  const infinity = BigInt(maxBiased) << BigInt(fractionBits);
  const quiet = 1n << BigInt(fractionBits - 1);
  return {
    name,
    fractionBits,
    bias,
    minExponent: 1 - bias,
    maxExponent: bias,
    maxBiased,
    signBit,
    sign: 1n << BigInt(signBit),
    magnitude: (1n << BigInt(signBit)) - 1n,
    fraction: (1n << BigInt(fractionBits)) - 1n,
    infinity,
    quiet,
    canonicalNaN: infinity | quiet,
  };
}

export const F32 = format('f32', 23, 8);
export const F64 = format('f64', 52, 11);
export const FORMATS = [F32, F64] as const;

/** Rounding modes as in `frm` (RISC-V unprivileged, "Floating-Point Control and Status Register"). */
export const Rounding = { RNE: 0, RTZ: 1, RDN: 2, RUP: 3, RMM: 4 } as const;

/** Accrued exceptions as in `fflags` (same section). */
export const Flag = { NX: 1, UF: 2, OF: 4, DZ: 8, NV: 16 } as const;

/** The upper half of a register that holds a binary32 number (RISC-V unprivileged, "NaN Boxing of Narrower Values"). */
export const BOX = 0xffff_ffff_0000_0000n;

/** The bits without the sign. */
export function magnitudeOf(format: FloatFormat, bits: Expr): Expr {
  return bits.and(format.magnitude);
}

/** 1 for a negative number, as `i32`. */
export function signOf(format: FloatFormat, bits: Expr): Expr {
  return bits.shrU(format.signBit).wrap();
}

/** The exponent's field, as `i32`. */
export function biasedOf(format: FloatFormat, bits: Expr): Expr {
  return bits.shrU(format.fractionBits).wrap().and(format.maxBiased);
}

export function isNaN(format: FloatFormat, bits: Expr): Expr {
  return magnitudeOf(format, bits).gtU(format.infinity);
}

/** Whether bits that are known to be a NaN are a signalling one. */
export function lacksQuiet(format: FloatFormat, bits: Expr): Expr {
  return bits.and(format.quiet).eqz();
}

/** The host's value with these bits. */
export function toHost(format: FloatFormat, bits: Expr): Expr {
  return format.name === 'f32'
    ? reinterpret('f32.reinterpret_i32', 'i32.reinterpret_f32', bits.wrap())
    : (boxedToHost(bits) ?? signedToHost(bits) ?? reinterpret('f64.reinterpret_i64', 'i64.reinterpret_f64', bits));
}

/** The bits of a host's value. */
export function fromHost(value: Expr): Expr {
  return value.type === 'f32'
    ? reinterpret('i32.reinterpret_f32', 'f32.reinterpret_i32', value).zext()
    : reinterpret('i64.reinterpret_f64', 'f64.reinterpret_i64', value);
}

/** Not all engines see that there and back again is nowhere, and each way takes as long as an addition. */
function reinterpret(name: string, inverse: string, value: Expr): Expr {
  const { node } = value;
  return node.kind === 'op' && node.op.name === inverse ? node.args[0] : value.to(name);
}

/** The same for the bits of a host's number in single precision below a NaN box, without a way through its bits. */
function boxedToHost({ node }: Expr): Expr | undefined {
  if (node.kind !== 'op' || node.op.name !== 'i64.or') return undefined;
  const [lower, box] = node.args;
  if (!isConstant(box, BOX)) return undefined;
  const isShort = lower.node.kind === 'op' && lower.node.op.name === 'i64.extend_i32_u';
  const { node: bits } = isShort ? lower.wrap() : lower;
  return bits.kind === 'op' && bits.op.name === 'i32.reinterpret_f32' ? belowOnes(bits.args[0]) : undefined;
}

/**
 * The same for a number in a local whose sign is injected, where the sign comes from that number too (RISC-V unprivileged,
 * "Double-Precision Floating-Point Conversion and Move Instructions"): it is moved, negated, or made positive.
 */
function signedToHost({ node }: Expr): Expr | undefined {
  if (node.kind !== 'op' || node.op.name !== 'i64.or') return undefined;
  const [number, sign] = [masked(node.args[0], F64.magnitude), masked(node.args[1], F64.sign)];
  const local = number && localOf(number);
  if (!sign || !local) return undefined;
  const isSame = (other: Expr): boolean => localOf(other) === local;
  if (isSame(sign)) return local;
  if (sign.node.kind !== 'op' || sign.node.op.name !== 'i64.xor') return undefined;
  const [a, b] = sign.node.args;
  if (!isSame(a)) return undefined;
  if (isSame(b)) return local.to('f64.abs');
  return isConstant(b, -1n) ? local.to('f64.neg') : undefined;
}

/** What is masked, if that is what the expression does. */
function masked({ node }: Expr, mask: bigint): Expr | undefined {
  const isMasked = node.kind === 'op' && node.op.name === 'i64.and' && isConstant(node.args[1], mask);
  return isMasked ? node.args[0] : undefined;
}

/** The local whose bits these are. */
function localOf({ node }: Expr): Expr | undefined {
  if (node.kind !== 'op' || node.op.name !== 'i64.reinterpret_f64') return undefined;
  return node.args[0].node.kind === 'local' ? node.args[0] : undefined;
}

function isConstant({ node }: Expr, value: bigint): boolean {
  return node.kind === 'const' && BigInt(node.value) === BigInt.asIntN(64, value);
}

/** A finite number other than zero, as `significand * 2^(exponent - 63)`; the significand's bit 63 is set. */
export interface Unpacked {
  readonly exponent: Expr;
  readonly significand: Expr;
}

/** Takes finite bits other than zero apart, whatever the sign. Subnormals are normalised. */
export function unpack(f: FunctionBuilder, format: FloatFormat, bits: Expr): Unpacked {
  const exponent = f.variable(biasedOf(format, bits).sub(format.bias));
  const significand = f.variable(bits.shl(63 - format.fractionBits));
  f.if(
    exponent.eq(-format.bias),
    () => {
      f.set(significand, significand.shl(1));
      f.set(exponent, exponent.sub(significand.clz().wrap()));
      f.set(significand, significand.shl(significand.clz()));
    },
    () => f.set(significand, significand.or(1n << 63n)),
    'unlikely',
  );
  return { exponent, significand };
}
