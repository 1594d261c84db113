/**
 * Builds one WebAssembly function, statement by statement.
 *
 *   const f = module.function('max', { a: 'i64', b: 'i64' }, ['i64']);
 *   f.if(f.args.a.gtS(f.args.b), () => f.return(f.args.a));
 *   f.return(f.args.b);
 */
import { Code, OPCODE, type Hint, type Label } from './code.ts';
import { accessOf, passed, operand, Local, type Callee, type Expr, type Operand } from './expr.ts';
import { accessOperator, type ValueType } from './opcodes.ts';

export type { Hint, Label } from './code.ts';

export type Params = Readonly<Record<string, ValueType>>;

/** Instructions that give nothing, and so are statements. */
export const RAW = { 'atomic.fence': [0xfe, 0x03, 0x00], 'memory.fill': [0xfc, 0x0b, 0x00] } as const;

export class FunctionBuilder<P extends Params = Params> implements Callee {
  readonly name: string;
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** The parameters, as locals. */
  readonly args: { readonly [K in keyof P]: Local };
  readonly locals: ValueType[] = [];
  #pieces: Code[] = [new Code(4096)];
  /** The piece that grows. */
  #into = this.#pieces[0];
  /** Those of the scopes that are open. */
  readonly #taken: Local[] = [];
  readonly #free: Record<ValueType, Local[]> = { i32: [], i64: [], f32: [], f64: [] };

  constructor(name: string, params: P, results: readonly ValueType[]) {
    this.name = name;
    this.params = Object.values(params);
    this.results = results;
    const args = Object.entries(params).map(([key, type], index) => [key, new Local(type, index)]);
    this.args = Object.fromEntries(args) as FunctionBuilder<P>['args'];
  }

  /** Its code, in order. */
  get pieces(): readonly Code[] {
    return this.#pieces;
  }

  /** A local variable; its value is undefined until it is set. */
  local(type: ValueType): Local {
    const local = this.#free[type].pop() ?? this.#newLocal(type);
    this.#taken.push(local);
    return local;
  }

  /** A local that is not used again for anything else, whatever {@link scope} it is made in. */
  lastingLocal(type: ValueType): Local {
    return this.#newLocal(type);
  }

  /** Runs `body`; the locals that it makes are used again by what comes after. */
  scope(body: () => void): void {
    const outer = this.#taken.length;
    body();
    for (let i = outer; i < this.#taken.length; i++) {
      const local = this.#taken[i];
      this.#free[local.type].push(local);
    }
    this.#taken.length = outer;
  }

  #newLocal(type: ValueType): Local {
    this.locals.push(type);
    return new Local(type, this.params.length + this.locals.length - 1);
  }

  /** A new local that holds the value of now. Constants and unassigned parameters need none, and get none. */
  let(value: Expr): Expr {
    if (value.kind === 'const') return value;
    const local = this.local(value.type);
    this.set(local, value);
    return local;
  }

  /** A new local that holds the value of now and may be assigned. */
  variable(value: Expr): Local {
    const local = this.local(value.type);
    this.set(local, value);
    return local;
  }

  set(local: Local, value: Operand): void {
    this.#into.expr(operand(local.type, value));
    this.#into.setLocal(local.index);
  }

  /** A store, or an atomic operation whose result is not needed. */
  store(name: string, address: Operand, offset: number, value?: Operand, replacement?: Operand): void {
    const op = accessOperator(name);
    this.#into.expr(accessOf(op, address, offset, value, replacement));
    if (op.hasResult) this.#into.byte(OPCODE.DROP);
  }

  /** A call whose result, if any, is not needed. */
  call(callee: Callee, ...args: Operand[]): void {
    this.#into.exprs(passed(callee, args, callee.name));
    this.#into.call(callee);
    if (callee.results.length > 0) this.#into.byte(OPCODE.DROP);
  }

  if(condition: Expr, then: () => void, otherwise?: () => void, hint?: Hint): void {
    const code = this.#into;
    code.expr(condition.wrap());
    code.if(hint);
    then();
    if (otherwise) code.else(otherwise);
    code.end();
  }

  /** An `if` that seldom holds: the engine moves its body out of the way. */
  ifUnlikely(condition: Expr, then: () => void): void {
    this.if(condition, then, undefined, 'unlikely');
  }

  /** A block; branching to its label leaves it. */
  block(name: string, body: (label: Label) => void): void {
    const code = this.#into;
    body(code.begin(OPCODE.BLOCK, name));
    code.end();
  }

  /** A loop; branching to its label repeats it, reaching its end leaves it. */
  loop(name: string, body: (label: Label) => void): void {
    const code = this.#into;
    body(code.begin(OPCODE.LOOP, name));
    code.end();
  }

  br(label: Label): void {
    this.#into.branch(OPCODE.BR, label);
  }

  brIf(label: Label, condition: Expr, hint?: Hint): void {
    this.#into.expr(condition.wrap());
    this.#into.branch(OPCODE.BR_IF, label, hint);
  }

  /** Branches to `labels[index]`, or to `otherwise` for an index beyond them. */
  brTable(index: Expr, labels: readonly Label[], otherwise: Label): void {
    const code = this.#into;
    code.expr(index);
    code.byte(OPCODE.BR_TABLE);
    code.vector(labels, (label) => code.target(label));
    code.target(otherwise);
  }

  /**
   * Runs `cases[index]`, or `otherwise` for an index beyond them. A case that reaches its end continues after the
   * switch. Cases are laid out first to last, each behind the block that is left for it.
   */
  switch(index: Expr, cases: readonly (() => void)[], otherwise: () => void): void {
    const code = this.#into;
    const end = code.begin(OPCODE.BLOCK, 'end');
    const last = code.begin(OPCODE.BLOCK, `case${cases.length}`);
    const labels = cases.map((_, i) => code.begin(OPCODE.BLOCK, `case${cases.length - 1 - i}`)).reverse();
    this.brTable(index, labels, last);
    for (const body of cases) {
      code.end();
      body();
      code.branch(OPCODE.BR, end);
    }
    code.end();
    otherwise();
    code.end();
  }

  return(value?: Operand): void {
    const [type] = this.results;
    if (type !== undefined && value !== undefined) this.#into.expr(operand(type, value));
    this.#into.byte(OPCODE.RETURN);
  }

  /** Orders all memory accesses before it against all after it. */
  fence(): void {
    this.#into.bytes(RAW['atomic.fence']);
  }

  memoryFill(address: Operand, value: Operand, length: Operand): void {
    this.#into.exprs([operand('i32', address), operand('i32', value), operand('i32', length)]);
    this.#into.bytes(RAW['memory.fill']);
  }

  unreachable(): void {
    this.#into.byte(OPCODE.UNREACHABLE);
  }

  /** Runs `body`; its statements are put before all that the function has so far. */
  prologue(body: () => void): void {
    const outer = this.#into;
    this.#into = new Code();
    this.#pieces = [this.#into, ...this.#pieces];
    body();
    this.#into = outer;
  }
}
