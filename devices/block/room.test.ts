import { expect, test, vi } from 'vitest';
import { BlockError, type BlockErrorReason } from './backend.ts';
import { withRoom } from './room.ts';

/** Fails so often, for that reason. */
function failing(times: number, reason: BlockErrorReason) {
  return vi.fn(async () => {
    if (times-- > 0) throw new BlockError(reason, 'it failed');
    return 'done';
  });
}

const yes = (): Promise<boolean> => Promise.resolve(true);
const no = (): Promise<boolean> => Promise.resolve(false);

test('what met a full quota is done once more when there was something to free', async () => {
  const action = failing(1, 'quota');
  expect(await withRoom(action, yes)).toBe('done');
  expect(action).toHaveBeenCalledTimes(2);
});

test.each([
  ['there is nothing to free', failing(1, 'quota'), no, 1],
  ['nobody frees anything', failing(1, 'quota'), undefined, 1],
  ['it meets it again', failing(2, 'quota'), yes, 2],
  ['it fails for another reason', failing(1, 'store'), yes, 1],
] as const)('it fails when %s', async (_, action, makeRoom, calls) => {
  await expect(withRoom(action, makeRoom)).rejects.toThrow('it failed');
  expect(action).toHaveBeenCalledTimes(calls);
});
