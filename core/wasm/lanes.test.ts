import { expect, test } from 'vitest';
import { i64 } from './expr.ts';
import { belowOnes, lowerHalf } from './lanes.ts';
import { ModuleBuilder } from './module.ts';

const module = new ModuleBuilder(1);
const lower = module.function('lower', { bits: 'i64' }, ['i64']);
lower.return(lowerHalf(lower.args.bits.to('f64.reinterpret_i64')).to('i32.reinterpret_f32').zext());
const boxed = module.function('boxed', { bits: 'i64' }, ['i64']);
boxed.return(belowOnes(boxed.args.bits.wrap().to('f32.reinterpret_i32')).to('i64.reinterpret_f64'));
module.export(lower);
module.export(boxed);
const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
const run = (name: string, bits: bigint): bigint =>
  BigInt.asUintN(64, (exports[name] as (bits: bigint) => bigint)(bits));

// Among them NaN, quiet and signalling, in both precisions.
test.each([0n, 1n, 0x3f80_0000n, 0x7f80_0001n, 0xffc0_1234n, 0xffff_ffffn])('half %i is the same bits', (half) => {
  expect(run('boxed', half)).toBe(0xffff_ffff_0000_0000n | half);
  for (const upper of [0n, 0x7ff0_0000n, 0xffff_ffffn]) expect(run('lower', (upper << 32n) | half)).toBe(half);
});

test('another type is refused', () => {
  expect(() => lowerHalf(i64(0))).toThrow(TypeError);
});
