import { describe, expect, it } from 'vitest';
import { finisher, type Ending } from './finisher.ts';
import { fuzzRegisters } from './testing/machine.ts';

describe('finisher', () => {
  it('says how the guest ends', () => {
    const endings: Ending[] = [];
    const device = finisher((ending) => endings.push(ending));
    device.write(0, 4, 0x5555);
    device.write(0, 2, 0x5555);
    device.write(0, 4, 0x002a_3333);
    device.write(0, 4, 0x7777);
    expect(endings).toEqual([{ kind: 'pass' }, { kind: 'pass' }, { kind: 'fail', code: 42 }, { kind: 'reset' }]);
  });

  it('ignores what means nothing, and reads 0', () => {
    const device = finisher(() => expect.fail('nothing was asked for'));
    device.write(0, 4, 0x1234_0000);
    device.write(0, 1, 0x55);
    device.write(4, 4, 0x5555);
    expect(device.read(0, 4)).toBe(0);
    fuzzRegisters(() => finisher(() => undefined));
  });
});
