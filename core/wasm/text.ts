/** Prints generated code in WebAssembly's folded text format, for golden files and people. */
import type { Expr, Node } from './expr.ts';
import type { FunctionBuilder, Statement } from './function.ts';

/** One function as text, two spaces of indentation a level. */
export function functionText(builder: FunctionBuilder): string {
  const params = builder.params.map((type) => ` (param ${type})`).join('');
  const results = builder.results.map((type) => ` (result ${type})`).join('');
  const locals = builder.locals.length > 0 ? [`  (local ${builder.locals.join(' ')})`] : [];
  const body = builder.body.flatMap((statement) => statementText(statement, 1));
  return [`(func $${builder.name}${params}${results}`, ...locals, ...body].join('\n') + ')\n';
}

function statementText(statement: Statement, level: number): string[] {
  const indent = '  '.repeat(level);
  const line = (text: string): string[] => [indent + text];
  const nested = (head: string, body: readonly Statement[]): string[] => [
    indent + head,
    ...body.flatMap((inner) => statementText(inner, level + 1)),
    `${indent})`,
  ];
  switch (statement.kind) {
    case 'set':
      return line(`(local.set ${statement.local.index} ${exprText(statement.value)})`);
    case 'effect': {
      const text = nodeText(statement.node, '');
      return line(statement.drops ? `(drop ${text})` : text);
    }
    case 'if': {
      const head = `(if${hintText(statement.hint)} ${exprText(statement.condition)} (then`;
      if (statement.otherwise.length === 0) return [...nested(head, statement.then).slice(0, -1), `${indent}))`];
      const then = nested(head, statement.then);
      const otherwise = nested('(else', statement.otherwise);
      return [...then, ...otherwise.slice(0, -1), `${indent}))`];
    }
    case 'block':
    case 'loop':
      return nested(`(${statement.kind} $${statement.label.name}`, statement.body);
    case 'br':
      return line(`(br $${statement.label.name})`);
    case 'br_if':
      return line(`(br_if${hintText(statement.hint)} $${statement.label.name} ${exprText(statement.condition)})`);
    case 'br_table': {
      const labels = [...statement.labels, statement.otherwise].map((label) => `$${label.name}`).join(' ');
      return line(`(br_table ${labels} ${exprText(statement.index)})`);
    }
    case 'return':
      return line(statement.value ? `(return ${exprText(statement.value)})` : '(return)');
    case 'raw':
      return line(`(${[statement.name, ...statement.args.map(exprText)].join(' ')})`);
  }
}

function hintText(hint: 'likely' | 'unlikely' | undefined): string {
  return hint ? ` (;${hint};)` : '';
}

function exprText(expr: Expr): string {
  return nodeText(expr.node, expr.type);
}

function nodeText(node: Node, type: string): string {
  switch (node.kind) {
    case 'const':
      return `(${type}.const ${node.value})`;
    case 'local':
      return `(local.get ${node.index})`;
    case 'op':
      return `(${[node.op.name, ...node.args.map(exprText)].join(' ')})`;
    case 'access': {
      const offset = node.offset === 0 ? [] : [`offset=${node.offset}`];
      return `(${[node.op.name, ...offset, ...node.args.map(exprText)].join(' ')})`;
    }
    case 'select':
      return `(select ${node.args.map(exprText).join(' ')})`;
    case 'call_indirect': {
      const types = [
        ...node.signature.params.map((type) => `(param ${type})`),
        ...node.signature.results.map((type) => `(result ${type})`),
      ];
      return `(${['call_indirect', ...types, ...node.args.map(exprText)].join(' ')})`;
    }
    case 'call':
      return `(${['call', `$${node.callee.name}`, ...node.args.map(exprText)].join(' ')})`;
  }
}
