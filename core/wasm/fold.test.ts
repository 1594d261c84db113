import { expect, test } from 'vitest';
import { i32, i64, hasEffect, select, access, Expr, Local, type Operand } from './expr.ts';
import { ModuleBuilder } from './module.ts';

/** Each value is combined once as constants, and once at run time, from locals. */
const VALUES = [0n, 1n, -1n, 31n, 63n, 64n, 0x7fff_ffffn, -0x8000_0000n, 1n << 62n, -(1n << 63n), 0x80n, 0x8000n];
const BINARY = 'add sub mul and or xor shl shr_s shr_u rotl rotr eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'.split(
  ' ',
);
const UNARY = {
  i32: ['i32.eqz', 'i64.extend_i32_s', 'i64.extend_i32_u', 'i32.extend8_s', 'i32.extend16_s'],
  i64: ['i64.eqz', 'i32.wrap_i64', 'i64.extend8_s', 'i64.extend16_s', 'i64.extend32_s'],
};

function run(parameters: readonly Expr[], combine: (...operands: Expr[]) => Expr): number | bigint {
  const module = new ModuleBuilder(1);
  const types = Object.fromEntries(parameters.map((value, i) => [`p${i}`, value.type]));
  const shape = combine(...parameters);
  const f = module.function('f', types, [shape.type]);
  f.return(combine(...Object.values<Expr>(f.args)));
  module.export(f);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
  const values = parameters.map(({ node, type }) => {
    const value = node.kind === 'const' ? node.value : 0;
    return type === 'i32' ? Number(value) : BigInt(value);
  });
  return (exports['f'] as (...args: (number | bigint)[]) => number | bigint)(...values);
}

const make = { i32: (value: bigint) => i32(Number(BigInt.asIntN(32, value))), i64: (value: bigint) => i64(value) };
const constantOf = ({ node }: Expr): Operand => {
  if (node.kind !== 'const') throw new Error(`not folded: ${node.kind}`);
  return node.value;
};

test.each(['i32', 'i64'] as const)('folding %s operations gives what they compute', (type) => {
  for (const name of BINARY) {
    for (const a of VALUES) {
      for (const b of [0n, -1n, 33n, a]) {
        const folded = make[type](a).binary(name, make[type](b));
        const computed = run([make[type](a), make[type](b)], (x, y) => x.binary(name, y));
        expect([name, a, b, BigInt(constantOf(folded) as bigint)]).toEqual([name, a, b, BigInt(computed)]);
      }
    }
  }
  for (const name of UNARY[type]) {
    for (const a of VALUES) {
      const computed = run([make[type](a)], (x) => x.to(name));
      expect(BigInt(constantOf(make[type](a).to(name)) as bigint)).toBe(BigInt(computed));
    }
  }
});

test('a neutral constant on either side leaves the operand, and constants added in turn are added at once', () => {
  const x = access('i64.load', 0, 8);
  expect(i64(0).add(x)).toBe(x);
  expect(x.and(-1)).toBe(x);
  expect(x.sub(0)).toBe(x);
  expect(x.add(5).add(-5)).toBe(x);
  expect(x.add(5).add(7).node).toMatchObject({ args: [x, { node: { value: 12 } }] });
});

test('a select whose condition is known is its operand, unless the other has an effect', () => {
  const rmw = access('i64.atomic.rmw.add', 0, 8, 1);
  expect(hasEffect(rmw)).toBe(true);
  expect(select(i32(1), i64(3), i64(4)).node).toMatchObject({ value: 3 });
  expect(select(i32(1), i64(3), rmw).node.kind).toBe('select');
});

test('what was put above a lower half is taken off again, and known to be there', () => {
  const box = 0xffff_ffff_0000_0000n;
  const lower = new Local('i32', 0).zext();
  const boxed = lower.or(box);
  expect(boxed.and(0xffff_ffffn)).toBe(lower);
  expect(constantOf(boxed.geU(box))).toBe(1);
  expect(select(boxed.geU(box), boxed.and(0xffff_ffffn), 0n)).toBe(lower);
  // Not of 32 bits, not above them, not the same bits, not to be left out.
  expect(new Local('i64', 1).or(box).and(0xffff_ffffn).node.kind).toBe('op');
  expect(lower.or(1n).and(0xffff_ffffn).node.kind).toBe('op');
  expect(boxed.geU(box + 1n).node.kind).toBe('op');
  expect(access('i32.load', 0).zext().or(box).geU(box).node.kind).toBe('op');
});
