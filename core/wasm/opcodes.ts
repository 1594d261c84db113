/**
 * WebAssembly's instructions, by their names in the text format (WebAssembly 3.0, "Instructions", and the threads
 * proposal for the `atomic` ones). The tables give the encoding and the types; everything else is derived.
 */

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64';

/** A plain instruction: operands popped, one result pushed. */
export interface Operator {
  readonly name: string;
  readonly code: readonly number[];
  readonly operands: readonly ValueType[];
  readonly result: ValueType;
  /** The constant that, as the right operand, makes the result the left one. */
  readonly neutral: number | undefined;
  /** It is neutral on the left as well. */
  readonly commutes: boolean;
}

/** The operators that share a name behind the type of their operands. */
export type Method = Readonly<Partial<Record<ValueType, Operator>>>;

/** A load, store or atomic access; its immediate is an alignment and an offset. */
export interface Access {
  readonly name: string;
  readonly code: readonly number[];
  /** The type loaded or stored. */
  readonly type: ValueType;
  /** log2 of the bytes accessed. */
  readonly align: number;
  /** Operands after the address. */
  readonly operands: number;
  readonly hasResult: boolean;
}

const operators = new Map<string, Operator>();
const methods = new Map<string, Method>();
const accesses = new Map<string, Access>();

/** By the names behind the type; those of floating-point operators have none. */
const NEUTRAL: Readonly<Record<string, number>> = {
  ...{ add: 0, sub: 0, mul: 1, and: -1, or: 0, xor: 0 },
  ...{ shl: 0, shr_s: 0, shr_u: 0, rotl: 0, rotr: 0 },
};
const COMMUTATIVE = 'add mul and or xor'.split(' ');

/** Adds a plain instruction to those that can be found by name, and in code. */
export function define(
  name: string,
  code: readonly number[],
  operands: readonly ValueType[],
  result: ValueType,
): Operator {
  const short = name.slice(4);
  const neutral = name.startsWith('i') ? NEUTRAL[short] : undefined;
  const op = { name, code, operands, result, neutral, commutes: COMMUTATIVE.includes(short) };
  operators.set(name, op);
  return op;
}

function family(type: ValueType, first: number, names: string, arity: number, result: ValueType = type): void {
  names.split(' ').forEach((name, i) => {
    const op = define(`${type}.${name}`, [first + i], Array<ValueType>(arity).fill(type), result);
    methods.set(name, { ...methods.get(name), [type]: op });
  });
}

const INT_COMPARE = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
const INT_BINARY = 'add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr';
const FLOAT_UNARY = 'abs neg ceil floor trunc nearest sqrt';
const FLOAT_BINARY = 'add sub mul div min max copysign';

family('i32', 0x45, 'eqz', 1);
family('i32', 0x46, INT_COMPARE, 2);
family('i64', 0x50, 'eqz', 1, 'i32');
family('i64', 0x51, INT_COMPARE, 2, 'i32');
family('f32', 0x5b, 'eq ne lt gt le ge', 2, 'i32');
family('f64', 0x61, 'eq ne lt gt le ge', 2, 'i32');
family('i32', 0x67, 'clz ctz popcnt', 1);
family('i32', 0x6a, INT_BINARY, 2);
family('i64', 0x79, 'clz ctz popcnt', 1);
family('i64', 0x7c, INT_BINARY, 2);
family('f32', 0x8b, FLOAT_UNARY, 1);
family('f32', 0x92, FLOAT_BINARY, 2);
family('f64', 0x99, FLOAT_UNARY, 1);
family('f64', 0xa0, FLOAT_BINARY, 2);
family('i32', 0xc0, 'extend8_s extend16_s', 1);
family('i64', 0xc2, 'extend8_s extend16_s extend32_s', 1);

const CONVERSIONS =
  'i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u i64.extend_i32_s i64.extend_i32_u ' +
  'i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u f32.convert_i32_s f32.convert_i32_u ' +
  'f32.convert_i64_s f32.convert_i64_u f32.demote_f64 f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s ' +
  'f64.convert_i64_u f64.promote_f32 i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64';
CONVERSIONS.split(' ').forEach((name, i) =>
  define(name, [0xa7 + i], [sourceType(name)], name.slice(0, 3) as ValueType),
);
const SATURATING = 'f32_s f32_u f64_s f64_u';
for (const [type, first] of [
  ['i32', 0],
  ['i64', 4],
] as const) {
  SATURATING.split(' ').forEach((from, i) =>
    define(`${type}.trunc_sat_${from}`, [0xfc, first + i], [from.slice(0, 3) as ValueType], type),
  );
}

function sourceType(conversion: string): ValueType {
  return (conversion.match(/_([if](?:32|64))/) as RegExpMatchArray)[1] as ValueType;
}

function access(name: string, code: number[], align: number, operands: number, hasResult: boolean): void {
  accesses.set(name, { name, code, type: name.slice(0, 3) as ValueType, align, operands, hasResult });
}

const LOADS = [
  ...['i32.load 2', 'i64.load 3', 'f32.load 2', 'f64.load 3', 'i32.load8_s 0', 'i32.load8_u 0', 'i32.load16_s 1'],
  ...['i32.load16_u 1', 'i64.load8_s 0', 'i64.load8_u 0', 'i64.load16_s 1', 'i64.load16_u 1', 'i64.load32_s 2'],
  'i64.load32_u 2',
];
const STORES = [
  ...['i32.store 2', 'i64.store 3', 'f32.store 2', 'f64.store 3', 'i32.store8 0', 'i32.store16 1', 'i64.store8 0'],
  ...['i64.store16 1', 'i64.store32 2'],
];
// Alignment hints are 0: guest addresses may be misaligned, and a smaller hint is always allowed.
LOADS.forEach((text, i) => access(text.split(' ')[0], [0x28 + i], 0, 0, true));
STORES.forEach((text, i) => access(text.split(' ')[0], [0x36 + i], 0, 1, false));

// Atomic accesses need their natural alignment, and come in seven widths each.
const WIDTHS = ['i32. 2', 'i64. 3', 'i32.8 0', 'i32.16 1', 'i64.8 0', 'i64.16 1', 'i64.32 2'].map((text) => {
  const [width, align] = text.split(' ') as [string, string];
  return { type: width.slice(0, 3), narrow: width.slice(4), align: Number(align) };
});
WIDTHS.forEach(({ type, narrow, align }, i) => {
  const unsigned = narrow === '' ? '' : '_u';
  access(`${type}.atomic.load${narrow}${unsigned}`, [0xfe, 0x10 + i], align, 0, true);
  access(`${type}.atomic.store${narrow}`, [0xfe, 0x17 + i], align, 1, false);
  'add sub and or xor xchg cmpxchg'.split(' ').forEach((operation, group) => {
    const name = `${type}.atomic.rmw${narrow}.${operation}${unsigned}`;
    access(name, [0xfe, 0x1e + group * 7 + i], align, operation === 'cmpxchg' ? 2 : 1, true);
  });
});

/** The plain instruction of this name. Throws for one that does not exist. */
export function operator(name: string): Operator {
  const found = operators.get(name);
  if (!found) throw new Error(`no WebAssembly instruction is called ${name}`);
  return found;
}

/** The operators called `name` behind the type. Throws if there is none. */
export function methodOf(name: string): Method {
  const found = methods.get(name);
  if (!found) throw new Error(`no WebAssembly instruction is called ${name}`);
  return found;
}

/** The memory instruction of this name. Throws for one that does not exist. */
export function accessOperator(name: string): Access {
  const found = accesses.get(name);
  if (!found) throw new Error(`no WebAssembly memory instruction is called ${name}`);
  return found;
}

/** All that have been defined, to find them by their codes. */
export function allInstructions(): readonly (Operator | Access)[] {
  return [...operators.values(), ...accesses.values()];
}

export const VALUE_TYPE_CODE: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };
