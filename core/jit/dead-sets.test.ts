import { expect, test } from 'vitest';
import { access, call, i64, type Local } from '../wasm/expr.ts';
import type { FunctionBuilder } from '../wasm/function.ts';
import { ModuleBuilder } from '../wasm/module.ts';
import { functionText } from '../wasm/text.ts';
import { removeDeadSets } from './dead-sets.ts';

/** The function's lines that set a local, after the pass. */
function setsOf(build: (f: FunctionBuilder, a: Local, b: Local) => void): string[] {
  const f: FunctionBuilder = new ModuleBuilder(1).function('f', {}, ['i64']);
  build(f, f.local('i64'), f.local('i64'));
  f.transform(removeDeadSets);
  return functionText(f)
    .split('\n')
    .filter((line) => line.includes('local.set'))
    .map((line) => line.trim());
}

test('an assignment that is overwritten or never read goes, and what only it read goes too', () => {
  const sets = setsOf((f, a, b) => {
    f.set(b, 1);
    f.set(a, b);
    f.set(a, 2);
    f.return(a);
  });
  expect(sets).toEqual(['(local.set 0 (i64.const 2))']);
});

test('a value with an effect is computed, even if nothing reads it', () => {
  const callee = { name: 'g', params: [], results: ['i64'] as const };
  const sets = setsOf((f, a, b) => {
    f.set(a, call(callee));
    f.set(b, access('i64.atomic.rmw.add', 0, 8, i64(1)));
    f.set(b, access('i64.load', 0, 8));
    f.return(0);
  });
  expect(sets).toEqual([
    '(local.set 0 (call $g))',
    '(local.set 1 (i64.atomic.rmw.add offset=8 (i32.const 0) (i64.const 1)))',
  ]);
});

test('what the target of a branch reads is kept for it alone', () => {
  const sets = setsOf((f, a, b) => {
    f.block('out', (out) => {
      f.set(a, 1);
      f.set(b, 2);
      f.brIf(out, access('i32.load', 0));
      f.set(a, 3);
      f.return(b);
    });
    f.return(a);
  });
  expect(sets).toEqual(['(local.set 0 (i64.const 1))', '(local.set 1 (i64.const 2))']);
});

test('an if whose sides come to nothing goes', () => {
  const sets = setsOf((f, a, b) => {
    f.set(b, 5);
    f.if(
      b.ne(0),
      () => f.set(a, 1),
      () => f.set(a, 2),
    );
    f.return(0);
  });
  expect(sets).toEqual([]);
});

test('what a loop reads is live when it is repeated', () => {
  const sets = setsOf((f, a, b) => {
    f.set(a, 0);
    f.set(b, 10);
    f.loop('again', (again) => {
      f.set(b, b.sub(1));
      f.store('i64.store', 0, 8, a);
      f.set(a, b);
      f.brIf(again, b.ne(0));
    });
    f.return(0);
  });
  expect(sets).toHaveLength(4);
});
