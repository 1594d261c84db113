import { expect, test } from 'vitest';
import { BOX, F32, F64, fromHost, toHost } from '../hart/float/format.ts';
import { select, type Expr } from '../wasm/expr.ts';
import { ModuleBuilder } from '../wasm/module.ts';
import { functionText } from '../wasm/text.ts';
import { isHeldAsNumber, openSingle } from './inline-float-single.ts';

/** As in core/isa/extensions/fd.ts. */
const open = (register: Expr): Expr => select(register.geU(BOX), register.and(0xffff_ffffn), F32.canonicalNaN);

const module = new ModuleBuilder(1);
const f = module.function('negate', { bits: 'i64' }, ['i64']);
const register = f.variable(toHost(F64, f.args.bits));
const single = openSingle(f, open(fromHost(register)));
if (!single) throw new Error('not opened');
f.set(register, toHost(F64, fromHost(toHost(F32, single).to('f32.neg')).or(BOX)));
f.return(fromHost(register));
module.export(f);
const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
const negate = (bits: bigint): bigint => BigInt.asUintN(64, (exports['negate'] as (bits: bigint) => bigint)(bits));

test('a boxed number is opened, and boxed again', () => {
  expect(negate(BOX | 0x3f80_0000n)).toBe(BOX | 0xbf80_0000n);
  expect(negate(BOX | 0x7f80_0001n)).toBe(BOX | 0xff80_0001n);
});

test('what is not boxed is the canonical NaN', () => {
  for (const bits of [0n, 0x3f80_0000n, 0xffff_fffe_3f80_0000n, 0x3ff0_0000_0000_0000n]) {
    expect(negate(bits)).toBe(BOX | 0xffc0_0000n);
  }
});

test('neither goes through an integer', () => {
  expect(functionText(f)).toContain('f64x2.extract_lane 0 (f32x4.replace_lane 0');
  expect(functionText(f)).not.toContain('i32.reinterpret_f32');
});

test('nothing else is opened', () => {
  const { bits } = f.args;
  expect(isHeldAsNumber(bits)).toBe(false);
  expect(isHeldAsNumber(fromHost(register))).toBe(true);
  expect(openSingle(f, open(bits))).toBeUndefined();
  expect(openSingle(f, select(fromHost(register).geU(BOX), bits, 0n))).toBeUndefined();
  expect(openSingle(f, select(bits.eq(0), bits, F32.canonicalNaN))).toBeUndefined();
  expect(openSingle(f, bits)).toBeUndefined();
});
