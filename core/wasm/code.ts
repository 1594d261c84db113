/**
 * The code of a function in the making. It is encoded at once, so that nothing is kept of a statement: while the guest waits, the
 * garbage collector would copy whatever is.
 *
 * The numbers of functions and of signatures are not known before the module is complete. They are left out, and their places noted.
 */
import { Encoder } from './encode.ts';
import type { Callee, Expr, Signature } from './expr.ts';
import type { Access, Operator, ValueType } from './opcodes.ts';

/** The target of a branch: the end of a block, or the beginning of a loop. */
export interface Label {
  readonly name: string;
  /** How many blocks are around it. */
  readonly depth: number;
}

/** How likely a condition is to hold, as told to the engine ("branch hinting" of WebAssembly 3.0). */
export type Hint = 'likely' | 'unlikely' | undefined;

/** A branch whose likelihood is told to the engine. */
export interface BranchHint {
  readonly offset: number;
  readonly likely: boolean;
}

/** The number of a function or of a signature, to be put in before `offset`. */
export interface Missing {
  readonly offset: number;
  readonly of: Callee | Signature;
  readonly isType: boolean;
}

const BLOCK_VOID = 0x40;
export const OPCODE = {
  ...{ UNREACHABLE: 0x00, BLOCK: 0x02, LOOP: 0x03, IF: 0x04, ELSE: 0x05, END: 0x0b },
  ...{ BR: 0x0c, BR_IF: 0x0d, BR_TABLE: 0x0e, RETURN: 0x0f, CALL: 0x10, CALL_INDIRECT: 0x11 },
  ...{ DROP: 0x1a, SELECT: 0x1b, LOCAL_GET: 0x20, LOCAL_SET: 0x21 },
} as const;
export const CONST: Readonly<Record<ValueType, number>> = { i32: 0x41, i64: 0x42, f32: 0x43, f64: 0x44 };

export class Code extends Encoder {
  readonly hints: BranchHint[] = [];
  readonly missing: Missing[] = [];
  /** The names of blocks and loops, in the order of their beginnings. */
  readonly names: string[] = [];
  /** The blocks that are open; an `if` has no label. */
  readonly #open: (Label | undefined)[] = [];

  /** Begins a block or a loop. */
  begin(opcode: number, name: string): Label {
    const label = { name, depth: this.#open.length };
    this.names.push(name);
    this.#open.push(label);
    this.pair(opcode, BLOCK_VOID);
    return label;
  }
  end(): void {
    this.#open.pop();
    this.byte(OPCODE.END);
  }

  /** Begins an `if`, whose condition was the last expression. */
  if(hint: Hint): void {
    this.#hint(hint);
    this.#open.push(undefined);
    this.pair(OPCODE.IF, BLOCK_VOID);
  }

  /** The other side of the `if` that is open; it is left out if nothing is written by `body`. */
  else(body: () => void): void {
    this.byte(OPCODE.ELSE);
    const { length } = this;
    body();
    if (this.length === length) this.truncate(length - 1);
  }

  /** A branch, whose condition, if any, was the last expression. */
  branch(opcode: number, label: Label, hint?: Hint): void {
    this.#hint(hint);
    this.byte(opcode);
    this.target(label);
  }

  /** How many blocks a branch to the label leaves before its own. */
  target(label: Label): void {
    if (this.#open[label.depth] !== label) throw new Error(`a branch to ${label.name} from outside of it`);
    this.u32(this.#open.length - 1 - label.depth);
  }

  #hint(hint: Hint): void {
    if (hint) this.hints.push({ offset: this.length, likely: hint === 'likely' });
  }

  setLocal(index: number): void {
    if (index < 0x80) return this.pair(OPCODE.LOCAL_SET, index);
    this.byte(OPCODE.LOCAL_SET);
    this.u32(index);
  }

  /** A call of a function whose operands were the last expressions. */
  call(callee: Callee): void {
    this.byte(OPCODE.CALL);
    this.missing.push({ offset: this.length, of: callee, isType: false });
  }

  /** What computes the expression. */
  expr(expr: Expr): void {
    switch (expr.kind) {
      case 'local':
        return this.#getLocal((expr as Expr & { index: number }).index);
      case 'const':
        return this.#constant(expr.type, expr.value);
      case 'op':
        this.#operands(expr);
        return this.#opcode((expr.op as Operator).code);
      case 'access': {
        const op = expr.op as Access;
        this.#operands(expr);
        this.#opcode(op.code);
        this.byte(op.align);
        return this.u32(expr.offset);
      }
      case 'select':
        this.#operands(expr);
        return this.byte(OPCODE.SELECT);
      case 'call':
        this.exprs(expr.passed as readonly Expr[]);
        return this.call(expr.op as Callee);
      case 'call_indirect':
        this.exprs(expr.passed as readonly Expr[]);
        this.byte(OPCODE.CALL_INDIRECT);
        this.missing.push({ offset: this.length, of: expr.op as Signature, isType: true });
        return this.u32(0);
    }
  }
  exprs(exprs: readonly Expr[]): void {
    for (const expr of exprs) this.expr(expr);
  }

  #operands({ a, b, c }: Expr): void {
    if (a === undefined) return;
    this.expr(a);
    if (b === undefined) return;
    this.expr(b);
    if (c !== undefined) this.expr(c);
  }

  #opcode(code: readonly number[]): void {
    if (code.length === 1) this.byte(code[0]);
    else this.bytes(code);
  }

  #getLocal(index: number): void {
    if (index < 0x80) return this.pair(OPCODE.LOCAL_GET, index);
    this.byte(OPCODE.LOCAL_GET);
    this.u32(index);
  }

  #constant(type: ValueType, value: number | bigint): void {
    this.byte(CONST[type]);
    switch (type) {
      case 'i32':
        return this.s32(Number(value));
      case 'i64':
        return this.s64(value);
      case 'f32':
        return this.bytes(new Uint8Array(new Float32Array([Number(value)]).buffer));
      case 'f64':
        return this.bytes(new Uint8Array(new Float64Array([Number(value)]).buffer));
    }
  }
}
