import { expect, test } from 'vitest';
import { access, call, callIndirect, f32, f64, i32, i64 } from './expr.ts';
import { ModuleBuilder } from './module.ts';
import { functionText } from './text.ts';

const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });

test('each kind of statement is printed as it was encoded', () => {
  const module = new ModuleBuilder(1);
  const host = module.import('host', ['i32'], ['i64']);
  const f = module.function('f', { a: 'i32', b: 'i64' }, ['i64']);
  const { a, b } = f.args;
  f.fence();
  f.memoryFill(a, 0xff, 8);
  f.call(host, a);
  f.store('i32.atomic.rmw.cmpxchg', a, 4, 1, 2);
  f.loop('again', (again) => f.brIf(again, a.eqz(), 'unlikely'));
  f.if(
    b.eq(0),
    () => f.set(b, -0x1234_5678_9abcn),
    () => f.unreachable(),
  );
  f.if(
    a,
    () => f.set(a, f32(1.5).to('i32.reinterpret_f32')),
    () => {},
  );
  f.return(call(host, f64(-2).to('i32.trunc_f64_s')).add(callIndirect(host, 3, a)));
  expect(functionText(f)).toBe(
    `(func $f (param i32) (param i64) (result i64)
  (atomic.fence)
  (memory.fill (local.get 0) (i32.const 255) (i32.const 8))
  (drop (call $host (local.get 0)))
  (drop (i32.atomic.rmw.cmpxchg offset=4 (local.get 0) (i32.const 1) (i32.const 2)))
  (loop $again
    (br_if (;unlikely;) $again (i32.eqz (local.get 0)))
  )
  (if (i64.eq (local.get 1) (i64.const 0)) (then
    (local.set 1 (i64.const -20015998343868))
  )
  (else
    (unreachable)
  ))
  (if (local.get 0) (then
    (local.set 0 (i32.reinterpret_f32 (f32.const 1.5)))
  ))
  (return (i64.add (call $host (i32.trunc_f64_s (f64.const -2))) (call_indirect (param i32) (result i64) (local.get 0) (i32.const 3))))
)
`.replace('\n)\n', ')\n'),
  );
  module.importTable();
  expect(WebAssembly.validate(module.encode())).toBe(true);
});

test('a switch runs one case, and what was put before all is first', () => {
  const module = new ModuleBuilder(1);
  const later = { name: 'later', params: ['i64'], results: ['i64'] } as const;
  const f = module.function('f', { which: 'i32' }, ['i64']);
  const value = f.lastingLocal('i64');
  const set = (to: number) => (): void => f.set(value, to);
  f.switch(f.args.which, [set(10), set(20)], () => f.set(value, value.add(1)));
  // The function is made after its call; its number is put in when the module is complete.
  const add = module.function('add', { x: 'i64' }, ['i64']);
  f.return(call(add, value));
  add.return(add.args.x.add(1000n));
  f.prologue(() => f.set(value, 5));
  module.export(f);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
  const run = exports['f'] as (which: number) => bigint;
  expect([0, 1, 2, 9].map(run)).toEqual([1010n, 1020n, 1006n, 1006n]);
  f.call(later, 1);
  expect(() => module.encode()).toThrow('later is not a function of this module');
});

test('hints are where their branches are, behind the locals, a prologue and numbers put in', () => {
  const module = new ModuleBuilder(1);
  const host = module.import('host', [], ['i32']);
  const f = module.function('f', {});
  f.ifUnlikely(call(host), () => f.call(host));
  f.prologue(() => f.set(f.local('i32'), call(host)));
  const bytes = module.encode();
  const body = [...[1, 1, 0x7f], ...[0x10, 0, 0x21, 0], ...[0x10, 0, 0x04, 0x40, 0x10, 0, 0x1a, 0x0b], 0x0b];
  const text = bytes.join();
  expect(text).toContain(body.join());
  // Function 1, one hint, at the `if`.
  expect(text).toContain([1, 1, body.indexOf(0x04), 1, 0].join());
});

test('a branch out of nowhere, and operands of another type, are refused', () => {
  const f = new ModuleBuilder(1).function('f', {});
  let outside = { name: 'none', depth: 0 };
  f.block('left', (label) => (outside = label));
  expect(() => f.br(outside)).toThrow('from outside');
  expect(() => f.block('other', () => f.br(outside))).toThrow('from outside');
  expect(() => i32(1).add(i64(1))).toThrow(TypeError);
  expect(() => access('i32.load', 0, 0, 1)).toThrow(TypeError);
  expect(() => f.store('i32.store', 0, 0)).toThrow(TypeError);
});

test('64-bit constants are numbers where these hold them exactly', () => {
  for (const value of [0n, -1n, 2n ** 53n - 1n, 2n ** 53n, -(2n ** 63n), 2n ** 64n - 1n]) {
    const constant = i64(value);
    expect(BigInt(constant.value)).toBe(BigInt.asIntN(64, value));
    expect(typeof constant.value).toBe(Number.isSafeInteger(Number(BigInt.asIntN(64, value))) ? 'number' : 'bigint');
  }
  expect(i64(2 ** 53 - 1).add(1).value).toBe(2n ** 53n);
  expect(i64(2n ** 63n - 1n).add(1).value).toBe(-(2n ** 63n));
  expect(i32(0x7fff_ffff).add(1).value).toBe(-0x8000_0000);
});
