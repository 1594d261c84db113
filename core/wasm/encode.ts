/** Writes WebAssembly's binary format: integers, names, expressions, statements, function bodies. */
import type { Callee, Expr, Node, Signature } from './expr.ts';
import type { FunctionBuilder, Label, Statement } from './function.ts';
import { VALUE_TYPE_CODE, type ValueType } from './opcodes.ts';

/** A branch whose likelihood is told to the engine; `offset` is from the start of the function's body. */
export interface BranchHint {
  readonly offset: number;
  readonly likely: boolean;
}

const BLOCK_VOID = 0x40;

export class Encoder {
  readonly hints: BranchHint[] = [];
  #bytes = new Uint8Array(256);
  #length = 0;
  readonly #labels: Label[] = [];
  readonly #indexOf: (callee: Callee) => number;
  readonly #typeOf: (signature: Signature) => number;

  /** `indexOf`, `typeOf`: the numbers of functions and of signatures in the module. */
  constructor(indexOf: (callee: Callee) => number = () => 0, typeOf: (signature: Signature) => number = () => 0) {
    this.#indexOf = indexOf;
    this.#typeOf = typeOf;
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes so far. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  bytes(values: ArrayLike<number>): void {
    this.#reserve(values.length);
    // Most are the one or two bytes of an opcode, for which a copy costs more than it does.
    if (values.length > 8) this.#bytes.set(values, this.#length);
    else for (let i = 0; i < values.length; i++) this.#bytes[this.#length + i] = values[i];
    this.#length += values.length;
  }

  /** LEB128, unsigned. */
  u32(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** LEB128, signed, 32 bits. */
  s32(value: number): void {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return this.byte(low);
      this.byte(low | 0x80);
    }
  }

  /** LEB128, signed, 64 bits. */
  s64(value: bigint): void {
    if (value >= -0x8000_0000n && value < 0x8000_0000n) return this.s32(Number(value));
    let rest = value;
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) return this.byte(low);
      this.byte(low | 0x80);
    }
  }

  name(text: string): void {
    const bytes = Array.from(text, (character) => character.charCodeAt(0));
    this.u32(bytes.length);
    this.bytes(bytes);
  }

  vector<T>(items: readonly T[], write: (item: T) => void): void {
    this.u32(items.length);
    items.forEach(write);
  }

  /** A function body: its locals in runs of one type, its statements, `end`. */
  function(builder: FunctionBuilder): void {
    const runs: { type: ValueType; count: number }[] = [];
    for (const type of builder.locals) {
      const last = runs[runs.length - 1];
      if (last?.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    this.vector(runs, ({ type, count }) => {
      this.u32(count);
      this.byte(VALUE_TYPE_CODE[type]);
    });
    builder.body.forEach((statement) => this.#statement(statement));
    // The end of a function with results is never reached by falling through: every path returns.
    if (builder.results.length > 0) this.byte(0x00);
    this.byte(0x0b);
  }

  #statement(statement: Statement): void {
    switch (statement.kind) {
      case 'set':
        this.#expr(statement.value);
        this.byte(0x21);
        return this.u32(statement.local.index);
      case 'effect':
        this.#node(statement.node, undefined);
        if (statement.drops) this.byte(0x1a);
        return;
      case 'if':
        return this.#if(statement);
      case 'block':
      case 'loop':
        this.byte(statement.kind === 'block' ? 0x02 : 0x03);
        this.byte(BLOCK_VOID);
        return this.#nested(statement.label, statement.body);
      case 'br':
        this.byte(0x0c);
        return this.u32(this.#depth(statement.label));
      case 'br_if':
        this.#expr(statement.condition);
        this.#hint(statement.hint);
        this.byte(0x0d);
        return this.u32(this.#depth(statement.label));
      case 'br_table':
        this.#expr(statement.index);
        this.byte(0x0e);
        this.vector(statement.labels, (label) => this.u32(this.#depth(label)));
        return this.u32(this.#depth(statement.otherwise));
      case 'return':
        if (statement.value) this.#expr(statement.value);
        return this.byte(0x0f);
      case 'raw':
        statement.args.forEach((arg) => this.#expr(arg));
        return this.bytes(statement.code);
    }
  }

  #if(statement: Extract<Statement, { kind: 'if' }>): void {
    this.#expr(statement.condition);
    this.#hint(statement.hint);
    this.bytes([0x04, BLOCK_VOID]);
    this.#labels.push({ name: 'if' });
    statement.then.forEach((inner) => this.#statement(inner));
    if (statement.otherwise.length > 0) {
      this.byte(0x05);
      statement.otherwise.forEach((inner) => this.#statement(inner));
    }
    this.#labels.pop();
    this.byte(0x0b);
  }

  #nested(label: Label, body: readonly Statement[]): void {
    this.#labels.push(label);
    body.forEach((inner) => this.#statement(inner));
    this.#labels.pop();
    this.byte(0x0b);
  }

  #depth(label: Label): number {
    const index = this.#labels.lastIndexOf(label);
    if (index < 0) throw new Error(`a branch to ${label.name} from outside of it`);
    return this.#labels.length - 1 - index;
  }

  #hint(hint: 'likely' | 'unlikely' | undefined): void {
    if (hint) this.hints.push({ offset: this.#length, likely: hint === 'likely' });
  }

  #expr(expr: Expr): void {
    this.#node(expr.node, expr.type);
  }

  #node(node: Node, type: ValueType | undefined): void {
    switch (node.kind) {
      case 'const':
        return this.#constant(type as ValueType, node.value);
      case 'local':
        this.byte(0x20);
        return this.u32(node.index);
      case 'op':
        node.args.forEach((arg) => this.#expr(arg));
        return this.bytes(node.op.code);
      case 'access':
        node.args.forEach((arg) => this.#expr(arg));
        this.bytes(node.op.code);
        this.u32(node.op.align);
        return this.u32(node.offset);
      case 'select':
        node.args.forEach((arg) => this.#expr(arg));
        return this.byte(0x1b);
      case 'call':
        node.args.forEach((arg) => this.#expr(arg));
        this.byte(0x10);
        return this.u32(this.#indexOf(node.callee));
      case 'call_indirect':
        node.args.forEach((arg) => this.#expr(arg));
        this.byte(0x11);
        this.u32(this.#typeOf(node.signature));
        return this.u32(0);
    }
  }

  #constant(type: ValueType, value: bigint | number): void {
    switch (type) {
      case 'i32':
        this.byte(0x41);
        return this.s32(Number(value));
      case 'i64':
        this.byte(0x42);
        return this.s64(BigInt(value));
      case 'f32':
        this.byte(0x43);
        return this.bytes(new Uint8Array(new Float32Array([Number(value)]).buffer));
      case 'f64':
        this.byte(0x44);
        return this.bytes(new Uint8Array(new Float64Array([Number(value)]).buffer));
    }
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
