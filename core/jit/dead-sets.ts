/**
 * Removes assignments to locals that nothing reads afterwards, from the end of a function to its beginning.
 *
 * What is live at a branch is what is live at its target. A loop's beginning is not known yet when its end is looked
 * at; all that the loop reads is taken to be live there.
 */
import { hasEffect, type Expr, type Node } from '../wasm/expr.ts';
import type { Label, Statement } from '../wasm/function.ts';

type Live = Set<number>;

/** The statements of a function without the dead assignments. */
export function removeDeadSets(body: readonly Statement[]): Statement[] {
  return new Pass().statements(body, new Set());
}

class Pass {
  readonly #atLabel = new Map<Label, Live>();

  /** `live`: the locals read behind the statements; becomes those read from their beginning on. */
  statements(body: readonly Statement[], live: Live): Statement[] {
    const kept: Statement[] = [];
    for (let i = body.length - 1; i >= 0; i--) {
      const statement = this.#statement(body[i], live);
      if (statement) kept.push(statement);
    }
    return kept.reverse();
  }

  #statement(statement: Statement, live: Live): Statement | undefined {
    switch (statement.kind) {
      case 'set':
        if (!live.delete(statement.local.index) && !hasEffect(statement.value)) return undefined;
        addReads(statement.value.node, live);
        return statement;
      case 'effect':
        addReads(statement.node, live);
        return statement;
      case 'if':
        return this.#if(statement, live);
      case 'block': {
        this.#atLabel.set(statement.label, new Set(live));
        return { ...statement, body: this.statements(statement.body, live) };
      }
      case 'loop': {
        addAll(live, readsOf(statement.body));
        const before = new Set(live);
        this.#atLabel.set(statement.label, before);
        const body = this.statements(statement.body, live);
        addAll(live, before);
        return { ...statement, body };
      }
      case 'br':
        replace(live, this.#target(statement.label));
        return statement;
      case 'br_if':
        addAll(live, this.#target(statement.label));
        addReads(statement.condition.node, live);
        return statement;
      case 'br_table':
        live.clear();
        for (const label of [...statement.labels, statement.otherwise]) addAll(live, this.#target(label));
        addReads(statement.index.node, live);
        return statement;
      case 'return':
        live.clear();
        if (statement.value) addReads(statement.value.node, live);
        return statement;
      case 'raw':
        for (const arg of statement.args) addReads(arg.node, live);
        return statement;
    }
  }

  #if(statement: Extract<Statement, { kind: 'if' }>, live: Live): Statement | undefined {
    const elsewhere = new Set(live);
    const then = this.statements(statement.then, live);
    const otherwise = this.statements(statement.otherwise, elsewhere);
    addAll(live, elsewhere);
    if (then.length === 0 && otherwise.length === 0 && !hasEffect(statement.condition)) return undefined;
    addReads(statement.condition.node, live);
    return { ...statement, then, otherwise };
  }

  #target(label: Label): Live {
    return this.#atLabel.get(label) ?? new Set();
  }
}

function addAll(to: Live, from: Live): void {
  for (const local of from) to.add(local);
}

function replace(to: Live, by: Live): void {
  to.clear();
  addAll(to, by);
}

function addReads(node: Node, to: Live): void {
  if (node.kind === 'local') to.add(node.index);
  else if (node.kind !== 'const') node.args.forEach((arg: Expr) => addReads(arg.node, to));
}

/** All locals that are read in statements, or in those within them. */
function readsOf(body: readonly Statement[], reads: Live = new Set()): Live {
  for (const statement of body) {
    switch (statement.kind) {
      case 'set':
        addReads(statement.value.node, reads);
        break;
      case 'effect':
        addReads(statement.node, reads);
        break;
      case 'if':
        addReads(statement.condition.node, reads);
        readsOf(statement.then, reads);
        readsOf(statement.otherwise, reads);
        break;
      case 'block':
      case 'loop':
        readsOf(statement.body, reads);
        break;
      case 'br_if':
        addReads(statement.condition.node, reads);
        break;
      case 'br_table':
        addReads(statement.index.node, reads);
        break;
      case 'return':
        if (statement.value) addReads(statement.value.node, reads);
        break;
      case 'raw':
        statement.args.forEach((arg) => addReads(arg.node, reads));
        break;
      case 'br':
        break;
    }
  }
  return reads;
}
