import { once } from 'node:events';
import { expect, test } from 'vitest';
import { startThread } from './thread.node.ts';

test('a thread loads TypeScript and the TypeScript that it imports', async () => {
  const thread = startThread(new URL('./testing/echo.worker.ts', import.meta.url));
  thread.postMessage(21);
  expect(await once(thread, 'message')).toEqual([42]);
  await thread.terminate();
});

test('a thread that is left running does not keep the tests from ending', async () => {
  const thread = startThread(new URL('./testing/echo.worker.ts', import.meta.url));
  await once(thread, 'online');
});
