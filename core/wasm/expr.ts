/**
 * Expressions of generated WebAssembly: a tree that is evaluated where a statement uses it.
 *
 * An `Expr` is lazy: used twice, it is computed twice, and it sees the memory and locals of the moment of use.
 * `FunctionBuilder.let` pins a value down. Mixing types throws when the code is built, not when it runs.
 */
import { foldBinary, foldUnary } from './fold.ts';
import {
  accessOperator,
  methodOf,
  operator,
  type Access,
  type Method,
  type Operator,
  type ValueType,
} from './opcodes.ts';

/** A value that operators take: an expression, or a constant of the other operand's type. */
export type Operand = Expr | number | bigint;

/** An expression, seen as what kind it is; the encoder interprets them. */
export type Node =
  /** An `i64` is a bigint only if no number holds it exactly. */
  | (Expr & { readonly kind: 'const'; readonly value: bigint | number })
  | Local
  | (Expr & { readonly kind: 'op'; readonly op: Operator })
  /** Address, and what else it takes. */
  | (Expr & { readonly kind: 'access'; readonly op: Access })
  /** The condition is last. */
  | (Expr & { readonly kind: 'select' })
  | (Expr & { readonly kind: 'call'; readonly op: Callee })
  /** The last argument is the index into the table. */
  | (Expr & { readonly kind: 'call_indirect'; readonly op: Signature });

/** What a function takes and gives. */
export interface Signature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A function that generated code can call. */
export interface Callee extends Signature {
  readonly name: string;
}

type Kind = 'const' | 'local' | 'op' | 'access' | 'select' | 'call' | 'call_indirect';

const METHODS = {
  ...{ add: methodOf('add'), sub: methodOf('sub'), mul: methodOf('mul') },
  ...{ divS: methodOf('div_s'), divU: methodOf('div_u'), remS: methodOf('rem_s'), remU: methodOf('rem_u') },
  ...{ and: methodOf('and'), or: methodOf('or'), xor: methodOf('xor') },
  ...{ shl: methodOf('shl'), shrS: methodOf('shr_s'), shrU: methodOf('shr_u') },
  ...{ rotl: methodOf('rotl'), rotr: methodOf('rotr'), eq: methodOf('eq'), ne: methodOf('ne') },
  ...{ ltS: methodOf('lt_s'), ltU: methodOf('lt_u'), gtS: methodOf('gt_s'), gtU: methodOf('gt_u') },
  ...{ leS: methodOf('le_s'), leU: methodOf('le_u'), geS: methodOf('ge_s'), geU: methodOf('ge_u') },
  ...{ lt: methodOf('lt'), le: methodOf('le'), eqz: methodOf('eqz') },
  ...{ clz: methodOf('clz'), ctz: methodOf('ctz'), popcnt: methodOf('popcnt') },
  ...{ extend8: methodOf('extend8_s'), extend16: methodOf('extend16_s') },
};
const EXTEND32 = operator('i64.extend32_s');
const WRAP = operator('i32.wrap_i64');
const ZEXT = operator('i64.extend_i32_u');
const SEXT = operator('i64.extend_i32_s');

/**
 * Every kind has the same fields, and is one object: the guest waits for its code, which is mostly generated before the
 * engine has optimized the generator. `declare`, since fields would be set to undefined first.
 */
export class Expr {
  declare readonly type: ValueType;
  declare readonly kind: Kind;
  /** The instruction, or what is called. */
  declare readonly op: Operator | Access | Callee | Signature | undefined;
  /** Of a constant. */
  declare readonly value: number | bigint;
  /** Of a memory access, from the address. */
  declare readonly offset: number;
  /** Operands of all but calls. */
  declare readonly a: Expr | undefined;
  declare readonly b: Expr | undefined;
  declare readonly c: Expr | undefined;
  /** Those of calls. */
  declare readonly passed: readonly Expr[] | undefined;

  constructor(
    type: ValueType,
    kind: Kind,
    op?: Expr['op'],
    a?: Expr,
    b?: Expr,
    c?: Expr,
    value: number | bigint = 0,
    offset = 0,
    passed?: readonly Expr[],
  ) {
    this.type = type;
    this.kind = kind;
    this.op = op;
    this.value = value;
    this.offset = offset;
    this.a = a;
    this.b = b;
    this.c = c;
    this.passed = passed;
  }

  /** The same, to be told apart by its kind. */
  get node(): Node {
    return this as unknown as Node;
  }
  /** The operands, in the order of their evaluation. */
  get args(): readonly Expr[] {
    const { a, b, c, passed } = this;
    if (passed) return passed;
    if (!a) return [];
    return !b ? [a] : !c ? [a, b] : [a, b, c];
  }

  add(b: Operand): Expr {
    return combine(METHODS.add, this, b);
  }
  sub(b: Operand): Expr {
    return combine(METHODS.sub, this, b);
  }
  mul(b: Operand): Expr {
    return combine(METHODS.mul, this, b);
  }
  divS(b: Operand): Expr {
    return combine(METHODS.divS, this, b);
  }
  divU(b: Operand): Expr {
    return combine(METHODS.divU, this, b);
  }
  remS(b: Operand): Expr {
    return combine(METHODS.remS, this, b);
  }
  remU(b: Operand): Expr {
    return combine(METHODS.remU, this, b);
  }
  and(b: Operand): Expr {
    return combine(METHODS.and, this, b);
  }
  or(b: Operand): Expr {
    return combine(METHODS.or, this, b);
  }
  xor(b: Operand): Expr {
    return combine(METHODS.xor, this, b);
  }
  /** Shift counts are taken modulo the width. */
  shl(b: Operand): Expr {
    return combine(METHODS.shl, this, b);
  }
  shrS(b: Operand): Expr {
    return combine(METHODS.shrS, this, b);
  }
  shrU(b: Operand): Expr {
    return combine(METHODS.shrU, this, b);
  }
  rotl(b: Operand): Expr {
    return combine(METHODS.rotl, this, b);
  }
  rotr(b: Operand): Expr {
    return combine(METHODS.rotr, this, b);
  }
  eq(b: Operand): Expr {
    return combine(METHODS.eq, this, b);
  }
  ne(b: Operand): Expr {
    return combine(METHODS.ne, this, b);
  }
  ltS(b: Operand): Expr {
    return combine(METHODS.ltS, this, b);
  }
  ltU(b: Operand): Expr {
    return combine(METHODS.ltU, this, b);
  }
  gtS(b: Operand): Expr {
    return combine(METHODS.gtS, this, b);
  }
  gtU(b: Operand): Expr {
    return combine(METHODS.gtU, this, b);
  }
  leS(b: Operand): Expr {
    return combine(METHODS.leS, this, b);
  }
  leU(b: Operand): Expr {
    return combine(METHODS.leU, this, b);
  }
  geS(b: Operand): Expr {
    return combine(METHODS.geS, this, b);
  }
  geU(b: Operand): Expr {
    return combine(METHODS.geU, this, b);
  }
  lt(b: Operand): Expr {
    return combine(METHODS.lt, this, b);
  }
  le(b: Operand): Expr {
    return combine(METHODS.le, this, b);
  }
  /** 1 if zero, else 0: also the logical "not" of a condition. */
  eqz(): Expr {
    return unary(operatorOf(METHODS.eqz, this.type), this);
  }
  clz(): Expr {
    return unary(operatorOf(METHODS.clz, this.type), this);
  }
  ctz(): Expr {
    return unary(operatorOf(METHODS.ctz, this.type), this);
  }
  popcnt(): Expr {
    return unary(operatorOf(METHODS.popcnt, this.type), this);
  }
  extend8(): Expr {
    return unary(operatorOf(METHODS.extend8, this.type), this);
  }
  extend16(): Expr {
    return unary(operatorOf(METHODS.extend16, this.type), this);
  }
  extend32(): Expr {
    return unary(EXTEND32, this);
  }
  /** The low 32 bits. An `i32` is passed through. */
  wrap(): Expr {
    if (this.type === 'i32') return this;
    const isExtended = this.kind === 'op' && (this.op === ZEXT || this.op === SEXT);
    return isExtended ? (this.a as Expr) : unary(WRAP, this);
  }
  /** Zero-extended to 64 bits. */
  zext(): Expr {
    return unary(ZEXT, this);
  }
  /** Sign-extended to 64 bits. */
  sext(): Expr {
    return unary(SEXT, this);
  }
  /** Any other one-operand instruction, by its full name. */
  to(name: string): Expr {
    return unary(operator(name), this);
  }
  /** Any other of two operands, by its name behind the type. */
  binary(name: string, b: Operand): Expr {
    return combine(methodOf(name), this, b);
  }
}

/** A local variable; assigned through the function's builder. */
export class Local extends Expr {
  declare readonly kind: 'local';
  declare readonly index: number;

  constructor(type: ValueType, index: number) {
    super(type, 'local');
    this.index = index;
  }
}

const constantOf = (type: ValueType, value: number | bigint): Expr =>
  new Expr(type, 'const', undefined, undefined, undefined, undefined, value);

export function i32(value: number): Expr {
  return constantOf('i32', value | 0);
}
export function i64(value: number | bigint): Expr {
  if (Number.isSafeInteger(value)) return constantOf('i64', value);
  const wrapped = BigInt.asIntN(64, BigInt(value));
  const exact = Number(wrapped);
  return constantOf('i64', Number.isSafeInteger(exact) ? exact : wrapped);
}
export function f32(value: number): Expr {
  return constantOf('f32', Math.fround(value));
}
export function f64(value: number): Expr {
  return constantOf('f64', value);
}

/** A constant of a type, or the expression itself, which must have that type. */
export function operand(type: ValueType, value: Operand): Expr {
  if (value instanceof Expr) {
    if (value.type !== type) throw new TypeError(`expected ${type}, got ${value.type}`);
    return value;
  }
  switch (type) {
    case 'i32':
      return i32(Number(value));
    case 'i64':
      return i64(value);
    case 'f32':
      return f32(Number(value));
    case 'f64':
      return f64(Number(value));
  }
}

function constant(type: ValueType, value: number | bigint): Expr {
  return type === 'i32' ? i32(Number(value)) : i64(value);
}

function operatorOf(method: Method, type: ValueType): Operator {
  const op = type === 'i64' ? method.i64 : type === 'i32' ? method.i32 : method[type];
  if (!op) throw new TypeError(`no such instruction on ${type}`);
  return op;
}

function unary(op: Operator, a: Expr): Expr {
  if (a.type !== op.operands[0]) throw new TypeError(`${op.name} takes ${op.operands.join(', ')}, not ${a.type}`);
  const folded = a.kind === 'const' ? foldUnary(op, a.value) : undefined;
  return folded === undefined ? new Expr(op.result, 'op', op, a) : constant(op.result, folded);
}

function combine(method: Method, a: Expr, value: Operand): Expr {
  const { type } = a;
  const op = operatorOf(method, type);
  const b = operand(type, value);
  if (b.kind === 'const' || a.kind === 'const') {
    const folded = foldBinary(op, a.node, b.node);
    if (folded === 'left') return a;
    if (folded === 'right') return b;
    if (folded === 'inner') return a.a as Expr;
    if (folded !== undefined) return constant(op.result, folded);
    if (a.op === op && method === METHODS.add) return addTo(op, a, b);
  }
  return new Expr(op.result, 'op', op, a, b);
}

/** `a + b`, where a constant added to `a` before is added at once. */
function addTo(op: Operator, a: Expr, b: Expr): Expr {
  const before = a.b as Expr;
  return before.kind === 'const' ? (a.a as Expr).add(before.add(b)) : new Expr(op.result, 'op', op, a, b);
}

/** `condition ? a : b` without a branch; both sides are computed. */
export function select(condition: Expr, a: Operand, b: Operand): Expr {
  const type = a instanceof Expr ? a.type : b instanceof Expr ? b.type : 'i32';
  const [ifSo, ifNot] = [operand(type, a), operand(type, b)];
  if (condition.kind === 'const') {
    const [chosen, other] = condition.value ? [ifSo, ifNot] : [ifNot, ifSo];
    if (!hasEffect(other)) return chosen;
  }
  return new Expr(type, 'select', undefined, ifSo, ifNot, condition.wrap());
}

/** A load or an atomic read-modify-write: `access('i64.load', address, offset)`. Offsets are at least 0. */
export function access(name: string, address: Operand, offset = 0, b?: Operand, c?: Operand): Expr {
  const op = accessOperator(name);
  if (!op.hasResult) throw new TypeError(`${name} has no result; it is a statement`);
  return accessOf(op, address, offset, b, c);
}

/** A memory access whose result, if any, is not used. */
export function accessOf(op: Access, address: Operand, offset: number, b?: Operand, c?: Operand): Expr {
  if (op.operands !== (b === undefined ? 0 : c === undefined ? 1 : 2))
    throw new TypeError(`${op.name} takes ${op.operands} operands after the address`);
  const first = b === undefined ? undefined : operand(op.type, b);
  const second = c === undefined ? undefined : operand(op.type, c);
  return new Expr(op.type, 'access', op, operand('i32', address), first, second, 0, offset);
}

/** The result of a call to a function with exactly one. */
export function call(callee: Callee, ...args: Operand[]): Expr {
  const [result] = callee.results;
  if (result === undefined) throw new TypeError(`${callee.name} has no result; it is a statement`);
  return called('call', callee, passed(callee, args, callee.name), result);
}

/** The result of a call to the function at `index` of the module's table, which must have this signature. */
export function callIndirect(signature: Signature, index: Operand, ...args: Operand[]): Expr {
  const operands = passed(signature, args, 'a function of the table');
  return called('call_indirect', signature, [...operands, operand('i32', index)], signature.results[0]);
}

function called(kind: 'call' | 'call_indirect', op: Callee | Signature, args: readonly Expr[], type: ValueType): Expr {
  return new Expr(type, kind, op, undefined, undefined, undefined, 0, 0, args);
}

/** The operands of a call. */
export function passed(signature: Signature, args: readonly Operand[], name: string): Expr[] {
  const { params } = signature;
  if (args.length !== params.length)
    throw new TypeError(`${name} takes ${params.length} arguments, not ${args.length}`);
  return args.map((arg, i) => operand(params[i], arg));
}

/** Whether evaluating it does more than give a value: such an expression must be evaluated exactly once. */
export function hasEffect(expr: Expr): boolean {
  switch (expr.kind) {
    case 'const':
    case 'local':
      return false;
    case 'call':
    case 'call_indirect':
      return true;
    case 'access':
      return (expr.op as Access).operands > 0 || expr.args.some(hasEffect);
    case 'op':
    case 'select':
      return expr.args.some(hasEffect);
  }
}
