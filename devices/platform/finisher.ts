/**
 * The test finisher (`sifive,test0`): a guest writes to it how it ends.
 *
 *   0x5555               pass: power off
 *   0x3333 | code << 16  fail with an exit code
 *   0x7777               reset
 */
import type { RegisterDevice } from '../device.ts';
import { registerTable } from '../registers.ts';

/** How the guest says that it ends; with `failure` it resets because it cannot go on. */
export type Ending = { kind: 'pass' } | { kind: 'fail'; code: number } | { kind: 'reset'; failure?: true };

/** The finisher's registers; `end` is called on the thread of the hart that writes. */
export function finisher(end: (ending: Ending) => void): RegisterDevice {
  return registerTable(0x1000, [
    {
      name: 'finisher',
      offset: 0,
      width: 4,
      write: (value) => {
        const ending = endings[value & 0xffff]?.(value >>> 16);
        if (ending !== undefined) end(ending);
      },
    },
  ]);
}

const endings: Partial<Record<number, (code: number) => Ending>> = {
  0x5555: () => ({ kind: 'pass' }),
  0x3333: (code) => ({ kind: 'fail', code }),
  0x7777: () => ({ kind: 'reset' }),
};
