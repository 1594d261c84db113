import { expect, test } from 'vitest';
import { Jobs } from './jobs.ts';

test('work is shown while it goes on, and then how it ended', async () => {
  const jobs = new Jobs();
  const seen: (number | undefined)[] = [];
  jobs.subscribe(() => seen.push(jobs.getState().job?.done));
  const done = jobs.run('Importing a', async (proceed) => {
    expect(await proceed({ done: 5, total: 10 })).toBe(true);
    return { message: 'a is there.' };
  });
  expect(await done).toBe(true);
  expect(seen).toEqual([0, 5, undefined]);
  expect(jobs.getState()).toEqual({ outcome: { kind: 'done', message: 'a is there.' } });
  jobs.dismiss();
  expect(jobs.getState()).toEqual({});
});

test('a failure is told, and what was called off is none', async () => {
  const jobs = new Jobs();
  expect(await jobs.run('x', () => Promise.reject(new Error('No room.')))).toBe(false);
  expect(jobs.getState().outcome).toEqual({ kind: 'failed', message: 'No room.' });
  const off = jobs.run('y', async (proceed) => {
    jobs.cancel();
    expect(await proceed({ done: 1, total: 2 })).toBe(false);
    throw Object.assign(new Error('off'), { name: 'AbortError' });
  });
  expect(await off).toBe(false);
  expect(jobs.getState()).toEqual({});
});

test('one follows the other, whatever became of it', async () => {
  const jobs = new Jobs();
  const order: string[] = [];
  const work = (name: string) => async () => {
    order.push(`${name} begins`);
    await Promise.resolve();
    order.push(`${name} ends`);
    if (name === 'a') throw new Error('a failed');
    return { message: name };
  };
  await Promise.all([jobs.run('a', work('a')), jobs.run('b', work('b'))]);
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

test('short work is not called off', async () => {
  const jobs = new Jobs();
  const done = jobs.runShort('Renaming a', async () => {
    jobs.cancel();
    expect(jobs.getState().job).toMatchObject({ canCancel: false, cancelled: false });
    return { message: 'a is b.' };
  });
  expect(await done).toBe(true);
});
