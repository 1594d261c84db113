/**
 * Builds one WebAssembly function as a list of statements.
 *
 *   const f = module.function('max', { a: 'i64', b: 'i64' }, ['i64']);
 *   f.if(f.args.a.gtS(f.args.b), () => f.return(f.args.a));
 *   f.return(f.args.b);
 */
import { accessNode, callNode, Expr, Local, operand, type Callee, type Node, type Operand } from './expr.ts';
import { accessOperator, type ValueType } from './opcodes.ts';

/** The target of a branch: the end of a block, or the beginning of a loop. */
export interface Label {
  readonly name: string;
}

/** How likely a condition is to hold, as told to the engine ("branch hinting" of WebAssembly 3.0). */
export type Hint = 'likely' | 'unlikely' | undefined;

export type Statement =
  | { readonly kind: 'set'; readonly local: Local; readonly value: Expr }
  | { readonly kind: 'effect'; readonly node: Extract<Node, { kind: 'access' | 'call' }>; readonly drops: boolean }
  | {
      readonly kind: 'if';
      readonly condition: Expr;
      readonly then: readonly Statement[];
      readonly otherwise: readonly Statement[];
      readonly hint: Hint;
    }
  | { readonly kind: 'block' | 'loop'; readonly label: Label; readonly body: readonly Statement[] }
  | { readonly kind: 'br'; readonly label: Label }
  | { readonly kind: 'br_if'; readonly label: Label; readonly condition: Expr; readonly hint: Hint }
  | { readonly kind: 'br_table'; readonly index: Expr; readonly labels: readonly Label[]; readonly otherwise: Label }
  | { readonly kind: 'return'; readonly value: Expr | undefined }
  | { readonly kind: 'raw'; readonly name: string; readonly code: readonly number[]; readonly args: readonly Expr[] };

export type Params = Readonly<Record<string, ValueType>>;

export class FunctionBuilder<P extends Params = Params> implements Callee {
  readonly name: string;
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** The parameters, as locals. */
  readonly args: { readonly [K in keyof P]: Local };
  readonly locals: ValueType[] = [];
  /** The function's statements. */
  readonly body: Statement[] = [];
  #into: Statement[] = this.body;
  #taken: Local[] = [];
  readonly #free: Record<ValueType, Local[]> = { i32: [], i64: [], f32: [], f64: [] };

  constructor(name: string, params: P, results: readonly ValueType[]) {
    this.name = name;
    this.params = Object.values(params);
    this.results = results;
    const args = Object.entries(params).map(([key, type], index) => [key, new Local(type, index)]);
    this.args = Object.fromEntries(args) as FunctionBuilder<P>['args'];
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
    const outer = this.#taken;
    this.#taken = [];
    body();
    for (const local of this.#taken) this.#free[local.type].push(local);
    this.#taken = outer;
  }

  #newLocal(type: ValueType): Local {
    this.locals.push(type);
    return new Local(type, this.params.length + this.locals.length - 1);
  }

  /** A new local that holds the value of now. Constants and unassigned parameters need none, and get none. */
  let(value: Expr): Expr {
    if (value.node.kind === 'const') return value;
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
    this.#into.push({ kind: 'set', local, value: operand(local.type, value) });
  }

  /** A store, or an atomic operation whose result is not needed. */
  store(name: string, address: Operand, offset: number, ...operands: Operand[]): void {
    const op = accessOperator(name);
    this.#into.push({ kind: 'effect', node: accessNode(op, address, offset, operands), drops: op.hasResult });
  }

  /** A call whose result, if any, is not needed. */
  call(callee: Callee, ...args: Operand[]): void {
    this.#into.push({ kind: 'effect', node: callNode(callee, args), drops: callee.results.length > 0 });
  }

  if(condition: Expr, then: () => void, otherwise?: () => void, hint?: Hint): void {
    const body = this.#collect(then);
    const rest = otherwise ? this.#collect(otherwise) : [];
    this.#into.push({ kind: 'if', condition: condition.wrap(), then: body, otherwise: rest, hint });
  }

  /** An `if` that seldom holds: the engine moves its body out of the way. */
  ifUnlikely(condition: Expr, then: () => void): void {
    this.if(condition, then, undefined, 'unlikely');
  }

  /** A block; branching to its label leaves it. */
  block(name: string, body: (label: Label) => void): void {
    const label = { name };
    this.#into.push({ kind: 'block', label, body: this.#collect(() => body(label)) });
  }

  /** A loop; branching to its label repeats it, reaching its end leaves it. */
  loop(name: string, body: (label: Label) => void): void {
    const label = { name };
    this.#into.push({ kind: 'loop', label, body: this.#collect(() => body(label)) });
  }

  br(label: Label): void {
    this.#into.push({ kind: 'br', label });
  }

  brIf(label: Label, condition: Expr, hint?: Hint): void {
    this.#into.push({ kind: 'br_if', label, condition: condition.wrap(), hint });
  }

  /**
   * Runs `cases[index]`, or `otherwise` for an index beyond them. A case that reaches its end continues after the
   * switch. Cases are laid out last to first, each in the block of the one before.
   */
  switch(index: Expr, cases: readonly (() => void)[], otherwise: () => void): void {
    const bodies = [...cases, otherwise].map((body) => this.#collect(body));
    const labels = bodies.map((_, i) => ({ name: `case${i}` }));
    const end = { name: 'end' };
    const dispatch: Statement = {
      kind: 'br_table',
      index,
      labels: labels.slice(0, -1),
      otherwise: labels[labels.length - 1],
    };
    let inner: Statement[] = [dispatch];
    bodies.forEach((body, i) => {
      const leave: Statement[] = i === bodies.length - 1 ? [] : [{ kind: 'br', label: end }];
      inner = [{ kind: 'block', label: labels[i], body: inner }, ...body, ...leave];
    });
    this.#into.push({ kind: 'block', label: end, body: inner });
  }

  return(value?: Operand): void {
    const [type] = this.results;
    const result = type === undefined || value === undefined ? undefined : operand(type, value);
    this.#into.push({ kind: 'return', value: result });
  }

  /** Orders all memory accesses before it against all after it. */
  fence(): void {
    this.#into.push({ kind: 'raw', name: 'atomic.fence', code: [0xfe, 0x03, 0x00], args: [] });
  }

  memoryFill(address: Operand, value: Operand, length: Operand): void {
    const args = [address, value, length].map((arg) => operand('i32', arg));
    this.#into.push({ kind: 'raw', name: 'memory.fill', code: [0xfc, 0x0b, 0x00], args });
  }

  unreachable(): void {
    this.#into.push({ kind: 'raw', name: 'unreachable', code: [0x00], args: [] });
  }

  /** Runs `body`; its statements are put before all that the function has so far. */
  prologue(body: () => void): void {
    this.body.unshift(...this.#collect(body));
  }

  #collect(body: () => void): Statement[] {
    const outer = this.#into;
    const inner: Statement[] = [];
    this.#into = inner;
    try {
      body();
    } finally {
      this.#into = outer;
    }
    return inner;
  }
}
