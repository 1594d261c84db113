// Random programs of calls and crashes against a model, in the browser's own database.

import { test } from '@playwright/test';
import fc from 'fast-check';
import { openBlank, withSources } from '../testing/in-page.ts';
import { factor, programs, seed } from '../testing/programs.ts';
import { SECTORS } from '../testing/small-disk.ts';

test('random programs read what they must, over nothing and over a base', async ({ page, baseURL }) => {
  const numRuns = Math.ceil(40 * factor);
  test.setTimeout(60_000 + numRuns * 5_000);
  console.log(`TABHYVE_FUZZ_SEED=${seed}`);
  await openBlank(page, baseURL ?? '');
  const all = fc.sample(programs(SECTORS), { numRuns, seed });
  await page.evaluate((given) => void Object.assign(globalThis, { programs: given }), all);
  await withSources(
    page,
    ['testing/model.ts', 'testing/indexeddb-subject.ts', 'testing/small-disk.ts', 'base.ts'],
    async ([model, subjects, disk, bases]) => {
      const { runProgram } = model as typeof import('../testing/model.ts');
      const { indexedDbSubject } = subjects as typeof import('../testing/indexeddb-subject.ts');
      const { image } = disk as typeof import('../testing/small-disk.ts');
      const { memoryBase } = bases as typeof import('../base.ts');
      const given = globalThis as unknown as { programs: Parameters<typeof runProgram>[1][] };
      for (const [i, program] of given.programs.entries()) {
        const base = i % 2 === 0 ? undefined : () => Promise.resolve(memoryBase(image));
        const subject = indexedDbSubject(indexedDB, `model-${i}`, base);
        await runProgram(subject, program).catch((error: unknown) => {
          throw new Error(`program ${i}, ${JSON.stringify(program)}: ${String(error)}`);
        });
        await subject.crash?.(0);
        indexedDB.deleteDatabase(`tabhyve-disk-model-${i}`);
      }
    },
  );
});
