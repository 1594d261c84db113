/**
 * Expressions of generated WebAssembly: a tree that is evaluated where a statement uses it.
 *
 * An `Expr` is lazy: used twice, it is computed twice, and it sees the memory and locals of the moment of use.
 * `FunctionBuilder.let` pins a value down. Mixing types throws when the code is built, not when it runs.
 */
import { foldBinary, foldUnary } from './fold.ts';
import { accessOperator, operator, type Access, type Operator, type ValueType } from './opcodes.ts';

/** A value that operators take: an expression, or a constant of the other operand's type. */
export type Operand = Expr | number | bigint;

/** What kinds of node there are; the encoder and the printer interpret them. */
export type Node =
  | { readonly kind: 'const'; readonly value: bigint | number }
  | { readonly kind: 'local'; readonly index: number }
  | { readonly kind: 'op'; readonly op: Operator; readonly args: readonly Expr[] }
  | { readonly kind: 'access'; readonly op: Access; readonly offset: number; readonly args: readonly Expr[] }
  | { readonly kind: 'select'; readonly args: readonly [Expr, Expr, Expr] }
  | { readonly kind: 'call'; readonly callee: Callee; readonly args: readonly Expr[] }
  /** The last argument is the index into the table. */
  | { readonly kind: 'call_indirect'; readonly signature: Signature; readonly args: readonly Expr[] };

/** What a function takes and gives. */
export interface Signature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A function that generated code can call. */
export interface Callee extends Signature {
  readonly name: string;
}

export class Expr {
  readonly type: ValueType;
  readonly node: Node;

  constructor(type: ValueType, node: Node) {
    this.type = type;
    this.node = node;
  }

  add(b: Operand): Expr {
    return this.binary('add', b);
  }
  sub(b: Operand): Expr {
    return this.binary('sub', b);
  }
  mul(b: Operand): Expr {
    return this.binary('mul', b);
  }
  divS(b: Operand): Expr {
    return this.binary('div_s', b);
  }
  divU(b: Operand): Expr {
    return this.binary('div_u', b);
  }
  remS(b: Operand): Expr {
    return this.binary('rem_s', b);
  }
  remU(b: Operand): Expr {
    return this.binary('rem_u', b);
  }
  and(b: Operand): Expr {
    return this.binary('and', b);
  }
  or(b: Operand): Expr {
    return this.binary('or', b);
  }
  xor(b: Operand): Expr {
    return this.binary('xor', b);
  }
  /** Shift counts are taken modulo the width. */
  shl(b: Operand): Expr {
    return this.binary('shl', b);
  }
  shrS(b: Operand): Expr {
    return this.binary('shr_s', b);
  }
  shrU(b: Operand): Expr {
    return this.binary('shr_u', b);
  }
  rotl(b: Operand): Expr {
    return this.binary('rotl', b);
  }
  rotr(b: Operand): Expr {
    return this.binary('rotr', b);
  }
  eq(b: Operand): Expr {
    return this.binary('eq', b);
  }
  ne(b: Operand): Expr {
    return this.binary('ne', b);
  }
  ltS(b: Operand): Expr {
    return this.binary('lt_s', b);
  }
  ltU(b: Operand): Expr {
    return this.binary('lt_u', b);
  }
  gtS(b: Operand): Expr {
    return this.binary('gt_s', b);
  }
  gtU(b: Operand): Expr {
    return this.binary('gt_u', b);
  }
  leS(b: Operand): Expr {
    return this.binary('le_s', b);
  }
  leU(b: Operand): Expr {
    return this.binary('le_u', b);
  }
  geS(b: Operand): Expr {
    return this.binary('ge_s', b);
  }
  geU(b: Operand): Expr {
    return this.binary('ge_u', b);
  }
  lt(b: Operand): Expr {
    return this.binary('lt', b);
  }
  le(b: Operand): Expr {
    return this.binary('le', b);
  }
  /** 1 if zero, else 0: also the logical "not" of a condition. */
  eqz(): Expr {
    return unary(`${this.type}.eqz`, this);
  }
  clz(): Expr {
    return unary(`${this.type}.clz`, this);
  }
  ctz(): Expr {
    return unary(`${this.type}.ctz`, this);
  }
  popcnt(): Expr {
    return unary(`${this.type}.popcnt`, this);
  }
  extend8(): Expr {
    return unary(`${this.type}.extend8_s`, this);
  }
  extend16(): Expr {
    return unary(`${this.type}.extend16_s`, this);
  }
  extend32(): Expr {
    return unary('i64.extend32_s', this);
  }
  /** The low 32 bits. An `i32` is passed through. */
  wrap(): Expr {
    if (this.type === 'i32') return this;
    const { node } = this;
    const isExtended = node.kind === 'op' && node.op.name.startsWith('i64.extend_i32');
    return isExtended ? node.args[0] : unary('i32.wrap_i64', this);
  }
  /** Zero-extended to 64 bits. */
  zext(): Expr {
    return unary('i64.extend_i32_u', this);
  }
  /** Sign-extended to 64 bits. */
  sext(): Expr {
    return unary('i64.extend_i32_s', this);
  }
  /** Any other one-operand instruction, by its full name. */
  to(name: string): Expr {
    return unary(name, this);
  }
  binary(name: string, b: Operand): Expr {
    const other = operand(this.type, b);
    const op = operator(`${this.type}.${name}`);
    const folded = foldBinary(op, this.node, other.node);
    if (folded === undefined) return name === 'add' ? addTo(op, this, other) : apply(op, [this, other]);
    if (typeof folded === 'bigint') return constant(op.result, folded);
    if (folded === 'inner') return (this.node as Extract<Node, { kind: 'op' }>).args[0];
    return folded === 'left' ? this : other;
  }
}

/** A local variable; assigned through the function's builder. */
export class Local extends Expr {
  readonly index: number;

  constructor(type: ValueType, index: number) {
    super(type, { kind: 'local', index });
    this.index = index;
  }
}

export function i32(value: number): Expr {
  return new Expr('i32', { kind: 'const', value: value | 0 });
}
export function i64(value: number | bigint): Expr {
  return new Expr('i64', { kind: 'const', value: BigInt.asIntN(64, BigInt(value)) });
}
export function f32(value: number): Expr {
  return new Expr('f32', { kind: 'const', value: Math.fround(value) });
}
export function f64(value: number): Expr {
  return new Expr('f64', { kind: 'const', value });
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

function constant(type: ValueType, value: bigint): Expr {
  return type === 'i32' ? i32(Number(value)) : i64(value);
}

function unary(name: string, a: Expr): Expr {
  const op = operator(name);
  const folded = foldUnary(op, a.node);
  return folded === undefined ? apply(op, [a]) : constant(op.result, folded);
}

/** `a + b`, where a constant added to `a` before is added at once. */
function addTo(op: Operator, a: Expr, b: Expr): Expr {
  if (b.node.kind !== 'const' || a.node.kind !== 'op' || a.node.op !== op) return apply(op, [a, b]);
  const [inner, before] = a.node.args;
  return before.node.kind === 'const' ? inner.add(before.add(b)) : apply(op, [a, b]);
}

function apply(op: Operator, args: readonly Expr[]): Expr {
  args.forEach((arg, i) => {
    if (arg.type !== op.operands[i]) throw new TypeError(`${op.name} takes ${op.operands.join(', ')}, not ${arg.type}`);
  });
  return new Expr(op.result, { kind: 'op', op, args });
}

/** `condition ? a : b` without a branch; both sides are computed. */
export function select(condition: Expr, a: Operand, b: Operand): Expr {
  const type = a instanceof Expr ? a.type : b instanceof Expr ? b.type : 'i32';
  const [ifSo, ifNot] = [operand(type, a), operand(type, b)];
  if (condition.node.kind === 'const') {
    const [chosen, other] = condition.node.value ? [ifSo, ifNot] : [ifNot, ifSo];
    if (!hasEffect(other)) return chosen;
  }
  return new Expr(type, { kind: 'select', args: [ifSo, ifNot, condition.wrap()] });
}

/** A load or an atomic read-modify-write: `access('i64.load', address, offset)`. Offsets are at least 0. */
export function access(name: string, address: Operand, offset = 0, ...operands: Operand[]): Expr {
  const op = accessOperator(name);
  if (!op.hasResult) throw new TypeError(`${name} has no result; it is a statement`);
  return new Expr(op.type, accessNode(op, address, offset, operands));
}

/** The node of a memory access whose result, if any, is not used. */
export function accessNode(
  op: Access,
  address: Operand,
  offset: number,
  operands: readonly Operand[],
): Extract<Node, { kind: 'access' }> {
  if (operands.length !== op.operands)
    throw new TypeError(`${op.name} takes ${op.operands} operands after the address`);
  const args = [operand('i32', address), ...operands.map((value) => operand(op.type, value))];
  return { kind: 'access', op, offset, args };
}

/** The result of a call to a function with exactly one. */
export function call(callee: Callee, ...args: Operand[]): Expr {
  const [result] = callee.results;
  if (result === undefined) throw new TypeError(`${callee.name} has no result; it is a statement`);
  return new Expr(result, callNode(callee, args));
}

/** The result of a call to the function at `index` of the module's table, which must have this signature. */
export function callIndirect(signature: Signature, index: Operand, ...args: Operand[]): Expr {
  const operands = [...args.map((arg, i) => operand(signature.params[i], arg)), operand('i32', index)];
  if (args.length !== signature.params.length) throw new TypeError(`${signature.params.length} arguments are taken`);
  return new Expr(signature.results[0], { kind: 'call_indirect', signature, args: operands });
}

export function callNode(callee: Callee, args: readonly Operand[]): Extract<Node, { kind: 'call' }> {
  if (args.length !== callee.params.length) {
    throw new TypeError(`${callee.name} takes ${callee.params.length} arguments, not ${args.length}`);
  }
  return { kind: 'call', callee, args: args.map((arg, i) => operand(callee.params[i], arg)) };
}

/** Whether evaluating it does more than give a value: such an expression must be evaluated exactly once. */
export function hasEffect(expr: Expr): boolean {
  const { node } = expr;
  switch (node.kind) {
    case 'const':
    case 'local':
      return false;
    case 'call':
    case 'call_indirect':
      return true;
    case 'access':
      return node.op.operands > 0 || node.args.some(hasEffect);
    case 'op':
    case 'select':
      return node.args.some(hasEffect);
  }
}
