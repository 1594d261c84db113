import { expect, test, vi } from 'vitest';
import { requestThread, type ThreadRequest } from './requested-thread.ts';

/** A page that starts nothing, and what was asked of it. */
function fakePage() {
  const { port1, port2 } = new MessageChannel();
  const asked = new Promise<ThreadRequest>((resolve) => {
    port2.onmessage = ({ data }: MessageEvent<ThreadRequest>) => resolve(data);
  });
  return { page: port1, asked };
}

test('a thread is reached by its port alone', async () => {
  const { page, asked } = fakePage();
  const thread = requestThread(page, { entry: 'hart', name: 'hart 0' }, () => undefined);
  thread.port.postMessage('begin');
  const { entry, name, port } = await asked;
  expect([entry, name]).toEqual(['hart', 'hart 0']);
  const begun = await new Promise((resolve) => (port.onmessage = ({ data }) => resolve(data)));
  expect(begun).toBe('begin');
});

test('what the page says of a thread is its failure', async () => {
  const { page, asked } = fakePage();
  const failed = vi.fn<(error: Error) => void>();
  requestThread(page, { entry: 'compiler', name: 'compiler' }, failed);
  (await asked).control.postMessage('out of memory');
  await vi.waitFor(() => expect(failed).toHaveBeenCalledWith(new Error('out of memory')));
});

test('a message that cannot be received is a failure', () => {
  const failed = vi.fn<(error: Error) => void>();
  const { port } = requestThread(fakePage().page, { entry: 'loader', name: 'loader' }, failed);
  port.dispatchEvent(new Event('messageerror'));
  expect(failed).toHaveBeenCalledOnce();
});

test('a thread is ended by a word to the page', async () => {
  const { page, asked } = fakePage();
  const thread = requestThread(page, { entry: 'loader', name: 'loader' }, () => undefined);
  thread.end();
  const { control } = await asked;
  const word = await new Promise((resolve) => (control.onmessage = ({ data }) => resolve(data)));
  expect(word).toBe('end');
});
