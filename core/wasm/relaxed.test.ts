import { expect, test } from 'vitest';
import { f64 } from './expr.ts';
import { ModuleBuilder } from './module.ts';
import { hostFuses, relaxedMadd } from './relaxed.ts';
import { functionText } from './text.ts';

test('the host is asked once, and answers the same', () => {
  expect(typeof hostFuses()).toBe('boolean');
  expect(hostFuses()).toBe(hostFuses());
});

test('a multiply-add is vectors inside and f64 outside', () => {
  const f = new ModuleBuilder(1).function('f', {}, ['f64']);
  const sum = relaxedMadd(f64(2), f64(3), f64(4));
  expect(sum.type).toBe('f64');
  f.return(sum);
  expect(functionText(f)).toContain(
    '(f64x2.extract_lane 0 (f64x2.relaxed_madd (f64x2.splat (f64.const 2)) (f64x2.splat (f64.const 3)) ' +
      '(f64x2.splat (f64.const 4))))',
  );
});
